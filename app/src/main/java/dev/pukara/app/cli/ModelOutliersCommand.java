package dev.pukara.app.cli;

import dev.pukara.app.cli.Pukara.Console;
import dev.pukara.kernels.Kernels;
import dev.pukara.kernels.Precision;
import dev.pukara.model.Int8Outliers;
import dev.pukara.model.ModelFile;
import dev.pukara.model.Tokenizer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.json.JsonMapper;

/** {@code pukara model outliers}: what great activations do to int8 products. */
@Command(
    name = "outliers",
    description = {
      "Runs texts in f32 and repeats each linear layer's product in int8.",
      "peak is the greatest activation of a row over its root mean square; first:rest compares"
          + " the greatest activation of the first token with that of the others. Errors are"
          + " relative: mean over tokens, in the worst block or over all. one scale is the"
          + " error that the others would have if all tokens shared a scale."
    },
    mixinStandardHelpOptions = true,
    footer = {
      "",
      "Examples:",
      "  pukara model outliers MODEL.gguf",
      "  pukara model outliers MODEL.gguf --text \"How do I boil an egg?\" --json"
    })
final class ModelOutliersCommand implements Callable<Integer> {
  private static final String ROW = "%-17s%8s%8s%12s%8s%8s%8s%10s";

  @Parameters(paramLabel = "FILE", description = "GGUF file or folder with safetensors.")
  private Path file;

  @Option(
      names = "--text",
      paramLabel = "TEXT",
      description = "A text, plain; may be given several times; default: three built in.")
  private List<String> texts =
      List.of(
          "The library opens at nine. Bring the books back by Friday, or write to us before.",
          "How do I sort a list of names by length in Java, and keep equal ones in order?",
          "User: my neighbour's dog barks all night.\nAgent: Talk to them first; if that does not"
              + " help, note the times and ask the council.");

  @Option(names = "--json", description = "Print one JSON object per kind of layer.")
  private boolean json;

  private final Console console;

  ModelOutliersCommand(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() throws IOException {
    List<Int8Outliers.Figures> figures = measure();
    if (json) {
      JsonMapper mapper = new JsonMapper();
      figures.forEach(each -> console.out().println(mapper.writeValueAsString(each)));
      return 0;
    }
    line("", "peak", "", "", "error", "", "", "");
    line("layer", "first", "rest", "first:rest", "first", "rest", "worst", "one scale");
    for (Int8Outliers.Figures each : figures) {
      line(
          each.kind().label(),
          text("%.1f", each.firstPeak()),
          text("%.1f", each.restPeak()),
          text("%.1f", each.firstToRest()),
          text("%.4f", each.firstError()),
          text("%.4f", each.restError()),
          text("%.4f", each.restWorst()),
          text("%.4f", each.restOneScale()));
    }
    return 0;
  }

  private List<Int8Outliers.Figures> measure() throws IOException {
    try (ModelFile model = ModelFile.open(file);
        Kernels kernels = Kernels.best()) {
      if (!kernels.precisions().contains(Precision.INT8)) {
        throw new UserException(
            "int8 products need the onednn kernels (Linux on x86-64 with AVX2); here are "
                + kernels.name());
      }
      Tokenizer tokenizer = Tokenizer.of(model.tokenizer());
      return Int8Outliers.measure(
          model, kernels, texts.stream().map(text -> tokens(tokenizer, text)).toList());
    }
  }

  private static int[] tokens(Tokenizer tokenizer, String text) {
    int bos = tokenizer.spec().bos();
    IntStream begin = bos >= 0 ? IntStream.of(bos) : IntStream.empty();
    int[] tokens = IntStream.concat(begin, IntStream.of(tokenizer.encode(text))).toArray();
    if (tokens.length < 2) {
      throw new UserException("--text is too short; give at least a few words");
    }
    return tokens;
  }

  private void line(Object... columns) {
    console.out().println(String.format(Locale.ROOT, ROW, columns).stripTrailing());
  }

  private static String text(String format, double value) {
    return String.format(Locale.ROOT, format, value);
  }
}
