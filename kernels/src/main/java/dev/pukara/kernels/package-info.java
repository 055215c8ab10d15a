@NullMarked
package dev.pukara.kernels;

import org.jspecify.annotations.NullMarked;
