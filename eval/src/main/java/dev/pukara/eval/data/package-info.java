/**
 * Data sets as their authors publish them, and files of one's own.
 *
 * <p>Door: {@link dev.pukara.eval.data.DataSets}. Each reader cites the data card and the columns
 * it relies on; nothing is downloaded.
 */
@NullMarked
package dev.pukara.eval.data;

import org.jspecify.annotations.NullMarked;
