package dev.pukara.model;

import dev.pukara.kernels.Weights;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * A checkpoint folder as transformers saves it: config.json, model.safetensors or shards with
 * model.safetensors.index.json, tokenizer.json, tokenizer_config.json, chat_template.jinja (the
 * last three may be missing; asking for the tokenizer then fails).
 *
 * <p>Threads: free, until {@link #close()}.
 */
final class SafetensorsModel implements ModelFile {
  static final String CONFIG = "config.json";
  static final String INDEX = "model.safetensors.index.json";
  static final String SINGLE = "model.safetensors";
  static final String TOKENIZER = "tokenizer.json";
  static final String TOKENIZER_CONFIG = "tokenizer_config.json";
  static final String CHAT_TEMPLATE = "chat_template.jinja";

  private static final long CONFIG_BYTES_MAX = 4L << 20;
  private static final long INDEX_BYTES_MAX = 16L << 20;
  private static final long TOKENIZER_BYTES_MAX = 64L << 20;

  /** Of the tensors that old checkpoints hold although the configuration says it all. */
  private static final String INVERSE_FREQUENCIES = ".rotary_emb.inv_freq";

  private final Path path;
  private final Path folder;
  private final Arena arena;

  /** Mapped weights and small files by name. */
  private final Map<String, MemorySegment> files = new TreeMap<>();

  private final JsonFields configJson;
  private final LlamaConfig config;
  private final StoredTensors tensors;
  private final Supplier<String> digest;
  private final Supplier<TokenizerSpec> tokenizer;

  private SafetensorsModel(Path path, Arena arena) throws IOException {
    boolean isFolder = Files.isDirectory(path);
    Path parent = path.toAbsolutePath().getParent();
    this.path = path;
    this.folder = isFolder || parent == null ? path : parent;
    this.arena = arena;
    if (!Files.exists(folder.resolve(CONFIG))) {
      throw new FormatException(
          MappedFile.name(folder.toAbsolutePath())
              + ": no config.json, expected the whole checkpoint folder; "
              + FormatException.FETCH_AGAIN);
    }
    SequencedMap<String, StoredTensor> byName = new LinkedHashMap<>();
    if (!isFolder) {
      load(MappedFile.name(path), byName);
    } else if (Files.exists(folder.resolve(INDEX))) {
      loadShards(byName);
    } else {
      load(SINGLE, byName);
    }
    byName.keySet().removeIf(name -> name.endsWith(INVERSE_FREQUENCIES));
    this.tensors = new StoredTensors(MappedFile.name(path), byName);
    this.configJson = JsonFields.read(folder.resolve(CONFIG), CONFIG_BYTES_MAX);
    this.config = ConfigJson.read(configJson, !tensors.has(LlamaTensors.HEAD));
    LlamaTensors.check(tensors.file(), config, byName);
    for (String small : List.of(CONFIG, INDEX, TOKENIZER, TOKENIZER_CONFIG, CHAT_TEMPLATE)) {
      if (Files.exists(folder.resolve(small))) {
        files.put(small, MappedFile.map(folder.resolve(small), arena));
      }
    }
    this.tokenizer = Once.of(this::readTokenizer);
    this.digest = Once.of(this::computeDigest);
  }

  static SafetensorsModel open(Path path) throws IOException {
    Arena arena = Arena.ofShared();
    try {
      return new SafetensorsModel(path, arena);
    } catch (Throwable e) {
      arena.close();
      throw e;
    }
  }

  private void load(String name, SequencedMap<String, StoredTensor> byName) throws IOException {
    Path file = folder.resolve(name);
    if (!Files.exists(file)) {
      throw new FormatException(
          MappedFile.name(folder.toAbsolutePath())
              + ": no "
              + name
              + ", expected the weights beside config.json; "
              + FormatException.FETCH_AGAIN);
    }
    MemorySegment data = MappedFile.map(file, arena);
    files.put(name, data);
    SafetensorsFile.parse(name, data)
        .forEach(
            (tensor, stored) -> {
              if (byName.put(tensor, stored) != null) {
                throw new FormatException(
                    name
                        + ": tensor "
                        + tensor
                        + " is in another shard too, expected it once; "
                        + FormatException.FETCH_AGAIN);
              }
            });
  }

  private void loadShards(SequencedMap<String, StoredTensor> byName) throws IOException {
    JsonFields map = JsonFields.read(folder.resolve(INDEX), INDEX_BYTES_MAX).object("weight_map");
    TreeSet<String> shards = new TreeSet<>();
    for (String tensor : map.node().propertyNames()) {
      String shard = map.string(tensor);
      // The name comes from the file: it must not lead out of the folder.
      if (!shard.matches("[A-Za-z0-9._-]+\\.safetensors")) {
        throw map.unexpected(tensor, map.node().get(tensor), "a file name that ends .safetensors");
      }
      shards.add(shard);
    }
    for (String shard : shards) {
      load(shard, byName);
    }
    for (String tensor : map.node().propertyNames()) {
      if (!byName.containsKey(tensor)) {
        throw map.broken("no tensor " + tensor + " in " + map.string(tensor));
      }
    }
  }

  private TokenizerSpec readTokenizer() {
    try {
      return TokenizerJson.read(
          small(TOKENIZER, TOKENIZER_BYTES_MAX)
              .orElseThrow(
                  () ->
                      new FormatException(
                          MappedFile.name(folder.toAbsolutePath())
                              + ": no tokenizer.json; save the tokenizer there with transformers'"
                              + " AutoTokenizer.save_pretrained")),
          tokenizerConfig(),
          configJson,
          config.vocabulary());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private @Nullable JsonFields tokenizerConfig() throws IOException {
    return small(TOKENIZER_CONFIG, CONFIG_BYTES_MAX).orElse(null);
  }

  private Optional<JsonFields> small(String name, long maxBytes) throws IOException {
    Path file = folder.resolve(name);
    return Files.exists(file) ? Optional.of(JsonFields.read(file, maxBytes)) : Optional.empty();
  }

  private String computeDigest() {
    Map<String, String> digests = new TreeMap<>();
    files.forEach((name, data) -> digests.put(name, DigestMemo.of(folder.resolve(name), data)));
    return digestOf(digests);
  }

  private static String digestOf(Map<String, String> digests) {
    if (digests.size() == 1) {
      return digests.values().iterator().next();
    }
    StringBuilder lines = new StringBuilder();
    digests.forEach((name, digest) -> lines.append(digest).append("  ").append(name).append('\n'));
    return Sha256.of(lines.toString().getBytes(StandardCharsets.UTF_8));
  }

  @Override
  public Path path() {
    return path;
  }

  @Override
  public LlamaConfig config() {
    return config;
  }

  @Override
  public Weights weights(String name, int rows, int cols) {
    return tensors.weights(name, rows, cols, null);
  }

  @Override
  public float[] vector(String name, int length) {
    return tensors.vector(name, length);
  }

  @Override
  public boolean has(String name) {
    return tensors.has(name);
  }

  @Override
  public SequencedMap<String, TensorInfo> tensors() {
    return tensors.infos();
  }

  @Override
  public Map<String, Object> metadata() {
    return Collections.unmodifiableMap(configJson.plain());
  }

  @Override
  public TokenizerSpec tokenizer() {
    return tokenizer.get();
  }

  @Override
  public Optional<String> chatTemplate() {
    try {
      Path file = folder.resolve(CHAT_TEMPLATE);
      if (Files.exists(file)) {
        return Optional.of(readText(file));
      }
      JsonFields fields = tokenizerConfig();
      return fields == null ? Optional.empty() : chatTemplate(fields);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String readText(Path file) throws IOException {
    try {
      return Files.readString(file);
    } catch (CharacterCodingException e) {
      throw new FormatException(
          MappedFile.name(file) + ": not valid UTF-8; " + FormatException.FETCH_AGAIN, e);
    }
  }

  /** A string, or a list of named templates, of which the one called default counts. */
  private static Optional<String> chatTemplate(JsonFields fields) {
    Optional<JsonNode> value = fields.optional("chat_template");
    if (value.isEmpty() || !value.get().isArray()) {
      return fields.optionalString("chat_template");
    }
    List<JsonFields> templates = fields.objects("chat_template");
    return templates.stream()
        .filter(t -> t.optionalString("name").orElse("").equals("default"))
        .findFirst()
        .or(() -> templates.stream().findFirst())
        .map(t -> t.string("template"));
  }

  @Override
  public long bytes() {
    return files.values().stream().mapToLong(MemorySegment::byteSize).sum();
  }

  @Override
  public String digest() {
    return digest.get();
  }

  @Override
  public Optional<String> knownDigest() {
    Map<String, String> digests = new TreeMap<>();
    for (Map.Entry<String, MemorySegment> each : files.entrySet()) {
      Optional<String> known = DigestMemo.known(folder.resolve(each.getKey()), each.getValue());
      if (known.isEmpty()) {
        return Optional.empty();
      }
      digests.put(each.getKey(), known.get());
    }
    return Optional.of(digestOf(digests));
  }

  @Override
  public void close() {
    arena.close();
  }
}
