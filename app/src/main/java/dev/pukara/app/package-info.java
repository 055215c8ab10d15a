/**
 * The command line. {@link dev.pukara.app.Main} is the door; {@code cli} holds one class per
 * command.
 */
@NullMarked
package dev.pukara.app;

import org.jspecify.annotations.NullMarked;
