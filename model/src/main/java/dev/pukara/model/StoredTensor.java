package dev.pukara.model;

import dev.pukara.kernels.BlockFormat;
import java.lang.foreign.MemorySegment;
import java.util.OptionalLong;

/**
 * A tensor and where it lies.
 *
 * @param info name in the file, format, shape
 * @param data its bytes, a slice of the mapped file
 */
record StoredTensor(TensorInfo info, MemorySegment data) {

  /**
   * Bytes of a tensor, or empty if its rows are not whole blocks or the number of values does not
   * fit a long.
   */
  static OptionalLong bytes(BlockFormat format, long[] shape) {
    long values = 1;
    for (long size : shape) {
      if (size < 0 || Math.multiplyHigh(values, size) != 0 || values * size < 0) {
        return OptionalLong.empty();
      }
      values *= size;
    }
    long cols = shape.length == 0 ? 1 : shape[shape.length - 1];
    long blocks = values / format.blockValues();
    boolean fits =
        cols % format.blockValues() == 0 && blocks <= Long.MAX_VALUE / format.blockBytes();
    return fits ? OptionalLong.of(blocks * format.blockBytes()) : OptionalLong.empty();
  }
}
