package dev.pukara.model;

import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Tokens as the bytes they stand for. Only normal tokens are found by their bytes: whatever a text
 * spells, control, user-defined, unknown and unused tokens are out of its reach.
 */
final class Vocabulary {
  private static final int NORMAL = 1;
  private static final int CONTROL = 3;
  private static final int USER_DEFINED = 4;
  private static final int BYTE = 6;

  /** Bytes of all tokens, one after the other. */
  private final byte[] bytes;

  /** (tokens + 1): where each token's bytes start. */
  private final int[] offsets;

  private final int[] types;

  /**
   * Open addressing with linear probing: normal tokens by the hash of their bytes, -1 where free.
   */
  private final int[] slots;

  /**
   * (256): for byte BPE the normal token of each byte, for SentencePiece its byte token; -1 if
   * there is none.
   */
  private final int[] byteTokens = new int[256];

  private final boolean symbolsAreBytes;

  /** Tokens that are not normal, by the text they have in the file. */
  private final Map<String, Integer> reserved = new HashMap<>();

  /**
   * @throws FormatException if types are missing, or a byte token has another form or is missing
   */
  Vocabulary(TokenizerSpec spec) {
    List<String> tokens = spec.tokens();
    types = spec.types();
    if (types.length != tokens.size()) {
      throw new FormatException(
          "tokenizer: "
              + types.length
              + " token types, expected "
              + tokens.size()
              + ", one per token; the file is broken");
    }
    symbolsAreBytes = spec.kind() == TokenizerSpec.Kind.BYTE_BPE;
    offsets = new int[tokens.size() + 1];
    TokenBytes spelled = new TokenBytes();
    for (int id = 0; id < types.length; id++) {
      String token = tokens.get(id);
      if (types[id] == BYTE) {
        spelled.add(byteValue(token, id));
      } else if (types[id] == NORMAL || !symbolsAreBytes) {
        spelled.addToken(spec.kind(), token, 0, token.length());
      } else {
        spelled.addText(token);
      }
      if (types[id] != NORMAL) {
        reserved.putIfAbsent(token, id);
      }
      offsets[id + 1] = spelled.length();
    }
    bytes = Arrays.copyOf(spelled.array(), spelled.length());
    slots = new int[Integer.highestOneBit(Math.max(8, types.length)) * 4];
    indexNormalTokens();
    indexByteTokens();
  }

  private void indexNormalTokens() {
    Arrays.fill(slots, -1);
    for (int id = 0; id < types.length; id++) {
      if (types[id] != NORMAL || offsets[id] == offsets[id + 1]) {
        continue;
      }
      int slot =
          slot(bytes, offsets[id], offsets[id + 1], Hash.of(bytes, offsets[id], offsets[id + 1]));
      // Of two tokens of the same bytes the first counts.
      if (slots[slot] < 0) {
        slots[slot] = id;
      }
    }
  }

  private static int byteValue(String token, int id) {
    if (token.length() == 6 && token.startsWith("<0x") && token.endsWith(">")) {
      int high = Character.digit(token.charAt(3), 16);
      int low = Character.digit(token.charAt(4), 16);
      if (high >= 0 && low >= 0) {
        return high << 4 | low;
      }
    }
    throw new FormatException(
        "tokenizer: token "
            + id
            + " is of type byte but reads '"
            + token
            + "', expected <0x00> to <0xFF>");
  }

  private void indexByteTokens() {
    Arrays.fill(byteTokens, -1);
    for (int id = 0; id < types.length; id++) {
      boolean symbol = types[id] == (symbolsAreBytes ? NORMAL : BYTE);
      if (symbol && offsets[id + 1] - offsets[id] == 1) {
        int value = bytes[offsets[id]] & 0xFF;
        byteTokens[value] = byteTokens[value] < 0 ? id : byteTokens[value];
      }
    }
    for (int value = 0; value < 256 && !symbolsAreBytes; value++) {
      if (byteTokens[value] < 0) {
        throw new FormatException(
            String.format(
                Locale.ROOT,
                "tokenizer: no byte token <0x%02X>, expected all 256;"
                    + " SentencePiece without byte fallback is not supported",
                value));
      }
    }
  }

  int size() {
    return types.length;
  }

  boolean isNormal(int id) {
    return types[id] == NORMAL;
  }

  boolean isControl(int id) {
    return types[id] == CONTROL;
  }

  /** Id of the control or user-defined token, or -1. */
  int special(String name) {
    int id = reserved.getOrDefault(name, -1);
    return id >= 0 && (types[id] == CONTROL || types[id] == USER_DEFINED) ? id : -1;
  }

  /** True if the file holds a token of this text that is not normal. */
  boolean isReserved(String token) {
    return reserved.containsKey(token);
  }

  /** Id of the normal or byte token that stands for exactly this text, or -1. */
  int token(byte[] text) {
    int id = find(text, 0, text.length);
    return id < 0 && text.length == 1 ? byteTokens[text[0] & 0xFF] : id;
  }

  /** Id of the normal token of bytes {@code text[from..to)}, or -1. */
  int find(byte[] text, int from, int to) {
    return find(text, from, to, Hash.of(text, from, to));
  }

  /** The same for a {@linkplain Hash#of hash} at hand. */
  int find(byte[] text, int from, int to, int hash) {
    return slots[slot(text, from, to, hash)];
  }

  private int slot(byte[] text, int from, int to, int hash) {
    int slot = Hash.slot(hash, slots.length);
    while (slots[slot] >= 0
        && !Arrays.equals(bytes, offsets[slots[slot]], offsets[slots[slot] + 1], text, from, to)) {
      slot = slot + 1 & slots.length - 1;
    }
    return slot;
  }

  /**
   * What merging starts from: a token for each byte (byte BPE) or each character, or each of its
   * bytes if no normal token holds it (SentencePiece). A byte that has no token is left out, as
   * Hugging Face tokenizers do (SmolLM2 lacks six control characters, such as U+0004, and what only
   * broken text or unassigned planes need).
   *
   * @param symbols receives the ids, holds at least {@code to - from}
   * @return how many they are
   */
  int symbols(byte[] text, int from, int to, int[] symbols) {
    int count = 0;
    for (int i = from; i < to; ) {
      int end = symbolsAreBytes ? i + 1 : i + Characters.width(text[i]);
      int whole = symbolsAreBytes ? -1 : find(text, i, end);
      if (whole >= 0) {
        symbols[count++] = whole;
        i = end;
      }
      for (; i < end; i++) {
        int id = byteTokens[text[i] & 0xFF];
        if (id >= 0) {
          symbols[count++] = id;
        }
      }
    }
    return count;
  }

  /** Adds the token's bytes; a control token's are its name. */
  void spell(int id, TokenBytes out) {
    for (int i = offsets[id]; i < offsets[id + 1]; i++) {
      out.add(bytes[i]);
    }
  }

  /** First byte of the token's bytes in {@link #bytes()}. */
  int offset(int id) {
    return offsets[id];
  }

  /** First byte after them. */
  int end(int id) {
    return offsets[id + 1];
  }

  /** Bytes of all tokens; not to be written to. */
  byte[] bytes() {
    return bytes;
  }
}
