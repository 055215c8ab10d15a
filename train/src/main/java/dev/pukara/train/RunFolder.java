package dev.pukara.train;

import dev.pukara.rows.SingleWriter;
import dev.pukara.rows.TextFile;
import dev.pukara.train.data.RecipeException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The folder of a run, held by one process at a time.
 *
 * <pre>
 * lock               held as long as the run goes on
 * recipe.txt         what the run was started with
 * log.jsonl          a line for each step and validation
 * plot.html          the same as curves
 * checkpoint-STEP/   state after that step; the last two are kept
 * model.gguf ...     what the run made
 * done.json          written last
 * </pre>
 */
final class RunFolder implements AutoCloseable {
  private static final String CHECKPOINT = "checkpoint-";
  private static final String PARTIAL = ".partial";
  private static final int KEPT = 2;

  private final Path folder;
  private final FileChannel channel;

  private RunFolder(Path folder, FileChannel channel) {
    this.folder = folder;
    this.channel = channel;
  }

  /**
   * Makes the folder if need be and takes hold of it.
   *
   * @throws RecipeException if another process holds it
   */
  static RunFolder open(Path folder) throws IOException {
    if (Files.exists(folder) && !Files.isDirectory(folder)) {
      throw new RecipeException(folder + ": a file, expected a folder for the run; choose another");
    }
    Files.createDirectories(folder);
    FileChannel channel =
        FileChannel.open(
            folder.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    if (!SingleWriter.claim(channel)) {
      channel.close();
      throw new RecipeException(
          folder + ": another process trains here; wait for it, stop it, or choose another folder");
    }
    RunFolder run = new RunFolder(folder, channel);
    run.sweep();
    return run;
  }

  /** Removes what a process that was killed left half-written. */
  private void sweep() throws IOException {
    for (Path path : list()) {
      if (path.getFileName().toString().endsWith(PARTIAL)) {
        delete(path);
      }
    }
  }

  private List<Path> list() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.sorted().toList();
    }
  }

  Path path(String name) {
    return folder.resolve(name);
  }

  boolean isDone() {
    return Files.exists(path("done.json"));
  }

  boolean isStarted() {
    return Files.exists(path("recipe.txt"));
  }

  /** Steps of the checkpoints, oldest first. */
  List<Integer> checkpoints() throws IOException {
    List<Integer> steps = new ArrayList<>();
    for (Path path : list()) {
      String name = path.getFileName().toString();
      if (name.matches(CHECKPOINT + "\\d+")) {
        steps.add(Integer.parseInt(name.substring(CHECKPOINT.length())));
      }
    }
    steps.sort(Comparator.naturalOrder());
    return steps;
  }

  Optional<Path> lastCheckpoint() throws IOException {
    List<Integer> steps = checkpoints();
    return steps.isEmpty() ? Optional.empty() : Optional.of(checkpoint(steps.getLast()));
  }

  private Path checkpoint(int step) {
    return path(CHECKPOINT + step);
  }

  /** Writes into a folder. */
  interface Content {
    void write(Path folder) throws IOException;
  }

  /**
   * Writes a checkpoint such that it is there as a whole or not at all, then removes all but the
   * last two.
   */
  void save(int step, Content content) throws IOException {
    Path target = checkpoint(step);
    if (Files.exists(target)) {
      return;
    }
    Path partial = path(CHECKPOINT + step + PARTIAL);
    delete(partial);
    Files.createDirectory(partial);
    content.write(partial);
    try (Stream<Path> files = Files.list(partial)) {
      for (Path file : files.toList()) {
        sync(file);
      }
    }
    sync(partial);
    Files.move(partial, target, StandardCopyOption.ATOMIC_MOVE);
    sync(folder);
    List<Integer> steps = checkpoints();
    for (int old : steps.subList(0, Math.max(0, steps.size() - KEPT))) {
      delete(checkpoint(old));
    }
  }

  /** Writes a file such that it is there as a whole or not at all. */
  void write(String name, String text) throws IOException {
    TextFile.replace(path(name), text);
  }

  private static void sync(Path path) throws IOException {
    try (FileChannel file = FileChannel.open(path, StandardOpenOption.READ)) {
      file.force(true);
    }
  }

  /** Deletes a file, or a folder with what is in it. */
  static void delete(Path path) throws IOException {
    if (Files.isDirectory(path)) {
      try (Stream<Path> walk = Files.walk(path)) {
        for (Path each : walk.sorted(Comparator.reverseOrder()).toList()) {
          Files.delete(each);
        }
      }
    } else {
      Files.deleteIfExists(path);
    }
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
