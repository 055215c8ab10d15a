package dev.pukara.model;

import dev.pukara.kernels.Kernels;
import dev.pukara.kernels.KvSpan;
import dev.pukara.kernels.Linear;
import dev.pukara.kernels.Precision;
import dev.pukara.kernels.Slice;
import dev.pukara.kernels.Tensor;
import dev.pukara.kernels.Weights;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/**
 * What great activations do to int8 products. The first token of a text, on which attention heads
 * park what they do not need, has activations far greater than the rest ("Massive Activations in
 * Large Language Models", arXiv 2402.17762); with a scale of its own it cannot take the others'
 * bits.
 *
 * <p>The model runs in f32, and each linear layer repeats its product in int8. Errors are {@code
 * |int8 - f32| / |f32|}, lengths of a row of results.
 */
public final class Int8Outliers {
  /**
   * One kind of layer, over all blocks and texts.
   *
   * @param firstPeak greatest activation of a first token over the root mean square of its row
   * @param restPeak the same of the other tokens
   * @param firstToRest greatest activation of a first token over the greatest of the others, in the
   *     block where that is the most
   * @param firstError mean error of first tokens, worst block
   * @param restError mean error of the other tokens, all blocks
   * @param restWorst mean error of the other tokens, worst block
   * @param restOneScale the same if all tokens of a text had shared one scale
   */
  public record Figures(
      LinearKind kind,
      double firstPeak,
      double restPeak,
      double firstToRest,
      double firstError,
      double restError,
      double restWorst,
      double restOneScale) {}

  private final Map<LinearKind, List<Seen>> seen = new EnumMap<>(LinearKind.class);

  private Int8Outliers() {}

  /**
   * Runs each text alone.
   *
   * @param kernels that have f32 and int8
   * @param texts token ids, at least two each
   */
  public static List<Figures> measure(ModelFile file, Kernels kernels, List<int[]> texts) {
    if (texts.isEmpty() || texts.stream().anyMatch(text -> text.length < 2)) {
      throw new IllegalArgumentException("a text has at least two tokens");
    }
    Int8Outliers outliers = new Int8Outliers();
    LinearWatch watch = (kind, stacked, layer) -> outliers.watched(kernels, kind, stacked, layer);
    int longest = texts.stream().mapToInt(text -> text.length).max().orElseThrow();
    try (Llama model = Llama.watched(file, kernels, Precision.F32, longest, watch)) {
      for (int[] text : texts) {
        try (Arena arena = Arena.ofShared()) {
          KvSpan span = model.span(arena, text.length);
          model.forward(text, List.of(new Slice(0, text.length, List.of(), span, 0)));
        }
      }
    }
    return outliers.seen.entrySet().stream()
        .map(entry -> figures(entry.getKey(), entry.getValue()))
        .toList();
  }

  private Linear watched(Kernels kernels, LinearKind kind, List<Weights> stacked, Linear layer) {
    Seen layerSeen = new Seen();
    seen.computeIfAbsent(kind, any -> new ArrayList<>()).add(layerSeen);
    return new WatchedLinear(
        kernels, layer, kernels.linear(stacked, Precision.INT8), layerSeen::take);
  }

  private static Figures figures(LinearKind kind, List<Seen> blocks) {
    return new Figures(
        kind,
        greatest(blocks, each -> each.firstPeak),
        greatest(blocks, each -> each.restPeak),
        greatest(blocks, each -> each.firstGreatest / each.restGreatest),
        greatest(blocks, each -> each.firstErrors / each.firsts),
        blocks.stream().mapToDouble(each -> each.restErrors / each.rests).average().orElseThrow(),
        greatest(blocks, each -> each.restErrors / each.rests),
        greatest(blocks, each -> each.oneScaleErrors / each.rests));
  }

  private static double greatest(List<Seen> blocks, ToDoubleFunction<Seen> figure) {
    return blocks.stream().mapToDouble(figure).max().orElseThrow();
  }

  /** What one layer saw. */
  private static final class Seen {
    private int firsts;
    private int rests;
    private double firstPeak;
    private double restPeak;
    private double firstGreatest;
    private double restGreatest;
    private double firstErrors;
    private double restErrors;
    private double oneScaleErrors;

    void take(Tensor x, Tensor exact, Tensor int8, Tensor oneScale) {
      for (int row = 0; row < x.rows(); row++) {
        float[] values = x.row(row);
        double greatest = 0;
        for (float value : values) {
          greatest = Math.max(greatest, Math.abs(value));
        }
        double peak = greatest / (length(values) / Math.sqrt(values.length));
        double error = error(exact.row(row), int8.row(row));
        if (row == 0) {
          firsts++;
          firstPeak = Math.max(firstPeak, peak);
          firstGreatest = Math.max(firstGreatest, greatest);
          firstErrors += error;
        } else {
          rests++;
          restPeak = Math.max(restPeak, peak);
          restGreatest = Math.max(restGreatest, greatest);
          restErrors += error;
          oneScaleErrors += error(exact.row(row), oneScale.row(row));
        }
      }
    }

    private static double error(float[] expected, float[] actual) {
      float[] difference = new float[expected.length];
      for (int i = 0; i < expected.length; i++) {
        difference[i] = actual[i] - expected[i];
      }
      return length(difference) / length(expected);
    }

    private static double length(float[] values) {
      double squares = 0;
      for (float value : values) {
        squares += (double) value * value;
      }
      return Math.max(Math.sqrt(squares), Float.MIN_NORMAL);
    }
  }
}
