package dev.pukara.train;

import dev.pukara.kernels.Element;
import dev.pukara.kernels.Matrix;
import dev.pukara.kernels.TrainingKernels;
import dev.pukara.kernels.Weights;
import dev.pukara.model.FormatException;
import dev.pukara.model.ModelFile;
import dev.pukara.model.TensorFile;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SequencedMap;

/**
 * What a training needs to go on: one safetensors file with, for each parameter, its values, the
 * moments of its gradient ({@code NAME.mean}, {@code NAME.square}) and its average ({@code
 * NAME.average}), f32, and the number of steps and the base model's digest as metadata.
 */
final class State {
  private static final String FILE = "state.safetensors";
  private static final String STEPS = "steps";
  private static final String BASE = "base_sha256";

  private State() {}

  static void save(Path folder, ModelFile base, int steps, List<Parameter> parameters)
      throws IOException {
    SequencedMap<String, Matrix> matrices = new LinkedHashMap<>();
    parameters.forEach(parameter -> matrices.putAll(matrices(parameter)));
    Map<String, String> metadata = Map.of(STEPS, Integer.toString(steps), BASE, base.digest());
    TensorFile.write(folder.resolve(FILE), metadata, matrices);
    // The file's bytes are on the disk; now its name.
    try (FileChannel directory = FileChannel.open(folder)) {
      directory.force(true);
    }
  }

  private static SequencedMap<String, Matrix> matrices(Parameter parameter) {
    SequencedMap<String, Matrix> matrices = new LinkedHashMap<>();
    matrices.put(parameter.name(), parameter.values());
    matrices.put(parameter.name() + ".mean", parameter.mean());
    matrices.put(parameter.name() + ".square", parameter.square());
    parameter.average().ifPresent(average -> matrices.put(parameter.name() + ".average", average));
    return matrices;
  }

  /** Reads everything; returns the number of steps. */
  static int load(Path folder, ModelFile base, List<Parameter> parameters) throws IOException {
    try (TensorFile file = open(folder, base)) {
      SequencedMap<String, Matrix> matrices = new LinkedHashMap<>();
      parameters.forEach(parameter -> matrices.putAll(matrices(parameter)));
      if (!file.names().equals(matrices.keySet())) {
        throw new FormatException(
            String.format(
                Locale.ROOT,
                "%s: the state of %d matrices, expected %d: it was saved with other training"
                    + " options; resume with the same or start anew",
                folder.resolve(FILE),
                file.names().size(),
                matrices.size()));
      }
      matrices.forEach((name, matrix) -> read(file, name, matrix));
      return steps(folder, file);
    }
  }

  private static TensorFile open(Path folder, ModelFile base) throws IOException {
    TensorFile file = TensorFile.open(folder.resolve(FILE));
    String digest = file.metadata().getOrDefault(BASE, "none");
    if (!digest.equals(base.digest())) {
      file.close();
      throw new FormatException(
          String.format(
              Locale.ROOT,
              "%s: state of a training of the base model %s, expected %s (%s); name the same base",
              folder.resolve(FILE),
              digest,
              base.digest(),
              base.path()));
    }
    return file;
  }

  private static int steps(Path folder, TensorFile file) {
    String steps = file.metadata().getOrDefault(STEPS, "nothing");
    try {
      return Integer.parseInt(steps);
    } catch (NumberFormatException e) {
      throw new FormatException(
          folder.resolve(FILE) + ": steps is " + steps + ", expected a number", e);
    }
  }

  private static void read(TensorFile file, String name, Matrix to) {
    to.memory().copyFrom(file.weights(name, to.rows(), to.cols()).data());
  }

  /** Sets the values to the mean of those in {@code folders}. */
  static void mean(List<Path> folders, ModelFile base, List<Parameter> parameters)
      throws IOException {
    if (folders.isEmpty()) {
      throw new IllegalArgumentException("the mean of no states");
    }
    float part = 1f / folders.size();
    parameters.forEach(parameter -> parameter.values().memory().fill((byte) 0));
    for (Path folder : folders) {
      try (TensorFile file = open(folder, base)) {
        for (Parameter parameter : parameters) {
          Matrix values = parameter.values();
          Matrix saved = view(file.weights(parameter.name(), values.rows(), values.cols()));
          for (int i = 0; i < values.rows(); i++) {
            TrainingKernels.addScaled(saved, i, part, values, i);
          }
        }
      }
    }
  }

  private static Matrix view(Weights f32) {
    long address = f32.data().address();
    return new Matrix(Element.F32, f32.rows(), f32.cols(), f32.cols(), 1, address);
  }
}
