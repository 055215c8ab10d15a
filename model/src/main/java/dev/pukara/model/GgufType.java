package dev.pukara.model;

import java.util.Locale;
import java.util.Optional;

/** The types of GGUF's metadata values, in the order of their numbers. */
enum GgufType {
  UINT8(1),
  INT8(1),
  UINT16(2),
  INT16(2),
  UINT32(4),
  INT32(4),
  FLOAT32(4),
  BOOL(1),
  STRING(8),
  ARRAY(12),
  UINT64(8),
  INT64(8),
  FLOAT64(8);

  private static final GgufType[] BY_ID = values();

  private final int minBytes;

  GgufType(int minBytes) {
    this.minBytes = minBytes;
  }

  static Optional<GgufType> ofId(long id) {
    return id >= 0 && id < BY_ID.length ? Optional.of(BY_ID[(int) id]) : Optional.empty();
  }

  int id() {
    return ordinal();
  }

  /** Bytes that the smallest value takes; exact but for strings and arrays. */
  int minBytes() {
    return minBytes;
  }

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
