package dev.pukara.model;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * A made-up byte-level BPE vocabulary of any size: the 256 bytes, merges, then Llama 3.1's 256
 * special tokens, so that at 128,256 tokens the special ones have their real ids. The first merges
 * make the answers of the Llama Guard formats single tokens; the rest are strings of letters.
 */
final class SyntheticVocabulary {
  static final int SPECIALS = 256;

  private static final int BYTES = 256;
  private static final String BLANK = "\u0120";
  private static final String NEWLINE = "\u010a";
  private static final int BOS = 0;
  private static final int EOT = 9;

  /** Llama 3.1's named special tokens by their place; the others are reserved ones. */
  private static final String[] NAMED = {
    "<|begin_of_text|>",
    "<|end_of_text|>",
    "",
    "",
    "<|finetune_right_pad_id|>",
    "",
    "<|start_header_id|>",
    "<|end_header_id|>",
    "<|eom_id|>",
    "<|eot_id|>",
    "<|python_tag|>",
  };

  private final int mergeCount;
  private final LinkedHashSet<String> tokens = new LinkedHashSet<>();
  private final Set<String> made = new HashSet<>();
  private final List<String> merges = new ArrayList<>();

  private SyntheticVocabulary(int mergeCount) {
    this.mergeCount = mergeCount;
  }

  /**
   * Makes a vocabulary.
   *
   * @param size number of tokens, at least 640
   */
  static TokenizerSpec of(int size) {
    return new SyntheticVocabulary(size - BYTES - SPECIALS).make();
  }

  private TokenizerSpec make() {
    tokens.addAll(byteAlphabet());
    chain("s", "a", "f", "e");
    chain("u", "n");
    merge("un", "safe");
    merge(BLANK, "safe");
    merge(BLANK, "unsafe");
    merge(NEWLINE, NEWLINE);
    grow();
    int first = tokens.size();
    addSpecials();
    int[] types = new int[tokens.size()];
    Arrays.fill(types, 0, first, 1);
    Arrays.fill(types, first, types.length, 3);
    return new TokenizerSpec(
        TokenizerSpec.Kind.BYTE_BPE,
        TokenizerSpec.Pre.LLAMA3,
        List.copyOf(tokens),
        types,
        new float[0],
        List.copyOf(merges),
        first + BOS,
        first + EOT,
        -1,
        true,
        false,
        true);
  }

  /** GPT-2's letters for bytes: printable ones stand for themselves, the rest from U+0100 on. */
  private static List<String> byteAlphabet() {
    List<String> printable = new ArrayList<>();
    List<String> rest = new ArrayList<>();
    for (int b = 0; b < BYTES; b++) {
      boolean itself = (b >= 0x21 && b <= 0x7e) || (b >= 0xa1 && b != 0xad);
      if (itself) {
        printable.add(Character.toString(b));
      } else {
        rest.add(Character.toString(BYTES + rest.size()));
      }
    }
    printable.addAll(rest);
    return printable;
  }

  private void chain(String... parts) {
    String word = parts[0];
    for (int i = 1; i < parts.length; i++) {
      merge(word, parts[i]);
      word += parts[i];
    }
  }

  private void merge(String left, String right) {
    if (merges.size() < mergeCount && made.add(left + right)) {
      tokens.add(left + right);
      merges.add(left + " " + right);
    }
  }

  /** Appends a letter to blank and letters, then to what that made, and so on. */
  private void grow() {
    List<String> words = new ArrayList<>(List.of(BLANK));
    for (char letter = 'a'; letter <= 'z'; letter++) {
      words.add(String.valueOf(letter));
    }
    for (int i = 0; merges.size() < mergeCount; i++) {
      for (char letter = 'a'; letter <= 'z'; letter++) {
        merge(words.get(i), String.valueOf(letter));
        words.add(words.get(i) + letter);
      }
    }
  }

  private void addSpecials() {
    int reserved = 0;
    for (int i = 0; i < SPECIALS; i++) {
      boolean named = i < NAMED.length && !NAMED[i].isEmpty();
      tokens.add(named ? NAMED[i] : "<|reserved_special_token_" + reserved++ + "|>");
    }
  }
}
