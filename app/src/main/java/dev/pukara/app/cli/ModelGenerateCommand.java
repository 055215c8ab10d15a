package dev.pukara.app.cli;

import dev.pukara.app.cli.Pukara.Console;
import dev.pukara.engine.DecodeRequest;
import dev.pukara.engine.Decoded;
import dev.pukara.engine.Engine;
import dev.pukara.engine.EngineOptions;
import dev.pukara.kernels.Kernels;
import dev.pukara.kernels.Precision;
import dev.pukara.model.Llama;
import dev.pukara.model.ModelFile;
import dev.pukara.model.Tokenizer;
import dev.pukara.model.TokenizerSpec;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code pukara model generate}: what the model would write. */
@Command(
    name = "generate",
    description = {
      "Continues a text by greedy decoding, to see whether a model file is sound.",
      "The text is plain text: it never becomes a special token."
    },
    mixinStandardHelpOptions = true,
    footer = {"", "Example:", "  pukara model generate MODEL.gguf \"The capital of France is\""})
final class ModelGenerateCommand implements Callable<Integer> {
  @Parameters(index = "0", paramLabel = "FILE", description = "GGUF file or folder.")
  private Path file;

  @Parameters(index = "1", paramLabel = "TEXT", description = "What is continued.")
  private String text = "";

  @Option(
      names = "--max-tokens",
      paramLabel = "N",
      description = "Most tokens to write; default: ${DEFAULT-VALUE}.")
  private int tokensMax = 32;

  @Option(
      names = "--precision",
      description = "${COMPLETION-CANDIDATES}; by default the fastest that the machine has.")
  private @Nullable Precision precision;

  private final Console console;

  ModelGenerateCommand(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() throws IOException {
    try (ModelFile model = ModelFile.open(file);
        Kernels kernels = Kernels.best()) {
      Tokenizer tokenizer = Tokenizer.of(model.tokenizer());
      Precision chosen = precision == null ? kernels.precisions().getFirst() : precision;
      EngineOptions options = EngineOptions.defaults();
      Llama llama = new Llama(model, kernels, chosen, options.stepTokensMax());
      try (Engine engine = new Engine(llama, options)) {
        Decoded decoded = engine.decode(request(tokenizer)).join();
        console.out().println(tokenizer.decode(decoded.tokens()));
        report(decoded);
      }
    }
    return 0;
  }

  private DecodeRequest request(Tokenizer tokenizer) {
    TokenizerSpec spec = tokenizer.spec();
    int[] begin = spec.addBos() && spec.bos() >= 0 ? new int[] {spec.bos()} : new int[0];
    int[] stem =
        IntStream.concat(IntStream.of(begin), IntStream.of(tokenizer.encode(text))).toArray();
    if (stem.length == 0) {
      throw new UserException("TEXT is empty; give at least one character");
    }
    Set<Integer> stops = spec.eos() < 0 ? Set.of() : Set.of(spec.eos());
    return DecodeRequest.of(new int[0], stem, stops, tokensMax);
  }

  private void report(Decoded decoded) {
    double seconds = decoded.computeNanos() / 1e9;
    console
        .err()
        .println(
            String.format(
                Locale.ROOT,
                "%d tokens in %.2f s, ended by %s",
                decoded.tokens().length,
                seconds,
                decoded.stopped() ? "the end token" : "the limit"));
  }
}
