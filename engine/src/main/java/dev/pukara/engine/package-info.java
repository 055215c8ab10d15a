@NullMarked
package dev.pukara.engine;

import org.jspecify.annotations.NullMarked;
