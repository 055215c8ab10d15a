@NullMarked
package dev.pukara.guard;

import org.jspecify.annotations.NullMarked;
