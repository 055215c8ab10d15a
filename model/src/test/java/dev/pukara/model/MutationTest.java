package dev.pukara.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import com.sun.management.ThreadMXBean;
import dev.pukara.kernels.BlockFormat;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.SplittableRandom;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestReporter;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * Damaged files: whatever a header says, opening it gives a model or one {@link FormatException},
 * in bounded time and memory. Another seed: {@code -Dpukara.test.seed=N}.
 */
class MutationTest {
  private static final long SEED = Long.getLong("pukara.test.seed", 20_261_124);
  private static final int GGUF_RANDOM = 25_000;
  private static final int SAFETENSORS_HEADERS = 6_000;
  private static final int JSON_FILES = 5_000;
  private static final int INDEXES = 500;

  /** Reading the undamaged file allocates less than a tenth of it. */
  private static final long ALLOCATED_BYTES_MAX = 32L << 20;

  private static final long NANOS_MAX = 5_000_000_000L;

  /** What counts, sizes, lengths and offsets are replaced with. */
  private static final long[] NUMBERS = {
    0,
    1,
    2,
    3,
    31,
    33,
    255,
    65_535,
    1 << 20,
    0x7fff_ffffL,
    0x8000_0000L,
    0xffff_ffffL,
    1L << 32,
    1L << 40,
    Long.MAX_VALUE - 31,
    Long.MAX_VALUE,
    Long.MIN_VALUE,
    -1,
    -32,
  };

  @TempDir static Path temp;

  private static byte[] gguf = {};
  private static int ggufHeaderBytes;
  private static Path folder = Path.of("");
  private static LlamaConfig config = SyntheticModel.Shape.TINY.config();

  private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
  private final TestReporter reporter;
  private final List<String> accepted = new ArrayList<>();
  private int rejected;

  MutationTest(TestReporter reporter) {
    this.reporter = reporter;
  }

  /** A model of few bytes: random flips then hit fields, not weights. */
  @BeforeAll
  static void makeModel() throws IOException {
    config = new LlamaConfig(1, 32, 32, 2, 1, 16, 12, 64, 1e-5f, 1e4, rope(), false);
    TokenizerSpec spec =
        new TokenizerSpec(
            TokenizerSpec.Kind.BYTE_BPE,
            TokenizerSpec.Pre.LLAMA3,
            List.of("a", "b", "c", "ab", "abc", "<|begin_of_text|>", "<|eot_id|>"),
            new int[] {1, 1, 1, 1, 1, 3, 3},
            new float[0],
            List.of("a b", "ab c"),
            5,
            6,
            -1,
            true,
            false,
            true);
    List<TensorContent> tensors =
        LlamaTensors.shapes(config).stream()
            .map(
                shape ->
                    new TensorContent(
                        shape.name(),
                        shape.vector() ? BlockFormat.F32 : BlockFormat.BF16,
                        shape.dimensions(),
                        (_, target) -> target.fill((byte) 0x3f)))
            .toList();
    SequencedMap<String, GgufValue> metadata = new LinkedHashMap<>();
    GgufContent.describe(metadata, "m", config, Optional.of(spec), Optional.of("{{ x }}"));
    metadata.put("general.alignment", GgufValue.u32(32));
    metadata.put("test.floats", GgufValue.array(GgufType.FLOAT32, List.of(1f, 2f)));
    metadata.put(
        "test.nested",
        GgufValue.array(
            GgufType.ARRAY, List.of(new GgufValue.Array(GgufType.UINT8, List.of(1L, 2L)))));
    List<TensorContent> placed = GgufContent.tensors(config, tensors);
    GgufWriter.write(temp.resolve("m.gguf"), metadata, placed);
    gguf = Files.readAllBytes(temp.resolve("m.gguf"));
    long dataBytes = placed.stream().mapToLong(t -> (t.bytes() + 31) / 32 * 32).sum();
    ggufHeaderBytes = (int) (gguf.length - dataBytes);
    folder = temp.resolve("m");
    SafetensorsWriter.write(
        folder, config, Optional.of(spec), Optional.of("{{ x }}"), tensors, 8_000);
  }

