package dev.pukara.app.cli;

import dev.pukara.app.cli.Pukara.Console;
import dev.pukara.kernels.BlockFormat;
import dev.pukara.model.LlamaConfig;
import dev.pukara.model.ModelConverter;
import dev.pukara.model.ModelFile;
import dev.pukara.model.TensorInfo;
import dev.pukara.model.TokenizerSpec;
import dev.pukara.starter.Starter;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.json.JsonMapper;

/** {@code pukara model info}: what a file holds. */
@Command(
    name = "info",
    description = "Tells a model file's architecture, sizes, types, tokenizer and chat template.",
    mixinStandardHelpOptions = true)
final class ModelInfoCommand implements Callable<Integer> {
  @Parameters(
      arity = "0..1",
      paramLabel = "FILE",
      description = "GGUF file or folder with safetensors; else the bundled guard.")
  private @Nullable Path file;

  @Option(names = "--tensors", description = "List every tensor too.")
  private boolean tensors;

  @Option(names = "--card", description = "Print the bundled guard's model card instead.")
  private boolean card;

  @Option(names = "--json", description = "Print one JSON object.")
  private boolean json;

  private final Console console;

  ModelInfoCommand(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() throws IOException {
    if (card) {
      return printCard();
    }
    try (ModelFile model = ModelFile.open(file == null ? Starter.model() : file)) {
      Map<String, Object> info = info(model);
      if (json) {
        console.out().println(new JsonMapper().writeValueAsString(info));
      } else {
        info.forEach(
            (key, value) ->
                console.out().println(String.format(Locale.ROOT, "%-24s %s", key, value)));
      }
    }
    return 0;
  }

  private int printCard() {
    if (file != null) {
      throw new UserException(
          file + ": --card prints the bundled guard's card; leave out one of the two");
    }
    console.out().print(Starter.card());
    return 0;
  }

  private Map<String, Object> info(ModelFile model) {
    LlamaConfig config = model.config();
    Map<String, Object> info = new LinkedHashMap<>();
    info.put("file", model.path().toString());
    info.put("bytes", model.bytes());
    info.put("sha256", model.digest());
    info.put("blocks", config.blocks());
    info.put("width", config.width());
    info.put("feedForward", config.feedForward());
    info.put("queryHeads", config.queryHeads());
    info.put("kvHeads", config.kvHeads());
    info.put("headSize", config.headSize());
    info.put("vocabulary", config.vocabulary());
    info.put("context", config.context());
    info.put("eps", config.eps());
    info.put("ropeBase", config.ropeBase());
    info.put("ropeScaling", config.ropeScaling().toString());
    info.put("tiedHead", config.tiedHead());
    Map<BlockFormat, Integer> types = new TreeMap<>();
    long parameters = 0;
    for (TensorInfo tensor : model.tensors().values()) {
      types.merge(tensor.format(), 1, Integer::sum);
      long size = 1;
      for (long length : tensor.shape()) {
        size *= length;
      }
      parameters += size;
    }
    info.put("parameters", parameters);
    info.put("tensorTypes", types.toString());
    TokenizerSpec tokenizer = model.tokenizer();
    info.put(
        "tokenizer",
        tokenizer.kind() + ", " + tokenizer.pre() + ", " + tokenizer.tokens().size() + " tokens");
    info.put("bos", tokenizer.bos());
    info.put("eos", tokenizer.eos());
    model
        .metadata()
        .forEach(
            (key, value) -> {
              if (key.startsWith(ModelConverter.OWN_KEYS)) {
                info.put(key, value);
              }
            });
    model.chatTemplate().ifPresent(template -> info.put("chatTemplate", template));
    if (tensors) {
      model
          .tensors()
          .values()
          .forEach(
              t -> info.put(t.name(), t.format() + " " + java.util.Arrays.toString(t.shape())));
    }
    return info;
  }
}
