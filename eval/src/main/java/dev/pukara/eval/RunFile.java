package dev.pukara.eval;

import dev.pukara.rows.TextFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/**
 * {@code run.json}: what a contender's folder holds. It makes a run resumable, and its scores
 * readable without the model.
 *
 * @param label name of the contender
 * @param sets name to what was judged
 */
record RunFile(String label, Map<String, SetRun> sets) {
  private static final String NAME = "run.json";
  private static final JsonMapper JSON =
      JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();

  /**
   * One data set of a run.
   *
   * @param reader id of the reader
   * @param columns mapping that a table was read by; null in files of versions that did not keep it
   * @param path the data file
   * @param dataDigest SHA-256 of the data file
   * @param rows rows of the set
   * @param skipped records that the reader could not use
   * @param messages of all rows, judged or not yet
   * @param identity what made the scores
   * @param seconds spent judging
   */
  record SetRun(
      String reader,
      @Nullable String columns,
      String path,
      String dataDigest,
      int rows,
      int skipped,
      int messages,
      Identity identity,
      double seconds) {
    SetRun spending(double more) {
      return new SetRun(
          reader, columns, path, dataDigest, rows, skipped, messages, identity, seconds + more);
    }

    /**
     * Checks that scores of another run may stand beside these.
     *
     * @param folder named in the error
     * @throws EvaluationException if they are scores of something else
     */
    void checkSame(SetRun now, Path folder) {
      String cure = "; choose another folder, or delete this one";
      if (!dataDigest.equals(now.dataDigest())) {
        throw new EvaluationException(
            folder + ": holds scores of another data file (" + path + ")" + cure);
      }
      boolean sameColumns = columns == null || columns.equals(now.columns());
      if (!reader.equals(now.reader()) || !sameColumns) {
        throw new EvaluationException(
            folder
                + ": holds scores of rows read by "
                + reading()
                + ", expected "
                + now.reading()
                + cure);
      }
      if (!identity.equals(now.identity())) {
        throw new EvaluationException(
            folder
                + ": holds scores of model "
                + identity.model()
                + ", policy "
                + identity.policy()
                + ", format "
                + identity.format()
                + ", expected those of "
                + now.identity().model()
                + ", "
                + now.identity().policy()
                + ", "
                + now.identity().format()
                + " with the same digests"
                + cure);
      }
    }

    private String reading() {
      String mapping = Objects.requireNonNullElse(columns, "");
      return "'" + reader + "'" + (mapping.isEmpty() ? "" : " with --columns " + mapping);
    }
  }

  RunFile {
    sets = new LinkedHashMap<>(sets);
  }

  static boolean isIn(Path folder) {
    return Files.isRegularFile(folder.resolve(NAME));
  }

  static RunFile read(Path folder) throws IOException {
    try {
      return JSON.readValue(Files.readString(folder.resolve(NAME)), RunFile.class);
    } catch (JacksonException e) {
      throw new EvaluationException(
          folder.resolve(NAME) + ": cannot be read; delete the folder and run again", e);
    }
  }

  void write(Path folder) throws IOException {
    Files.createDirectories(folder);
    // In place, a process that is killed meanwhile would leave scores that nobody can read.
    TextFile.replace(folder.resolve(NAME), JSON.writeValueAsString(this) + "\n");
  }

  /** Folders of a report's contenders: the report's own, or one each. */
  static List<Path> folders(Path report) throws IOException {
    if (isIn(report)) {
      return List.of(report);
    }
    List<Path> folders = new ArrayList<>();
    if (Files.isDirectory(report)) {
      try (Stream<Path> children = Files.list(report)) {
        children.filter(RunFile::isIn).sorted().forEach(folders::add);
      }
    }
    if (folders.isEmpty()) {
      throw new EvaluationException(
          report
              + ": no run.json in it or in its folders; expected a folder that eval --report made");
    }
    return folders;
  }
}
