package dev.pukara.app.cli;

import dev.pukara.app.cli.Pukara.Console;
import dev.pukara.model.ModelFile;
import dev.pukara.model.Tokenizer;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** {@code pukara model tokenize}: text to token ids. */
@Command(
    name = "tokenize",
    description = "Prints the token ids of texts; text never becomes a special token.",
    mixinStandardHelpOptions = true)
final class ModelTokenizeCommand implements Callable<Integer> {
  private static final JsonMapper JSON = new JsonMapper();

  @Parameters(paramLabel = "FILE", description = "GGUF file or folder with tokenizer.json.")
  private Path file;

  @ArgGroup(multiplicity = "1")
  private Source source;

  /** Where the text comes from. */
  private static final class Source {
    @Option(names = "--text", required = true, description = "One text.")
    @Nullable String text;

    @Option(
        names = "--jsonl",
        required = true,
        paramLabel = "FILE",
        description =
            "Lines {\"text\":...}; - reads standard input. Prints lines {\"tokens\":[...]}.")
    @Nullable Path jsonl;
  }

  private final Console console;

  ModelTokenizeCommand(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() throws IOException {
    try (ModelFile model = ModelFile.open(file)) {
      Tokenizer tokenizer = Tokenizer.of(model.tokenizer());
      if (source.text != null) {
        print(tokenizer, source.text);
      } else if (source.jsonl != null) {
        lines(tokenizer, source.jsonl);
      }
    }
    return 0;
  }

  private void lines(Tokenizer tokenizer, Path path) throws IOException {
    boolean standard = path.toString().equals("-");
    try (InputStream in = standard ? console.in() : Files.newInputStream(path);
        BufferedReader reader =
            new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8))) {
      int number = 0;
      for (String line = reader.readLine(); line != null; line = reader.readLine()) {
        number++;
        if (!line.isBlank()) {
          print(tokenizer, text(line, (standard ? "standard input" : path) + ":" + number));
        }
      }
    }
  }

  private static String text(String line, String where) {
    try {
      JsonNode text = JSON.readTree(line).get("text");
      if (text != null && text.isString()) {
        return text.asString();
      }
    } catch (JacksonException e) {
      throw new UserException(where + ": not JSON: " + e.getOriginalMessage(), e);
    }
    throw new UserException(where + ": expected {\"text\":\"...\"}");
  }

  private void print(Tokenizer tokenizer, String text) {
    console.out().println(JSON.writeValueAsString(Map.of("tokens", tokenizer.encode(text))));
  }
}