  private static RopeScaling rope() {
    return new RopeScaling.Llama3(8, 1, 4, 32);
  }

  @Test
  void everyFieldOfGgufReplaced() {
    check(gguf, "undamaged", MutationTest::openGguf);
    assertThat(accepted).hasSize(1);
    int tried = 0;
    for (int at = 0; at < ggufHeaderBytes - 8; at++) {
      for (long number : NUMBERS) {
        byte[] damaged = gguf.clone();
        boolean wide = (at & 1) == 0;
        ByteBuffer out = ByteBuffer.wrap(damaged).order(ByteOrder.LITTLE_ENDIAN);
        if (wide) {
          out.putLong(at, number);
        } else {
          out.putInt(at, (int) number);
        }
        check(damaged, at + " = " + number + (wide ? "L" : ""), MutationTest::openGguf);
        tried++;
      }
    }
    report("GGUF fields", tried);
    assertThat(tried).isGreaterThan(20_000);
  }

  @Test
  void ggufHeadersDamagedAtRandom() {
    SplittableRandom random = new SplittableRandom(SEED);
    for (int i = 0; i < GGUF_RANDOM; i++) {
      check(
          damage(gguf, ggufHeaderBytes, random), "seed " + SEED + " #" + i, MutationTest::openGguf);
    }
    report("GGUF headers", GGUF_RANDOM);
  }

  @Test
  void ggufCutAnywhere() {
    int tried = 0;
    for (int length = 0; length < gguf.length; length += length < ggufHeaderBytes ? 1 : 61) {
      check(Arrays.copyOf(gguf, length), "cut at " + length, MutationTest::openGguf);
      tried++;
    }
    report("cut GGUF files", tried);
    assertThat(accepted).isEmpty();
  }

  @Test
  void safetensorsHeadersDamaged() throws IOException {
    byte[] shard = Files.readAllBytes(folder.resolve("model-00001-of-00002.safetensors"));
    int header = 8 + (int) ByteBuffer.wrap(shard).order(ByteOrder.LITTLE_ENDIAN).getLong(0);
    SplittableRandom random = new SplittableRandom(SEED);
    for (int i = 0; i < SAFETENSORS_HEADERS; i++) {
      byte[] damaged =
          i % 2 == 0
              ? damage(shard, header, random)
              : withHeader(shard, header, json -> damageJson(json, random));
      check(
          damaged,
          "seed " + SEED + " #" + i,
          bytes ->
              SafetensorsFile.parse("m.safetensors", MemorySegment.ofArray(bytes))
                  .values()
                  .forEach(MutationTest::touch));
    }
    report("safetensors headers", SAFETENSORS_HEADERS);
  }

  @Test
  void configJsonDamaged() throws IOException {
    SequencedMap<String, StoredTensor> tensors = new LinkedHashMap<>();
    try (ModelFile file = ModelFile.open(folder)) {
      for (LlamaTensors.Shape shape : LlamaTensors.shapes(config)) {
        tensors.put(
            shape.name(),
            new StoredTensor(
                Objects.requireNonNull(file.tensors().get(shape.name())), MemorySegment.NULL));
      }
    }
    damageJsonFile(
        "config.json",
        bytes ->
            LlamaTensors.check(
                "m", ConfigJson.read(JsonFields.parse("config.json", bytes), false), tensors));
  }

  @Test
  void tokenizerJsonDamaged() throws IOException {
    JsonFields tokenizerConfig = JsonFields.read(folder.resolve("tokenizer_config.json"), 1 << 20);
    damageJsonFile(
        "tokenizer.json",
        bytes ->
            TokenizerJson.read(
                JsonFields.parse("tokenizer.json", bytes), tokenizerConfig, null, 12));
  }

  @Test
  void sentencePieceTokenizerJsonDamaged() throws IOException {
    byte[] whole = Files.readAllBytes(Golden.path("mha-tied").resolve("tokenizer.json"));
    SplittableRandom random = new SplittableRandom(SEED);
    for (int i = 0; i < JSON_FILES / 5; i++) {
      check(
          damageJson(whole, random),
          "seed " + SEED + " #" + i,
          bytes -> TokenizerJson.read(JsonFields.parse("tokenizer.json", bytes), null, null, 300));
    }
    report("SentencePiece tokenizer.json", JSON_FILES / 5);
  }

