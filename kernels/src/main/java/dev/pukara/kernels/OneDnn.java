package dev.pukara.kernels;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.Arrays;
import java.util.Locale;

/**
 * The few functions of oneDNN's C interface that the kernels use (oneDNN 3.11, {@code dnnl.h}).
 *
 * <p>Objects are raw addresses ({@code long}); whoever creates one destroys it. Every parameter
 * travels as a 64-bit integer, which is where the platform's calling convention puts ints, sizes
 * and pointers alike: so a handful of function types serve all, and binding takes milliseconds.
 *
 * <p>Threads: each thread that creates or executes a primitive calls {@link #singleThreaded} first,
 * because oneDNN takes the OpenMP team of the calling thread as its own, and here the {@link
 * Workers} are the team.
 */
final class OneDnn {
  /** Data types ({@code dnnl_data_type_t}). */
  static final int BF16 = 2;

  static final int F32 = 3;
  static final int S8 = 5;
  static final int U8 = 6;

  /** Arguments of a primitive ({@code DNNL_ARG_*}). */
  static final int SOURCE = 1;

  static final int TARGET = 17;
  static final int WEIGHTS = 33;
  static final int BIAS = 41;
  static final int SCRATCHPAD = 80;
  static final int WEIGHT_SCALES = 4096 | WEIGHTS;

  private static final int FORMAT_ANY = 1;
  private static final int QUERY_IMPLEMENTATION = 8;
  private static final int QUERY_WEIGHTS_DESCRIPTOR = 131;
  private static final int QUERY_SCRATCHPAD_DESCRIPTOR = 136;
  private static final int USER_SCRATCHPAD = 1;
  private static final int FPMATH_BF16 = 1;
  private static final int CPU_ENGINE = 1;
  private static final int IN_ORDER = 1;

  /** Bits of {@code dnnl_cpu_isa_t}. */
  private static final int ISA_AVX2 = 0x04;

  private static final int ISA_AVX2_VNNI = 0x08;
  private static final int ISA_AVX512_VNNI = 0x40;
  private static final int ISA_AVX512_BF16 = 0x80;
  private static final int ISA_AMX = 0xe00;

  /** {@code dnnl_dims_t}. */
  private static final long DIMS_BYTES = 12 * 8;

  private static final SymbolLookup DNNL = OneDnnLibrary.load().dnnl();
  private static final SymbolLookup GOMP = OneDnnLibrary.load().gomp();

