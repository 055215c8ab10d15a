package dev.pukara.kernels;

import java.util.Arrays;

/**
 * Cosines and sines of RoPE's angles for positions from 0 on, {@code (positions, 2, size / 2)}:
 * they are the same for all blocks and heads, and computing them anew would take longer than
 * turning.
 */
final class Rotations implements AutoCloseable {
  private static final int LEAST = 1024;

  private final NativeBuffer table = new NativeBuffer();
  private float[] frequencies = new float[0];
  private int positions;

  /**
   * Makes sure that the positions {@code 0..count} are there, with these frequencies, and returns
   * the address of the table.
   */
  long table(float[] wanted, int count, Workers workers) {
    if (count > positions || !Arrays.equals(wanted, frequencies)) {
      int rows = Math.max(LEAST, Integer.highestOneBit(Math.max(1, count - 1)) * 2);
      long address = table.address(8L * rows * wanted.length);
      workers.split(rows, 1, (from, to) -> fill(wanted, from, to, address));
      frequencies = wanted.clone();
      positions = rows;
    }
    return table.address(0);
  }

  private static void fill(float[] frequencies, int from, int to, long address) {
    int half = frequencies.length;
    Tensor rows = Tensor.wrap(NativeBuffer.view(address, 8L * to * half), 2 * to, half);
    for (int position = from; position < to; position++) {
      for (int j = 0; j < half; j++) {
        // The angle in f32, as the models were trained and as other engines compute it.
        float angle = position * frequencies[j];
        rows.set(2 * position, j, (float) Math.cos(angle));
        rows.set(2 * position + 1, j, (float) Math.sin(angle));
      }
    }
  }

  @Override
  public void close() {
    table.close();
  }
}