  @Test
  void tokenizerConfigJsonDamaged() throws IOException {
    JsonFields tokenizer = JsonFields.read(folder.resolve("tokenizer.json"), 1 << 20);
    damageJsonFile(
        "tokenizer_config.json",
        bytes ->
            TokenizerJson.read(
                tokenizer, JsonFields.parse("tokenizer_config.json", bytes), null, 12));
  }

  private void damageJsonFile(String name, Reader reader) throws IOException {
    byte[] whole = Files.readAllBytes(folder.resolve(name));
    check(whole, "undamaged", reader);
    assertThat(accepted).hasSize(1);
    SplittableRandom random = new SplittableRandom(SEED);
    for (int i = 0; i < JSON_FILES; i++) {
      byte[] damaged = i % 2 == 0 ? damage(whole, whole.length, random) : damageJson(whole, random);
      check(damaged, "seed " + SEED + " #" + i, reader);
    }
    report(name, JSON_FILES);
  }

  @Test
  void indexDamaged() throws IOException {
    Path index = folder.resolve("model.safetensors.index.json");
    byte[] whole = Files.readAllBytes(index);
    SplittableRandom random = new SplittableRandom(SEED);
    try {
      for (int i = 0; i < INDEXES; i++) {
        Files.write(
            index, i % 2 == 0 ? damage(whole, whole.length, random) : damageJson(whole, random));
        check(
            whole,
            "seed " + SEED + " #" + i,
            _ -> {
              try (ModelFile file = ModelFile.open(folder)) {
                file.tensors();
              }
            });
      }
    } finally {
      Files.write(index, whole);
    }
    report("indexes", INDEXES);
  }

  private interface Reader {
    void read(byte[] bytes) throws IOException;
  }

  /** Everything that can be asked of a model. */
  private static void openGguf(byte[] bytes) {
    GgufModel model =
        new GgufModel(Path.of("m.gguf"), Arena.global(), MemorySegment.ofArray(bytes));
    for (LlamaTensors.Shape shape : LlamaTensors.shapes(model.config())) {
      if (shape.vector()) {
        model.vector(shape.name(), shape.cols());
      } else {
        model.weights(shape.name(), shape.rows(), shape.cols()).row(shape.rows() - 1);
      }
    }
    model.config().ropeScaling().frequencies(model.config().ropeBase(), model.config().headSize());
    model.metadata();
    model.chatTemplate();
    model.tokenizer();
  }

  private static void touch(StoredTensor tensor) {
    if (tensor.data().byteSize() > 0) {
      tensor.data().get(ValueLayout.JAVA_BYTE, tensor.data().byteSize() - 1);
    }
  }

  private void check(byte[] bytes, String what, Reader reader) {
    long allocated = threads.getCurrentThreadAllocatedBytes();
    long start = System.nanoTime();
    try {
      reader.read(bytes);
      accepted.add(what);
    } catch (FormatException e) {
      rejected++;
      String message = String.valueOf(e.getMessage());
      if (!message.contains(";")) {
        fail(what + ": a message without a cure: " + message);
      }
    } catch (Throwable e) {
      fail(what + ": expected a model or a FormatException, got " + e, e);
    }
    long nanos = System.nanoTime() - start;
    long bytesAllocated = threads.getCurrentThreadAllocatedBytes() - allocated;
    if (nanos > NANOS_MAX || bytesAllocated > ALLOCATED_BYTES_MAX) {
      fail(what + ": took " + nanos + " ns and " + bytesAllocated + " bytes of heap");
    }
  }

  private void report(String what, int tried) {
    reporter.publishEntry(
        what, String.format(Locale.ROOT, "%d tried, %d refused, seed %d", tried, rejected, SEED));
    assertThat(rejected).as("refused of %s %s", tried, what).isGreaterThan(tried / 4);
  }

