package dev.pukara.app.cli;

import dev.pukara.app.cli.Pukara.Console;
import dev.pukara.kernels.Kernels;
import dev.pukara.kernels.KvSpan;
import dev.pukara.kernels.Precision;
import dev.pukara.kernels.Slice;
import dev.pukara.model.Llama;
import dev.pukara.model.ModelFile;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.json.JsonMapper;

/** {@code pukara model logits}: the raw forward pass. */
@Command(
    name = "logits",
    description = "Prints the most probable next tokens and their logits.",
    mixinStandardHelpOptions = true)
final class ModelLogitsCommand implements Callable<Integer> {
  @Parameters(paramLabel = "FILE", description = "GGUF file or folder with safetensors.")
  private Path file;

  @Option(
      names = "--tokens",
      required = true,
      split = ",",
      paramLabel = "ID",
      description = "The input, as token ids.")
  private int[] tokens = {};

  @Option(
      names = "--precision",
      description = "${COMPLETION-CANDIDATES}; default: ${DEFAULT-VALUE}.")
  private Precision precision = Precision.F32;

  @Option(names = "--top", paramLabel = "N", description = "How many; default: ${DEFAULT-VALUE}.")
  private int top = 10;

  @Option(names = "--json", description = "Print {\"top\":[[id,logit],...]}.")
  private boolean json;

  private final Console console;

  ModelLogitsCommand(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() throws IOException {
    float[] logits = logits();
    List<Integer> best =
        IntStream.range(0, logits.length)
            .boxed()
            .sorted(Comparator.comparingDouble((Integer id) -> -logits[id]))
            .limit(top)
            .toList();
    if (json) {
      List<List<Number>> pairs = new ArrayList<>();
      best.forEach(id -> pairs.add(List.of(id, logits[id])));
      console.out().println(new JsonMapper().writeValueAsString(Map.of("top", pairs)));
    } else {
      best.forEach(
          id -> console.out().println(String.format(Locale.ROOT, "%8d %12.5f", id, logits[id])));
    }
    return 0;
  }

  private float[] logits() throws IOException {
    try (ModelFile model = ModelFile.open(file);
        Kernels kernels = Kernels.best();
        Llama llama = new Llama(model, kernels, precision, tokens.length);
        Llama.Head head = llama.fullHead();
        Arena arena = Arena.ofShared()) {
      KvSpan span = llama.span(arena, tokens.length);
      llama.forward(tokens, List.of(new Slice(0, tokens.length, List.of(), span, 0)));
      return llama.logits(new int[] {tokens.length - 1}, head)[0];
    }
  }
}
