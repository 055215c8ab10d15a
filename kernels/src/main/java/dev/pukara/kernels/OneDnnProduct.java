package dev.pukara.kernels;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Locale;

/**
 * A compiled matrix product of one shape: {@code (rows, inputs) x (inputs, outputs)} into dense f32
 * {@code (rows, outputs)}.
 *
 * <p>Immutable, shared by all threads; each thread executes it through a {@link Call} of its own.
 */
final class OneDnnProduct implements AutoCloseable {
  /** Values that share a scale in {@link Precision#GROUP32}. */
  static final int GROUP = 32;

  /** How the weights lie in memory. */
  enum Layout {
    /** As oneDNN likes them. */
    PACKED,
    /** Row-major {@code (outputs, inputs)}: keys, of which scores are one product with queries. */
    OUTPUT_ROWS,
    /** Row-major {@code (inputs, outputs)}: values, which the weights of attention mix. */
    INPUT_ROWS
  }

  /**
   * What is compiled.
   *
   * @param precision types of activations and weights
   * @param layout of the weights
   * @param rows rows of activations
   * @param inputs columns of activations
   * @param step distance of two rows of activations in values
   * @param outputs columns of the result
   */
  record Shape(Precision precision, Layout layout, int rows, int inputs, int step, int outputs) {
    int sourceType() {
      return switch (precision) {
        case INT8 -> OneDnn.U8;
        case BF16, GROUP32 -> OneDnn.BF16;
        case F32 -> OneDnn.F32;
      };
    }

    int weightType() {
      return switch (precision) {
        case INT8, GROUP32 -> OneDnn.S8;
        case BF16 -> OneDnn.BF16;
        case F32 -> OneDnn.F32;
      };
    }

    /** Scales that go with the weights. */
    int scales() {
      return switch (precision) {
        case INT8 -> outputs;
        case GROUP32 -> inputs / GROUP * outputs;
        case BF16, F32 -> 0;
      };
    }

    /** f32 values that go with the weights: scales, then bias. */
    int constants() {
      return precision == Precision.INT8 ? 2 * outputs : scales();
    }
  }

  private final Shape shape;
  private final long primitive;
  private final long weights;
  private final long scratchBytes;

  /**
   * Compiles the product.
   *
   * @param layout descriptor of packed weights that exist already (it stays the caller's), or 0
   */
  OneDnnProduct(Shape shape, long layout) {
    this.shape = shape;
    OneDnn.singleThreaded();
    long attributes = OneDnn.attributes();
    long source = OneDnn.matrix(shape.sourceType(), shape.rows(), shape.inputs(), shape.step(), 1);
    long wanted = layout == 0 ? weights(shape) : OneDnn.copyDescriptor(layout);
    long target = OneDnn.matrix(OneDnn.F32, shape.rows(), shape.outputs(), shape.outputs(), 1);
    long bias = 0;
    switch (shape.precision()) {
      case INT8 -> {
        OneDnn.scaleColumns(attributes);
        bias = OneDnn.matrix(OneDnn.F32, 1, shape.outputs(), shape.outputs(), 1);
      }
      case GROUP32 -> OneDnn.scaleGroups(attributes, GROUP);
      case BF16, F32 -> {}
    }
    long plan = OneDnn.matmul(source, wanted, bias, target, attributes);
    String implementation = OneDnn.implementation(plan);
    if (implementation.startsWith("ref")) {
      throw new IllegalStateException(
          String.format(
              Locale.ROOT, "oneDNN has only the slow '%s' for %s", implementation, shape));
    }
    primitive = OneDnn.primitive(plan);
    weights = OneDnn.weightsDescriptor(plan);
    scratchBytes = OneDnn.scratchBytes(plan);
    OneDnn.destroyPlan(plan); // a quarter of a megabyte that the product does not need
    OneDnn.destroyDescriptor(source);
    OneDnn.destroyDescriptor(wanted);
    OneDnn.destroyDescriptor(target);
    if (bias != 0) {
      OneDnn.destroyDescriptor(bias);
    }
    OneDnn.destroyAttributes(attributes);
  }

  private static long weights(Shape shape) {
    int type = shape.weightType();
    int inputs = shape.inputs();
    int outputs = shape.outputs();
    return switch (shape.layout()) {
      case PACKED -> OneDnn.anyLayout(type, inputs, outputs);
      case OUTPUT_ROWS -> OneDnn.matrix(type, inputs, outputs, 1, inputs);
      case INPUT_ROWS -> OneDnn.matrix(type, inputs, outputs, outputs, 1);
    };
  }

  Shape shape() {
    return shape;
  }