  private static final MethodHandle SET_THREADS = bind(GOMP, "omp_set_num_threads", 1);
  private static final MethodHandle ISA = bind(DNNL, "dnnl_get_effective_cpu_isa", 0);
  private static final MethodHandle ENGINE_CREATE = bind(DNNL, "dnnl_engine_create", 3);
  private static final MethodHandle STREAM_CREATE = bind(DNNL, "dnnl_stream_create", 3);
  private static final MethodHandle DESCRIPTOR_STRIDED =
      bind(DNNL, "dnnl_memory_desc_create_with_strides", 5);
  private static final MethodHandle DESCRIPTOR_TAGGED =
      bind(DNNL, "dnnl_memory_desc_create_with_tag", 5);
  private static final MethodHandle DESCRIPTOR_CLONE = bind(DNNL, "dnnl_memory_desc_clone", 2);
  private static final MethodHandle DESCRIPTOR_EQUAL = bind(DNNL, "dnnl_memory_desc_equal", 2);
  private static final MethodHandle DESCRIPTOR_BLOB = bind(DNNL, "dnnl_memory_desc_get_blob", 3);
  private static final MethodHandle DESCRIPTOR_OF_BLOB =
      bind(DNNL, "dnnl_memory_desc_create_with_blob", 2);
  private static final MethodHandle VERSION = bind(DNNL, "dnnl_version", 0);
  private static final MethodHandle DESCRIPTOR_DESTROY = bind(DNNL, "dnnl_memory_desc_destroy", 1);
  private static final MethodHandle DESCRIPTOR_SIZE = bind(DNNL, "dnnl_memory_desc_get_size", 1);
  private static final MethodHandle MEMORY_CREATE = bind(DNNL, "dnnl_memory_create", 4);
  private static final MethodHandle MEMORY_SET = bind(DNNL, "dnnl_memory_set_data_handle", 2);
  private static final MethodHandle MEMORY_DESTROY = bind(DNNL, "dnnl_memory_destroy", 1);
  private static final MethodHandle ATTRIBUTES_CREATE = bind(DNNL, "dnnl_primitive_attr_create", 1);
  private static final MethodHandle ATTRIBUTES_DESTROY =
      bind(DNNL, "dnnl_primitive_attr_destroy", 1);
  private static final MethodHandle ATTRIBUTES_SCRATCHPAD =
      bind(DNNL, "dnnl_primitive_attr_set_scratchpad_mode", 2);
  private static final MethodHandle ATTRIBUTES_SCALES =
      bind(DNNL, "dnnl_primitive_attr_set_scales", 6);
  private static final MethodHandle ATTRIBUTES_FPMATH =
      bind(DNNL, "dnnl_primitive_attr_set_fpmath_mode_v2", 3);
  private static final MethodHandle ATTRIBUTES_POST_OPS =
      bind(DNNL, "dnnl_primitive_attr_set_post_ops", 2);
  private static final MethodHandle POST_OPS_CREATE = bind(DNNL, "dnnl_post_ops_create", 1);
  private static final MethodHandle POST_OPS_DESTROY = bind(DNNL, "dnnl_post_ops_destroy", 1);
  private static final MethodHandle POST_OPS_SUM = bindSum();
  private static final MethodHandle MATMUL = bind(DNNL, "dnnl_matmul_primitive_desc_create", 7);
  private static final MethodHandle REORDER = bind(DNNL, "dnnl_reorder_primitive_desc_create", 6);
  private static final MethodHandle QUERY = bind(DNNL, "dnnl_primitive_desc_query", 4);
  private static final MethodHandle QUERY_DESCRIPTOR =
      bind(DNNL, "dnnl_primitive_desc_query_md", 3);
  private static final MethodHandle PLAN_DESTROY = bind(DNNL, "dnnl_primitive_desc_destroy", 1);
  private static final MethodHandle PRIMITIVE_CREATE = bind(DNNL, "dnnl_primitive_create", 2);
  private static final MethodHandle PRIMITIVE_DESTROY = bind(DNNL, "dnnl_primitive_destroy", 1);
  private static final MethodHandle EXECUTE = bind(DNNL, "dnnl_primitive_execute", 4);

  private static final long CPU =
      create(out -> (long) ENGINE_CREATE.invokeExact(out, (long) CPU_ENGINE, 0L));

  /** Without state on a CPU, so that all threads may share it. */
  private static final long STREAM =
      create(out -> (long) STREAM_CREATE.invokeExact(out, CPU, (long) IN_ORDER));

  private OneDnn() {}

  private static MethodHandle bind(SymbolLookup library, String name, int parameters) {
    MemoryLayout[] types = new MemoryLayout[parameters];
    Arrays.fill(types, ValueLayout.JAVA_LONG);
    return Linker.nativeLinker()
        .downcallHandle(
            library.findOrThrow(name), FunctionDescriptor.of(ValueLayout.JAVA_LONG, types));
  }

  /** The one function with a parameter that is not an integer. */
  private static MethodHandle bindSum() {
    return Linker.nativeLinker()
        .downcallHandle(
            DNNL.findOrThrow("dnnl_post_ops_append_sum"),
            FunctionDescriptor.of(
                ValueLayout.JAVA_LONG,
                ValueLayout.JAVA_LONG,
                ValueLayout.JAVA_FLOAT,
                ValueLayout.JAVA_LONG,
                ValueLayout.JAVA_LONG));
  }

