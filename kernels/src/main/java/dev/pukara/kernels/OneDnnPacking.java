package dev.pukara.kernels;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;

/**
 * Turns the weights of a file into what {@link OneDnnProduct} reads: decodes rows, quantises them
 * for the precision and lets oneDNN lay them out.
 */
final class OneDnnPacking {
  private final List<Weights> stacked;
  private final Precision precision;
  private final int inputs;

  OneDnnPacking(List<Weights> stacked, Precision precision, int inputs) {
    this.stacked = stacked;
    this.precision = precision;
    this.inputs = inputs;
    if (precision == Precision.GROUP32) {
      Shapes.require(
          inputs % OneDnnProduct.GROUP == 0,
          "%d inputs in groups of %d",
          inputs,
          OneDnnProduct.GROUP);
    }
  }

  /** A row as the file has it. */
  private record Stored(BlockFormat format, MemorySegment data) {}

  private Stored stored(int output) {
    int row = output;
    int at = 0;
    while (row >= stacked.get(at).rows()) {
      row -= stacked.get(at).rows();
      at++;
    }
    return new Stored(stacked.get(at).format(), stacked.get(at).row(row));
  }

  /** Decodes rows (outputs) {@code first...} of the stack. */
  Chunk decode(int first, int count) {
    return new Chunk(first, count);
  }

  /** Some decoded rows. */
  final class Chunk implements AutoCloseable {
    private final Arena scratch = Arena.ofConfined();
    private final int first;
    private final int count;

    /** {@code (count, inputs)}, f32. */
    private final MemorySegment values;

    private Chunk(int first, int count) {
      this.first = first;
      this.count = count;
      values = scratch.allocate(4L * count * inputs, 64);
      for (int i = 0; i < count; i++) {
        Stored row = stored(first + i);
        row.format().decode(row.data(), 0, inputs, values, 4L * i * inputs);
      }
    }

    /**
     * Packs inputs {@code from..from + width} of the rows in the given layout, and writes the
     * scales and the bias that go with them.
     */
    void pack(int from, int width, long layout, MemorySegment packed, MemorySegment scales) {
      switch (precision) {
        case F32, BF16 ->
            reorder(OneDnn.F32, width, inputs, values.address() + 4L * from, layout, packed);
        case INT8 -> {
          MemorySegment quants = perOutput(from, width, scales);
          reorder(OneDnn.S8, width, width, quants.address(), layout, packed);
        }
        case GROUP32 -> {
          MemorySegment quants = perGroup(width, scales);
          reorder(OneDnn.S8, width, width, quants.address(), layout, packed);
        }
      }
    }

    /** Rows of {@code step} values at {@code address} become columns of the packed matrix. */
    private void reorder(
        int type, int width, int step, long address, long layout, MemorySegment packed) {
      long plain = OneDnn.matrix(type, width, count, 1, step);
      long plan = OneDnn.reorder(plain, layout, 0);
      long primitive = OneDnn.primitive(plan);
      long source = OneDnn.memory(plain, address);
      long target = OneDnn.memory(layout, packed.address());
      MemorySegment arguments =
          OneDnn.arguments(scratch, OneDnn.SOURCE, source, OneDnn.TARGET, target);
      OneDnn.execute(primitive, 2, arguments.address());
      OneDnn.destroyMemory(source);
      OneDnn.destroyMemory(target);
      OneDnn.destroyPrimitive(primitive);
      OneDnn.destroyPlan(plan);
      OneDnn.destroyDescriptor(plain);
    }

    /** s8 values {@code (count, width)}; a scale per row, then the bias per row. */
    private MemorySegment perOutput(int from, int width, MemorySegment scales) {
      MemorySegment quants = scratch.allocate((long) count * width);
      float[] row = new float[width];
      byte[] bytes = new byte[width];
      for (int i = 0; i < count; i++) {
        MemorySegment.copy(values, Tensor.F32, 4L * (i * (long) inputs + from), row, 0, width);
        float scale = greatest(row) / 127;
        int sum = quantise(row, 0, width, scale, bytes);
        MemorySegment.copy(bytes, 0, quants, ValueLayout.JAVA_BYTE, (long) i * width, width);
        scales.setAtIndex(Tensor.F32, i, scale);
        scales.setAtIndex(Tensor.F32, count + i, -128f * sum * scale);
      }
      return quants;
    }

    /**
     * s8 values {@code (count, width)}; scales {@code (width / 32, count)}. Blocks of 32 with one
     * scale stay as they are in the file, others are rounded.
     */
    private MemorySegment perGroup(int width, MemorySegment scales) {
      MemorySegment quants = scratch.allocate((long) count * width);
      float[] row = new float[width];
      byte[] bytes = new byte[width];
      for (int i = 0; i < count; i++) {
        Stored stored = stored(first + i);
        MemorySegment.copy(values, Tensor.F32, 4L * i * inputs, row, 0, width);
        for (int at = 0; at < width; at += OneDnnProduct.GROUP) {
          float scale =
              stored.format().isScaled()
                  ? stored.format().scale(stored.data(), at / OneDnnProduct.GROUP)
                  : maxAbs(row, at, OneDnnProduct.GROUP) / 127;
          quantise(row, at, OneDnnProduct.GROUP, scale, bytes);
          scales.setAtIndex(Tensor.F32, (long) at / OneDnnProduct.GROUP * count + i, scale);
        }
        MemorySegment.copy(bytes, 0, quants, ValueLayout.JAVA_BYTE, (long) i * width, width);
      }
      return quants;
    }

    @Override
    public void close() {
      scratch.close();
    }
  }

  /**
   * What 127 stands for: the greatest value of a row, or, where products of neighbours are added in
   * 16 bits, the greatest sum of two. Rounded, such a sum is at most 128, and 128 times the
   * greatest activation, 255, still fits. That makes steps a third coarser (the bundled guard: 1.3
   * times on average); halving all weights would make them twice as coarse.
   */
  private static float greatest(float[] row) {
    float max = maxAbs(row, 0, row.length);
    if (!OneDnn.hasVnni()) {
      for (int j = 0; j + 1 < row.length; j += 2) {
        max = Math.max(max, Math.abs(row[j] + row[j + 1]));
      }
    }
    return max;
  }

  private static float maxAbs(float[] row, int from, int count) {
    float max = 0;
    for (int j = from; j < from + count; j++) {
      max = Math.max(max, Math.abs(row[j]));
    }
    return max;
  }

  /** Rounds {@code row / scale} into {@code out}; returns the sum of the results. */
  private static int quantise(float[] row, int from, int count, float scale, byte[] out) {
    float inverse = scale == 0 ? 0 : 1 / scale;
    int sum = 0;
    for (int j = from; j < from + count; j++) {
      int quant = Math.round(row[j] * inverse);
      out[j] = (byte) quant;
      sum += quant;
    }
    return sum;
  }
}
