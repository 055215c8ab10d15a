package dev.pukara.model;

import dev.pukara.kernels.BlockFormat;
import dev.pukara.kernels.Element;
import dev.pukara.kernels.Matrix;
import dev.pukara.kernels.Weights;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.SequencedSet;

/**
 * A safetensors file of any matrices, not of a whole model: the state of a training, an adapter.
 *
 * <p>An open file is mapped until {@link #close()}; what it gives are views of the mapping.
 */
public final class TensorFile implements AutoCloseable {
  private final Arena arena;
  private final StoredTensors tensors;
  private final Map<String, String> metadata;

  private TensorFile(Arena arena, StoredTensors tensors, Map<String, String> metadata) {
    this.arena = arena;
    this.tensors = tensors;
    this.metadata = metadata;
  }

  /**
   * Writes f32 matrices; the file gets its name when all of it is on the disk.
   *
   * @param metadata strings of the writer's own
   */
  public static void write(
      Path target, Map<String, String> metadata, SequencedMap<String, Matrix> matrices)
      throws IOException {
    List<TensorContent> contents = new ArrayList<>();
    matrices.forEach((name, matrix) -> contents.add(content(name, matrix)));
    SafetensorsWriter.writeFile(target, metadata, contents);
  }

  private static TensorContent content(String name, Matrix matrix) {
    if (matrix.element() != Element.F32) {
      throw new IllegalArgumentException(name + ": " + matrix + ", expected f32");
    }
    MemorySegment values = matrix.memory();
    long rowBytes = 4L * matrix.cols();
    return new TensorContent(
        name,
        BlockFormat.F32,
        new long[] {matrix.rows(), matrix.cols()},
        (row, to) -> to.copyFrom(values.asSlice(row * rowBytes, rowBytes)));
  }

  /**
   * Opens a file.
   *
   * @throws FormatException if it is no safetensors file
   */
  public static TensorFile open(Path path) throws IOException {
    Arena arena = Arena.ofShared();
    try {
      String name = MappedFile.name(path);
      MemorySegment data = MappedFile.map(path, arena);
      StoredTensors tensors = new StoredTensors(name, SafetensorsFile.parse(name, data));
      return new TensorFile(arena, tensors, SafetensorsFile.metadata(name, data));
    } catch (Throwable e) {
      arena.close();
      throw e;
    }
  }

  /** The strings that were written with the matrices. */
  public Map<String, String> metadata() {
    return metadata;
  }

  /** Names of all matrices, in file order. */
  public SequencedSet<String> names() {
    return tensors.byName().sequencedKeySet();
  }

  /** A matrix. @throws FormatException if it is missing or has another shape */
  public Weights weights(String name, int rows, int cols) {
    return tensors.weights(name, rows, cols, null);
  }

  /** A matrix of whatever shape. @throws FormatException if it is missing or no matrix */
  public Weights weights(String name) {
    StoredTensor tensor = tensors.byName().get(name);
    if (tensor == null || tensor.info().shape().length != 2) {
      throw new FormatException(tensors.file() + ": no matrix " + name);
    }
    long[] shape = tensor.info().shape();
    return weights(name, Math.toIntExact(shape[0]), Math.toIntExact(shape[1]));
  }

  @Override
  public void close() {
    arena.close();
  }
}