  /** A call that writes the address of what it creates where {@code out} says. */
  @FunctionalInterface
  private interface Creation {
    long into(long out) throws Throwable;
  }

  private static long create(Creation creation) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(ValueLayout.JAVA_LONG);
      check((int) creation.into(out.address()));
      return out.get(ValueLayout.JAVA_LONG, 0);
    } catch (Throwable e) {
      throw failed(e);
    }
  }

  static RuntimeException failed(Throwable e) {
    if (e instanceof Error error) {
      throw error;
    }
    return e instanceof RuntimeException r ? r : new IllegalStateException(e);
  }

  /** The result of a call, a {@code dnnl_status_t}. */
  static void check(int status) {
    if (status != 0) {
      throw new Refusal(status);
    }
  }

  /** oneDNN refused a call. */
  static final class Refusal extends IllegalStateException {
    private static final long serialVersionUID = 1;

    Refusal(int status) {
      super(
          String.format(
              Locale.ROOT,
              "oneDNN: %s (status %d)",
              switch (status) {
                case 1 -> "out of memory";
                case 2 -> "invalid arguments";
                case 3 -> "no implementation of this combination on this CPU";
                default -> "failed";
              },
              status));
    }
  }

  /** Makes oneDNN work on the calling thread alone. */
  static void singleThreaded() {
    try {
      long ignored = (long) SET_THREADS.invokeExact(1L);
    } catch (Throwable e) {
      throw failed(e);
    }
  }

  private static int isa() {
    try {
      return (int) (long) ISA.invokeExact();
    } catch (Throwable e) {
      throw failed(e);
    }
  }

  /** True if the CPU has AVX2, without which oneDNN gains nothing. */
  static boolean hasAvx2() {
    return (isa() & ISA_AVX2) != 0;
  }

  /**
   * True if u8 x s8 products add up in 32 bits. Without these instructions the products of two
   * neighbours, the inputs {@code 2 k} and {@code 2 k + 1}, are first added in 16 bits, where they
   * saturate.
   */
  static boolean hasVnni() {
    return (isa() & (ISA_AVX512_VNNI | ISA_AVX2_VNNI)) != 0;
  }

  /** True if bf16 products are instructions of this CPU. */
  static boolean hasBf16() {
    return (isa() & ISA_AVX512_BF16) != 0;
  }

  /** True if the CPU has tiles. */
  static boolean hasAmx() {
    return (isa() & ISA_AMX) == ISA_AMX;
  }

  /** Descriptor of a dense matrix whose elements lie at {@code row * rowStep + col * colStep}. */
  static long matrix(int type, long rows, long cols, long rowStep, long colStep) {
    return strided(type, new long[] {rows, cols}, new long[] {rowStep, colStep});
  }

  /** Descriptor of {@code count} values. */
  static long vector(int type, long count) {
    return strided(type, new long[] {count}, new long[] {1});
  }

  private static long strided(int type, long[] dims, long[] steps) {
    try (Arena arena = Arena.ofConfined()) {
      long sizes = dims(arena, dims);
      long strides = dims(arena, steps);
      return create(
          out ->
              (long)
                  DESCRIPTOR_STRIDED.invokeExact(
                      out, (long) dims.length, sizes, (long) type, strides));
    }
  }

  /** Descriptor of a matrix in whatever layout the product prefers. */
  static long anyLayout(int type, long rows, long cols) {
    try (Arena arena = Arena.ofConfined()) {
      long sizes = dims(arena, rows, cols);
      return create(
          out ->
              (long) DESCRIPTOR_TAGGED.invokeExact(out, 2L, sizes, (long) type, (long) FORMAT_ANY));
    }
  }

  private static long dims(Arena arena, long... values) {
    MemorySegment dims = arena.allocate(DIMS_BYTES, 8);
    MemorySegment.copy(values, 0, dims, ValueLayout.JAVA_LONG, 0, values.length);
    return dims.address();
  }

  /** Bytes of what a descriptor describes. */
  static long size(long descriptor) {
    try {
      return (long) DESCRIPTOR_SIZE.invokeExact(descriptor);
    } catch (Throwable e) {
      throw failed(e);
    }
  }

  /** Memory at {@code address}, described by {@code descriptor} (copied). */
  static long memory(long descriptor, long address) {
    return create(out -> (long) MEMORY_CREATE.invokeExact(out, descriptor, CPU, address));
  }

  /** Points a memory object to other memory. */
  static void point(long memory, long address) {
    try {
      check((int) (long) MEMORY_SET.invokeExact(memory, address));
    } catch (Throwable e) {
      throw failed(e);
    }
  }

  /** Attributes of a primitive whose scratch memory the caller provides. */
  static long attributes() {
    long attributes = create(out -> (long) ATTRIBUTES_CREATE.invokeExact(out));
    try {
      check((int) (long) ATTRIBUTES_SCRATCHPAD.invokeExact(attributes, (long) USER_SCRATCHPAD));
    } catch (Throwable e) {
      throw failed(e);
    }
    return attributes;
  }

  /** The weights get an f32 scale per column. */
  static void scaleColumns(long attributes) {
    scales(attributes, 1 << 1, 0, 0);
  }

  /**
   * Each column's weights get an f32 scale per {@code group} rows, and integer weights multiply
   * bf16 activations.
   */
  static void scaleGroups(long attributes, int group) {
    try (Arena arena = Arena.ofConfined()) {
      scales(attributes, 1 << 0 | 1 << 1, 2, dims(arena, group, 1));
      check((int) (long) ATTRIBUTES_FPMATH.invokeExact(attributes, (long) FPMATH_BF16, 1L));
    } catch (Throwable e) {
      throw failed(e);
    }
  }

  /** The result is added to what the target holds, f32. */
  static void accumulate(long attributes) {
    long operations = create(out -> (long) POST_OPS_CREATE.invokeExact(out));
    try {
      check((int) (long) POST_OPS_SUM.invokeExact(operations, 1f, 0L, (long) F32));
      check((int) (long) ATTRIBUTES_POST_OPS.invokeExact(attributes, operations));
    } catch (Throwable e) {
      throw failed(e);
    }
    destroy(POST_OPS_DESTROY, operations);
  }

  private static void scales(long attributes, int mask, int groupDims, long group) {
    try {
      check(
          (int)
              (long)
                  ATTRIBUTES_SCALES.invokeExact(
                      attributes,
                      (long) WEIGHTS,
                      (long) mask,
                      (long) groupDims,
                      group,
                      (long) F32));
    } catch (Throwable e) {
      throw failed(e);
    }
  }

  /** Plans {@code target = source x weights + bias} ({@code bias} may be 0). */
  static long matmul(long source, long weights, long bias, long target, long attributes) {
    return create(
        out -> (long) MATMUL.invokeExact(out, CPU, source, weights, bias, target, attributes));
  }

  /** Plans a copy from one layout and type to another. */
  static long reorder(long source, long target, long attributes) {
    return create(out -> (long) REORDER.invokeExact(out, source, CPU, target, CPU, attributes));
  }

  /** Name of the implementation that was chosen for a plan. */
  static String implementation(long plan) {
    long name = create(out -> (long) QUERY.invokeExact(plan, (long) QUERY_IMPLEMENTATION, 0L, out));
    return MemorySegment.ofAddress(name).reinterpret(256).getString(0);
  }

  /** A copy of the descriptor of the weights' layout that a plan wants. */
  static long weightsDescriptor(long plan) {
    return copyDescriptor(query(plan, QUERY_WEIGHTS_DESCRIPTOR));
  }

  static long copyDescriptor(long descriptor) {
    return create(out -> (long) DESCRIPTOR_CLONE.invokeExact(out, descriptor));
  }

  /** Bytes of scratch memory that a plan needs. */
  static long scratchBytes(long plan) {
    return size(query(plan, QUERY_SCRATCHPAD_DESCRIPTOR));
  }

  private static long query(long plan, int what) {
    try {
      return (long) QUERY_DESCRIPTOR.invokeExact(plan, (long) what, 0L);
    } catch (Throwable e) {
      throw failed(e);
    }
  }

  /** Makes (compiles) what is planned. */
  static long primitive(long plan) {
    return create(out -> (long) PRIMITIVE_CREATE.invokeExact(out, plan));
  }

  /** Lays out the arguments of a primitive: pairs of argument and memory object. */
  static MemorySegment arguments(Arena arena, long... pairs) {
    MemorySegment list = arena.allocate(8L * pairs.length, 8);
    for (int i = 0; i < pairs.length; i += 2) {
      list.set(ValueLayout.JAVA_INT, 8L * i, (int) pairs[i]);
      list.set(ValueLayout.JAVA_LONG, 8L * i + 8, pairs[i + 1]);
    }
    return list;
  }

  /**
   * Runs a primitive with {@code count} arguments at {@code arguments}; returns when it is done.
   */
  static void execute(long primitive, int count, long arguments) {
    try {
      check((int) (long) EXECUTE.invokeExact(primitive, STREAM, (long) count, arguments));
    } catch (Throwable e) {
      throw failed(e);
    }
  }

  /** True if both describe the same layout of the same matrix. */
  static boolean sameDescriptor(long left, long right) {
    try {
      return (int) (long) DESCRIPTOR_EQUAL.invokeExact(left, right) != 0;
    } catch (Throwable e) {
      throw failed(e);
    }
  }

  /** A descriptor as bytes that the same version of oneDNN can read again. */
  static byte[] descriptorBytes(long descriptor) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment size = arena.allocate(ValueLayout.JAVA_LONG);
      check((int) (long) DESCRIPTOR_BLOB.invokeExact(0L, size.address(), descriptor));
      MemorySegment bytes = arena.allocate(size.get(ValueLayout.JAVA_LONG, 0), 8);
      check((int) (long) DESCRIPTOR_BLOB.invokeExact(bytes.address(), size.address(), descriptor));
      return bytes.toArray(ValueLayout.JAVA_BYTE);
    } catch (Throwable e) {
      throw failed(e);
    }
  }

  /** The descriptor that {@link #descriptorBytes} wrote. */
  static long descriptorOf(byte[] bytes) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment copy = arena.allocate(bytes.length, 8);
      MemorySegment.copy(bytes, 0, copy, ValueLayout.JAVA_BYTE, 0, bytes.length);
      return create(out -> (long) DESCRIPTOR_OF_BLOB.invokeExact(out, copy.address()));
    }
  }

  /** Version of the library and the instruction sets that it uses here: what layouts depend on. */
  static String identity() {
    try {
      MemorySegment version =
          MemorySegment.ofAddress((long) VERSION.invokeExact()).reinterpret(3 * Integer.BYTES);
      return String.format(
          Locale.ROOT,
          "onednn-%d.%d.%d-isa-%x",
          version.get(ValueLayout.JAVA_INT, 0),
          version.get(ValueLayout.JAVA_INT, 4),
          version.get(ValueLayout.JAVA_INT, 8),
          isa());
    } catch (Throwable e) {
      throw failed(e);
    }
  }

  static void destroyDescriptor(long descriptor) {
    destroy(DESCRIPTOR_DESTROY, descriptor);
  }

  static void destroyMemory(long memory) {
    destroy(MEMORY_DESTROY, memory);
  }

  static void destroyAttributes(long attributes) {
    destroy(ATTRIBUTES_DESTROY, attributes);
  }

  static void destroyPlan(long plan) {
    destroy(PLAN_DESTROY, plan);
  }

  static void destroyPrimitive(long primitive) {
    destroy(PRIMITIVE_DESTROY, primitive);
  }

  private static void destroy(MethodHandle how, long object) {
    try {
      check((int) (long) how.invokeExact(object));
    } catch (Throwable e) {
      throw failed(e);
    }
  }
}
