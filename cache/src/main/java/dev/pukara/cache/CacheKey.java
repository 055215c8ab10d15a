package dev.pukara.cache;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/**
 * Everything that a kept file depends on. A file is used only if its whole key is equal.
 *
 * @param kind what the file holds, a word: {@code weights}
 * @param facts in order, {@code "name=value"}
 */
public record CacheKey(String kind, List<String> facts) {
  private static final int NAME_BYTES = 16;

  /** Copies the facts. */
  public CacheKey {
    facts = List.copyOf(facts);
  }

  /** The same with one more fact. */
  public CacheKey with(String name, String value) {
    List<String> more = new ArrayList<>(facts);
    more.add(name + "=" + value.replace('\n', ' '));
    return new CacheKey(kind, more);
  }

  /** The same facts of another kind. */
  public CacheKey ofKind(String other) {
    return new CacheKey(other, facts);
  }

  /** Without facts. */
  public static CacheKey of(String kind) {
    return new CacheKey(kind, List.of());
  }

  byte[] bytes() {
    return (kind + "\n" + String.join("\n", facts)).getBytes(StandardCharsets.UTF_8);
  }

  /** Different keys have different file names, but for chance. */
  String fileName() {
    try {
      byte[] hash = MessageDigest.getInstance("SHA-256").digest(bytes());
      return kind + "-" + HexFormat.of().formatHex(hash, 0, NAME_BYTES) + CacheFile.SUFFIX;
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }
}
