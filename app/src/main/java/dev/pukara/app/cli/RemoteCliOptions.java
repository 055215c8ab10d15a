package dev.pukara.app.cli;

import dev.pukara.guard.PromptFormat;
import dev.pukara.guard.PromptFormats;
import dev.pukara.guard.remote.RemoteApi;
import dev.pukara.guard.remote.RemoteOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** A server in place of a model file. */
final class RemoteCliOptions {
  private static final String TOKEN_VARIABLE = "PUKARA_REMOTE_TOKEN";

  @Option(
      names = "--remote",
      paramLabel = "URL",
      description =
          "Ask an OpenAI-compatible server (vLLM, SGLang, llama-server, Ollama) instead of loading a"
              + " model.")
  @Nullable String url;

  @Option(
      names = "--remote-model",
      paramLabel = "NAME",
      description = "Name that the server knows the model by.")
  @Nullable String model;

  @Option(
      names = "--remote-api",
      description =
          "${COMPLETION-CANDIDATES}; chat where a server offers nothing else, messages for a guard"
              + " whose chat template the server renders. Default: ${DEFAULT-VALUE}.")
  RemoteApi api = RemoteApi.COMPLETIONS;

  @Option(
      names = "--remote-timeout",
      paramLabel = "SECONDS",
      description = "For each of three attempts; default: ${DEFAULT-VALUE}.")
  double seconds = 10;

  @Option(
      names = "--remote-token-file",
      paramLabel = "FILE",
      description =
          "File with the bearer token; else the environment variable " + TOKEN_VARIABLE + ".")
  @Nullable Path tokenFile;

  /** Empty if no server is asked for. */
  Optional<RemoteOptions> options() throws IOException {
    if (url == null) {
      return Optional.empty();
    }
    if (model == null) {
      throw new UserException("--remote needs the model's name on the server: --remote-model NAME");
    }
    RemoteOptions options =
        RemoteOptions.of(url, model)
            .withApi(api)
            .withTimeout(Duration.ofMillis(Math.round(1000 * seconds)));
    String variable = System.getenv(TOKEN_VARIABLE);
    if (tokenFile != null) {
      return Optional.of(options.withToken(Files.readString(tokenFile).strip()));
    }
    return Optional.of(
        variable == null || variable.isBlank() ? options : options.withToken(variable.strip()));
  }

  /** The format that goes with a server's model, as far as its name tells. */
  PromptFormat format(RemoteOptions options) {
    if (options.api() == RemoteApi.MESSAGES) {
      return PromptFormats.ofServer();
    }
    String name = options.model().toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9]+", "-");
    for (String id : PromptFormats.ids()) {
      if (name.contains(id)) {
        return PromptFormats.find(id);
      }
    }
    if (options.api() == RemoteApi.CHAT) {
      return PromptFormats.find("llama-guard-3-1b"); // its words, for any chat model
    }
    throw new UserException(
        "the name '"
            + options.model()
            + "' does not tell the prompt format; choose one with --format ("
            + String.join(", ", PromptFormats.ids())
            + ")");
  }
}
