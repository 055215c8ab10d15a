package dev.pukara.train;

import dev.pukara.kernels.Element;
import dev.pukara.kernels.Matrix;
import dev.pukara.kernels.Tensor;
import dev.pukara.model.ModelFile;
import dev.pukara.model.TensorFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** What scripts/make_training_golden.py wrote. */
final class TrainingGolden {
  static final Path FOLDER = Path.of("src/test/resources/golden");

  private static final JsonNode STEPS =
      JsonMapper.shared().readTree(FOLDER.resolve("steps.json").toFile());

  private TrainingGolden() {}

  static ModelFile model() throws IOException {
    return ModelFile.open(FOLDER.resolve("tiny"));
  }

  static TrainerOptions options(Tuning tuning, Element products) {
    JsonNode o = STEPS.get("options");
    return new TrainerOptions(
        tuning,
        o.get("beta1").doubleValue(),
        o.get("beta2").doubleValue(),
        o.get("eps").doubleValue(),
        o.get("weight_decay").doubleValue(),
        o.get("gradient_norm_max").doubleValue(),
        o.get("average_decay").doubleValue(),
        products,
        1);
  }

  static Tuning.Lora lora() {
    JsonNode o = STEPS.get("options");
    Set<String> targets =
        o.get("targets").values().stream().map(JsonNode::stringValue).collect(Collectors.toSet());
    return new Tuning.Lora(o.get("rank").intValue(), o.get("alpha").doubleValue(), targets);
  }

  static double learningRate(int step) {
    return STEPS.get("options").get("learning_rates").get(step).doubleValue();
  }

  static int steps() {
    return STEPS.get("steps").size();
  }

  static List<TrainBatch> batches(int step) {
    List<TrainBatch> batches = new ArrayList<>();
    for (JsonNode batch : STEPS.get("steps").get(step).values()) {
      BatchBuilder builder = new BatchBuilder();
      for (JsonNode run : batch.get("runs").values()) {
        builder.add(run.get("parent").intValue(), ints(run.get("tokens")));
      }
      for (JsonNode target : batch.get("targets").values()) {
        builder.target(
            target.get("run").intValue(),
            target.get("offset").intValue(),
            ints(target.get("candidates")),
            target.get("answer").intValue(),
            target.get("weight").floatValue());
      }
      batches.add(builder.build(64));
    }
    return batches;
  }

  private static int[] ints(JsonNode array) {
    return array.values().stream().mapToInt(JsonNode::intValue).toArray();
  }

  /** The numbers under {@code what} of tuning {@code tuning}: losses, norms, first_losses. */
  static double[] numbers(String tuning, String what) {
    return STEPS.get(tuning).get(what).values().stream()
        .mapToDouble(JsonNode::doubleValue)
        .toArray();
  }

  /** The values of a parameter in a golden file, of all tensors that are stacked in it. */
  static float[] stacked(TensorFile file, Parameter parameter, String suffix) {
    List<String> names = new ArrayList<>(List.of(parameter.name()));
    if (parameter.name().endsWith("q_proj.weight")) {
      names.add(parameter.name().replace("q_proj", "k_proj"));
      names.add(parameter.name().replace("q_proj", "v_proj"));
    } else if (parameter.name().endsWith("gate_proj.weight")) {
      names.add(parameter.name().replace("gate_proj", "up_proj"));
    }
    Matrix all = parameter.values();
    float[] values = new float[all.rows() * all.cols()];
    int at = 0;
    for (String name : names) {
      float[] part = file.weights(name + suffix).data().toArray(Tensor.F32);
      System.arraycopy(part, 0, values, at, part.length);
      at += part.length;
    }
    return values;
  }

  static float[] values(Matrix matrix) {
    return matrix.memory().toArray(Tensor.F32);
  }

  /** Greatest difference as a part of the greatest expected value. */
  static double difference(float[] actual, float[] expected) {
    double greatest = 1e-30;
    double difference = 0;
    for (int i = 0; i < expected.length; i++) {
      greatest = Math.max(greatest, Math.abs(expected[i]));
      double d = Math.abs(actual[i] - expected[i]);
      difference = d <= difference ? difference : d;
    }
    return difference / greatest;
  }
}
