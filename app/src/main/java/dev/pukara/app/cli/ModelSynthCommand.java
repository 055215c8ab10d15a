package dev.pukara.app.cli;

import dev.pukara.app.cli.Pukara.Console;
import dev.pukara.model.ModelFile;
import dev.pukara.model.SyntheticModel;
import dev.pukara.model.SyntheticModel.Shape;
import dev.pukara.model.TokenizerSpec;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code pukara model synth}: random weights of a real shape, for benchmarks. */
@Command(
    name = "synth",
    description = "Writes a GGUF file with random weights of a real shape, for benchmarks.",
    mixinStandardHelpOptions = true)
final class ModelSynthCommand implements Callable<Integer> {
  /** Labels of the shapes. */
  static final class Names implements Iterable<String> {
    @Override
    public Iterator<String> iterator() {
      return all().iterator();
    }

    static List<String> all() {
      return Arrays.stream(Shape.values()).map(Shape::label).toList();
    }
  }

  @Parameters(paramLabel = "OUT.gguf", description = "New file.")
  private Path target;

  @Option(
      names = "--shape",
      required = true,
      paramLabel = "NAME",
      completionCandidates = Names.class,
      description = "One of ${COMPLETION-CANDIDATES}.")
  private String shape = "";

  @Option(names = "--type", paramLabel = "TYPE", description = "Default: ${DEFAULT-VALUE}.")
  private String type = "Q8_0";

  @Option(names = "--seed", paramLabel = "N", description = "Default: ${DEFAULT-VALUE}.")
  private long seed = 1;

  @Option(
      names = "--vocabulary",
      paramLabel = "FILE",
      description = "Take the vocabulary of this model; by default one is made up.")
  private @Nullable Path vocabulary;

  private final Console console;

  ModelSynthCommand(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() throws IOException {
    Optional<TokenizerSpec> spec = Optional.empty();
    if (vocabulary != null) {
      try (ModelFile model = ModelFile.open(vocabulary)) {
        spec = Optional.of(model.tokenizer());
      }
    }
    ModelWriting.report(
        SyntheticModel.write(shape(shape), ModelWriting.types(type), seed, spec, target),
        console.err());
    return 0;
  }

  static Shape shape(String label) {
    return Shape.labelled(label)
        .orElseThrow(
            () -> new UserException("shape '" + label + "', expected one of " + Names.all()));
  }
}
