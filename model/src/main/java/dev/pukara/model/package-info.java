@NullMarked
package dev.pukara.model;

import org.jspecify.annotations.NullMarked;
