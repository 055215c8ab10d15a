package dev.pukara.kernels;

import java.lang.foreign.Arena;
import java.util.Arrays;

/**
 * Cosines and sines of the RoPE angles, {@code (positions, size / 2)} each, kept from call to call:
 * computing them costs more than the rotations.
 */
final class RopeTable {
  private static final int POSITIONS_MIN = 512;

  private float[] frequencies = {};
  private Tensor cos = Tensor.allocate(Arena.ofAuto(), 0, 0);
  private Tensor sin = cos;

  /** Makes the table cover {@code positions} positions; not while others read it. */
  void cover(float[] wanted, int positions, Workers workers) {
    boolean same = Arrays.equals(frequencies, wanted);
    if (same && positions <= cos.rows()) {
      return;
    }
    int known = same ? cos.rows() : 0;
    int rows = Math.max(positions, Math.max(POSITIONS_MIN, 2 * known));
    frequencies = wanted.clone();
    Arena arena = Arena.ofAuto();
    Tensor newCos = Tensor.allocate(arena, rows, wanted.length);
    Tensor newSin = Tensor.allocate(arena, rows, wanted.length);
    workers.split(
        rows,
        16,
        (from, to) -> {
          for (int position = from; position < to; position++) {
            fill(position, newCos, newSin);
          }
        });
    cos = newCos;
    sin = newSin;
  }

  private void fill(int position, Tensor newCos, Tensor newSin) {
    for (int j = 0; j < frequencies.length; j++) {
      float angle = position * frequencies[j]; // in f32, as ScalarKernels does it
      newCos.set(position, j, (float) Math.cos(angle));
      newSin.set(position, j, (float) Math.sin(angle));
    }
  }

  long cos(int position) {
    return cos.address() + 4L * position * cos.cols();
  }

  long sin(int position) {
    return sin.address() + 4L * position * sin.cols();
  }
}