  /** Descriptor of the packed weights, the same for every number of rows. */
  long weights() {
    return weights;
  }

  /** Bytes of scratch memory of a call. */
  long scratchBytes() {
    return scratchBytes;
  }

  /**
   * Addresses of what a call reads and writes.
   *
   * @param constants see {@link Shape#constants}
   */
  record Operands(long source, long weights, long constants, long scratch, long target) {}

  /** Zeros to multiply. */
  Operands zeros(Arena arena) {
    return new Operands(
        zeros(arena, 4L * shape.rows() * shape.step()),
        zeros(arena, OneDnn.size(weights)),
        zeros(arena, 4L * shape.constants()),
        zeros(arena, scratchBytes),
        zeros(arena, 4L * shape.rows() * shape.outputs()));
  }

  private static long zeros(Arena arena, long bytes) {
    return arena.allocate(Math.max(1, bytes), 64).address();
  }

  /** Runs the product once, for what it does only the first time. */
  void rehearse() {
    OneDnn.singleThreaded();
    try (Arena arena = Arena.ofConfined();
        Call call = new Call(arena)) {
      Operands zeros = zeros(arena);
      call.run(zeros.source, zeros.weights, zeros.constants, zeros.scratch, zeros.target);
    }
  }

  @Override
  public void close() {
    OneDnn.destroyPrimitive(primitive);
    OneDnn.destroyDescriptor(weights);
  }

  /** The arguments of one thread's executions. */
  final class Call implements AutoCloseable {
    private final long source;
    private final long packed;
    private final long target;
    private final long scratch;
    private final long scales;
    private final long bias;
    private final int count;
    private final MemorySegment arguments;

    /** Lays the arguments out in {@code arena}. */
    Call(Arena arena) {
      long sourceDescriptor =
          OneDnn.matrix(shape.sourceType(), shape.rows(), shape.inputs(), shape.step(), 1);
      long targetDescriptor =
          OneDnn.matrix(OneDnn.F32, shape.rows(), shape.outputs(), shape.outputs(), 1);
      source = memory(sourceDescriptor);
      target = memory(targetDescriptor);
      scratch = memory(OneDnn.vector(OneDnn.U8, Math.max(1, scratchBytes)));
      packed = OneDnn.memory(weights, 0);
      bias =
          shape.precision() == Precision.INT8
              ? memory(OneDnn.matrix(OneDnn.F32, 1, shape.outputs(), shape.outputs(), 1))
              : 0;
      scales =
          switch (shape.precision()) {
            case INT8 -> memory(OneDnn.vector(OneDnn.F32, shape.outputs()));
            case GROUP32 ->
                memory(
                    OneDnn.matrix(
                        OneDnn.F32, shape.inputs() / GROUP, shape.outputs(), shape.outputs(), 1));
            case BF16, F32 -> 0;
          };
      count =
          switch (shape.precision()) {
            case INT8 -> 6;
            case GROUP32 -> 5;
            case BF16, F32 -> 4;
          };
      arguments =
          OneDnn.arguments(
              arena,
              OneDnn.SOURCE,
              source,
              OneDnn.WEIGHTS,
              packed,
              OneDnn.TARGET,
              target,
              OneDnn.SCRATCHPAD,
              scratch,
              OneDnn.WEIGHT_SCALES,
              scales,
              OneDnn.BIAS,
              bias);
    }

    private static long memory(long descriptor) {
      long memory = OneDnn.memory(descriptor, 0);
      OneDnn.destroyDescriptor(descriptor);
      return memory;
    }

    /**
     * Runs the product. All parameters are addresses.
     *
     * @param constantsAt see {@link Shape#constants}
     * @param scratchAt {@link #scratchBytes()} bytes
     */
    void run(long sourceAt, long packedAt, long constantsAt, long scratchAt, long targetAt) {
      OneDnn.point(source, sourceAt);
      OneDnn.point(packed, packedAt);
      OneDnn.point(target, targetAt);
      OneDnn.point(scratch, scratchAt);
      if (scales != 0) {
        OneDnn.point(scales, constantsAt);
      }
      if (bias != 0) {
        OneDnn.point(bias, constantsAt + 4L * shape.scales());
      }
      OneDnn.execute(primitive, count, arguments.address());
    }

    @Override
    public void close() {
      OneDnn.destroyMemory(source);
      OneDnn.destroyMemory(packed);
      OneDnn.destroyMemory(target);
      OneDnn.destroyMemory(scratch);
      if (scales != 0) {
        OneDnn.destroyMemory(scales);
      }
      if (bias != 0) {
        OneDnn.destroyMemory(bias);
      }
    }
  }
}