  /** Flips, overwrites, moves, inserts or cuts bytes of the header. */
  private static byte[] damage(byte[] whole, int headerBytes, SplittableRandom random) {
    byte[] bytes = whole.clone();
    int times = 1 + random.nextInt(4);
    for (int i = 0; i < times; i++) {
      int at = random.nextInt(Math.min(headerBytes, bytes.length));
      switch (random.nextInt(6)) {
        case 0 -> bytes[at] ^= (byte) (1 << random.nextInt(8));
        case 1 -> bytes[at] = (byte) random.nextInt(256);
        case 2 -> {
          if (at + 8 <= bytes.length) {
            ByteBuffer.wrap(bytes)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(at, NUMBERS[random.nextInt(NUMBERS.length)]);
          }
        }
        case 3 -> {
          int from = random.nextInt(Math.min(headerBytes, bytes.length));
          int count = Math.min(random.nextInt(1, 64), bytes.length - Math.max(at, from));
          System.arraycopy(bytes.clone(), from, bytes, at, count);
        }
        case 4 -> {
          int gap = random.nextInt(1, 32);
          byte[] longer = Arrays.copyOf(bytes, bytes.length + gap);
          System.arraycopy(bytes, at, longer, at + gap, bytes.length - at);
          bytes = longer;
        }
        default -> {
          if (times == 1) {
            bytes = Arrays.copyOf(bytes, at + 1);
          }
        }
      }
    }
    return bytes;
  }

  /** Replaces, drops or doubles one value of a JSON document, so that it stays JSON. */
  private static byte[] damageJson(byte[] json, SplittableRandom random) {
    JsonNode root = JsonFields.MAPPER.readTree(json);
    List<JsonNode> parents = new ArrayList<>();
    collect(root, parents);
    JsonNode parent = parents.get(random.nextInt(parents.size()));
    JsonNode value = replacement(root, parents, random);
    if (parent instanceof ObjectNode object) {
      List<String> names = List.copyOf(object.propertyNames());
      String name = names.get(random.nextInt(names.size()));
      switch (random.nextInt(4)) {
        case 0 -> object.remove(name);
        case 1 -> object.set(name + "2", object.get(name));
        default -> object.set(name, value);
      }
    } else if (parent instanceof ArrayNode array) {
      int at = random.nextInt(array.size());
      switch (random.nextInt(4)) {
        case 0 -> array.remove(at);
        case 1 -> array.add(array.get(at));
        default -> array.set(at, value);
      }
    }
    return JsonFields.MAPPER.writeValueAsBytes(root);
  }

  private static void collect(JsonNode node, List<JsonNode> parents) {
    if (node.isContainer() && !node.isEmpty()) {
      parents.add(node);
      node.values().forEach(child -> collect(child, parents));
    }
  }

  private static JsonNode replacement(
      JsonNode root, List<JsonNode> parents, SplittableRandom random) {
    JsonNodeFactory make = JsonNodeFactory.instance;
    return switch (random.nextInt(12)) {
      case 0 -> make.nullNode();
      case 1 -> make.booleanNode(random.nextBoolean());
      case 2 -> make.stringNode("");
      case 3 -> make.stringNode("x y z");
      case 4 -> make.arrayNode();
      case 5 -> make.objectNode();
      case 6 -> make.numberNode(random.nextDouble() * 1e300);
      case 7 -> make.numberNode(-random.nextInt(1, 100));
      case 8 -> make.numberNode(random.nextInt(100));
      case 9 -> make.numberNode(BigInteger.TWO.pow(random.nextInt(1, 200)));
      case 10 -> parents.get(random.nextInt(parents.size())).deepCopy();
      default -> make.numberNode(NUMBERS[random.nextInt(NUMBERS.length)]);
    };
  }

  private static byte[] withHeader(byte[] file, int headerBytes, UnaryOperator<byte[]> change) {
    byte[] header = change.apply(Arrays.copyOfRange(file, 8, headerBytes));
    byte[] changed = new byte[8 + header.length + file.length - headerBytes];
    ByteBuffer.wrap(changed)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putLong(header.length)
        .put(header)
        .put(file, headerBytes, file.length - headerBytes);
    return changed;
  }
}
