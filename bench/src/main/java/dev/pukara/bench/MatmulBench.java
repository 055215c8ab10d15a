package dev.pukara.bench;

import dev.pukara.kernels.Activations;
import dev.pukara.kernels.BlockFormat;
import dev.pukara.kernels.Kernels;
import dev.pukara.kernels.Linear;
import dev.pukara.kernels.Precision;
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
 * A linear layer on all workers. The counter {@code gigaflops} is what matters; the default shapes
 * are the gate-and-up projections of SmolLM2-135M and of Llama 3.2 1B.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 4, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class MatmulBench {
  /** Which kernels. */
  @Param({"vector"})
  public String kernels = "vector";

  /** {@link Precision#id()} of the product. */
  @Param({"f32"})
  public String precision = "f32";

  /** How the weights are stored. */
  @Param({"F32", "Q8_0", "Q4_0"})
  public String format = "F32";

  /** Inputs x outputs. */
  @Param({"576x3072", "2048x16384"})
  public String shape = "576x3072";

  /** Rows of activations. */
  @Param({"1", "16", "128", "512"})
  public int rows;

  private @Nullable Operands operands;

  /** 1e9 multiplications and additions per second. */
  @AuxCounters(AuxCounters.Type.OPERATIONS)
  @State(Scope.Thread)
  public static class Work {
    /** Of this iteration. */
    public double gigaflops;
  }

  private record Operands(Arena arena, Kernels kernels, Linear layer, Activations x, Tensor out) {}

  /** Makes the operands. */
  @Setup
  public void prepare() {
    String[] sizes = shape.split("x", -1);
    int inputs = Integer.parseInt(sizes[0]);
    int outputs = Integer.parseInt(sizes[1]);
    Precision chosen = Precision.valueOf(precision.toUpperCase(Locale.ROOT));
    Random random = new Random(1);
    Arena arena = Arena.ofShared();
    Kernels team = Kernels.named(kernels);
    Tensor values = Tensor.allocate(arena, rows, inputs);
    Fill.gaussian(random, values);
    Activations x = team.activations(arena, rows, inputs, chosen);
    team.write(values, rows, x);
    BlockFormat stored = BlockFormat.valueOf(format);
    Linear layer =
        team.linear(List.of(Fill.weights(random, arena, stored, outputs, inputs)), chosen);
    operands = new Operands(arena, team, layer, x, Tensor.allocate(arena, rows, outputs));
  }

  /** {@code out = x W^T}. */
  @Benchmark
  public Tensor forward(Work work) {
    Operands o = Objects.requireNonNull(operands);
    o.layer.forward(o.x, rows, o.out, false);
    work.gigaflops += 2e-9 * rows * o.layer.inputs() * o.layer.outputs();
    return o.out;
  }

  /** Frees them. */
  @TearDown
  public void free() {
    Operands o = Objects.requireNonNull(operands);
    o.layer.close();
    o.kernels.close();
    o.arena.close();
  }
}
