package dev.pukara.bench;

import dev.pukara.kernels.Activations;
import dev.pukara.kernels.Heads;
import dev.pukara.kernels.Kernels;
import dev.pukara.kernels.KvSpan;
import dev.pukara.kernels.Precision;
import dev.pukara.kernels.Slice;
import dev.pukara.kernels.Tensor;
import java.lang.foreign.Arena;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.AuxCounters;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Attention of one block over one sequence: {@code rows} new tokens after {@code context} cached
 * ones. Default heads: SmolLM2-135M and Llama 3.2 1B. The counter {@code gigaflops} counts the two
 * products over what each row may see.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 4, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class AttentionBench {
  /** Which kernels. */
  @Param({"vector"})
  public String kernels = "vector";

  /** {@link Precision#id()} of the output rows. */
  @Param({"f32"})
  public String precision = "f32";

  /** Query heads x key/value heads x size. */
  @Param({"9x3x64", "32x8x64"})
  public String heads = "9x3x64";

  /** Tokens of the cached prefix. */
  @Param({"0", "400"})
  public int context;

  /** New tokens. */
  @Param({"1", "112", "512"})
  public int rows;

  private @Nullable Operands operands;

  /** 1e9 multiplications and additions per second. */
  @AuxCounters(AuxCounters.Type.OPERATIONS)
  @State(Scope.Thread)
  public static class Work {
    /** Of this iteration. */
    public double gigaflops;
  }

  private record Operands(
      Arena arena, Kernels kernels, Heads heads, Tensor qkv, Slice slice, Activations out) {}

  /** Makes the operands. */
  @Setup
  public void prepare() {
    String[] sizes = heads.split("x", -1);
    Heads shape =
        new Heads(
            Integer.parseInt(sizes[0]), Integer.parseInt(sizes[1]), Integer.parseInt(sizes[2]));
    Random random = new Random(1);
    Arena arena = Arena.ofShared();
    Kernels team = Kernels.named(kernels);
    Tensor qkv = Tensor.allocate(arena, rows, shape.qkvWidth());
    Fill.gaussian(random, qkv);
    Precision chosen = Precision.valueOf(precision.toUpperCase(Locale.ROOT));
    KvSpan own = span(random, arena, team, shape, rows, chosen);
    List<Slice.Part> prefix =
        context == 0
            ? List.of()
            : List.of(new Slice.Part(span(random, arena, team, shape, context, chosen), context));
    Activations out = team.activations(arena, rows, shape.queryHeads() * shape.size(), chosen);
    Slice slice = new Slice(0, rows, prefix, own, 0);
    operands = new Operands(arena, team, shape, qkv, slice, out);
  }

  /** Random keys and values, stored as these kernels store them. */
  private static KvSpan span(
      Random random, Arena arena, Kernels team, Heads shape, int tokens, Precision precision) {
    KvSpan span = team.span(arena, 1, shape, tokens, precision);
    Tensor qkv = Tensor.allocate(arena, tokens, shape.qkvWidth());
    Fill.gaussian(random, qkv);
    Slice all = new Slice(0, tokens, List.of(), span, 0);
    team.ropeAndStore(qkv, List.of(all), 0, shape, new float[shape.size() / 2]);
    return span;
  }

  /** {@code softmax(q K^T / sqrt(size)) V}. */
  @Benchmark
  public Activations attention(Work work) {
    Operands o = Objects.requireNonNull(operands);
    o.kernels.attention(o.qkv, List.of(o.slice), 0, o.heads, o.out);
    double pairs = (double) rows * context + rows * (rows + 1.0) / 2;
    work.gigaflops += 4e-9 * pairs * o.heads.queryHeads() * o.heads.size();
    return o.out;
  }

  /** Frees them. */
  @TearDown
  public void free() {
    Operands o = Objects.requireNonNull(operands);
    o.kernels.close();
    o.arena.close();
  }
}
