package dev.pukara.app.cli;

import dev.pukara.rows.TextFile;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * What verdicts come from beside model, policy and format, which stand in every line: the input and
 * the options. It is kept beside the output; rows without ids would not tell.
 *
 * @param file where it is kept
 * @param in the input
 * @param options those that verdicts depend on, with their values
 */
record BatchOrigin(Path file, Path in, Map<String, String> options) {
  private static final JsonMapper JSON = new JsonMapper();
  private static final int BUFFER_BYTES = 1 << 16;

  /** The origin of an output file. */
  static BatchOrigin of(Path out, Path in, Map<String, String> options) throws IOException {
    Path real = out.toRealPath();
    return new BatchOrigin(real.resolveSibling(real.getFileName() + ".run"), in, options);
  }

  /** Told what differs between what was kept and now. */
  interface Comparison {
    /** Fails if the two are not the same. */
    void same(String what, String kept, String now);
  }

  /** Compares with what an earlier run kept, if it did. An input may have grown. */
  void compare(Comparison comparison) throws IOException {
    Optional<JsonNode> earlier = kept();
    if (earlier.isEmpty()) {
      return;
    }
    JsonNode kept = earlier.get();
    options.forEach(
        (name, value) ->
            comparison.same(name, kept.path("options").path(name).asString(""), value));
    String begins = digest(kept.path("bytes").asLong(0));
    comparison.same("input", kept.path("input").asString(""), begins);
  }

  /** What an earlier run kept, if it did; any other file in its place is an error. */
  private Optional<JsonNode> kept() throws IOException {
    if (!Files.exists(file)) {
      return Optional.empty();
    }
    String cure = ", but the place where check --jsonl keeps what made --out; choose another --out";
    if (Files.isSameFile(file, in)) {
      throw new UserException(file + ": this is the input" + cure);
    }
    try (InputStream stream = Files.newInputStream(file)) {
      JsonNode kept = JSON.readTree(stream);
      if (kept.has("input") && kept.has("options")) {
        return Optional.of(kept);
      }
      throw new UserException(file + ": this is another file" + cure);
    } catch (JacksonException e) {
      throw new UserException(file + ": this is another file" + cure, e);
    }
  }

  /** Keeps it for later runs; only what an earlier run kept is overwritten. */
  void keep() throws IOException {
    kept();
    long bytes = Files.size(in);
    Map<String, Object> object = new LinkedHashMap<>();
    object.put("input", digest(bytes));
    object.put("bytes", bytes);
    object.put("options", options);
    TextFile.replace(file, JSON.writeValueAsString(object) + "\n");
  }

  /** SHA-256 of the input's first bytes. */
  private String digest(long bytes) throws IOException {
    MessageDigest digest;
    try {
      digest = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
    byte[] buffer = new byte[BUFFER_BYTES];
    try (InputStream stream = Files.newInputStream(in)) {
      long left = bytes;
      int read;
      while ((read = stream.read(buffer, 0, (int) Math.min(left, BUFFER_BYTES))) > 0) {
        digest.update(buffer, 0, read);
        left -= read;
      }
    }
    return HexFormat.of().formatHex(digest.digest());
  }
}
