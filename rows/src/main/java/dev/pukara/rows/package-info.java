/**
 * Labelled conversations, for training and for evaluation.
 *
 * <p>Doors: {@link dev.pukara.rows.Rows} reads and writes files of the format in {@code
 * docs/data-format.md}; {@link dev.pukara.rows.Row#judgements} says what a policy makes of a row's
 * labels.
 */
@NullMarked
package dev.pukara.rows;

import org.jspecify.annotations.NullMarked;
