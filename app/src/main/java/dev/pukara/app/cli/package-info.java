/** One class per command of {@code ./pukara}. */
@NullMarked
package dev.pukara.app.cli;

import org.jspecify.annotations.NullMarked;
