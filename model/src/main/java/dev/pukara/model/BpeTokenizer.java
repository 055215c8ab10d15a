package dev.pukara.model;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Byte-level BPE (GPT-2, SmolLM2, Llama 3) and SentencePiece BPE (Llama 2), which differ in what
 * merging starts from and in how text is cut, not in the merging.
 *
 * <p>Text cannot name a token that is not normal. User-defined tokens are no exception,
 * SentencePiece's symbols of that type included: they are cut into ordinary tokens, as Hugging Face
 * tokenizers do with added tokens that are marked special when special tokens are escaped. Files
 * mark chat frames such as {@code <|im_start|>} as user-defined often enough, and nothing in them
 * tells such a frame from a harmless symbol.
 */
final class BpeTokenizer implements Tokenizer {
  private final TokenizerSpec spec;
  private final Vocabulary vocabulary;
  private final Merges merges;
  private final PreTokenizer preTokenizer;
  private final PieceCache cache = new PieceCache();

  BpeTokenizer(TokenizerSpec spec) {
    this.spec = spec;
    vocabulary = new Vocabulary(spec);
    merges = Merges.of(spec, vocabulary);
    preTokenizer =
        switch (spec.kind()) {
          case BYTE_BPE -> PreTokenizer.of(spec.pre());
          case SENTENCEPIECE -> new WordCuts(vocabulary);
        };
  }

  @Override
  public int[] encode(String text) {
    byte[] bytes = Utf8.encode(withBlanks(text));
    Tokens tokens = new Tokens(bytes.length / 3 + 8);
    Merger merger = new Merger(merges);
    for (int from = 0, to; from < bytes.length; from = to) {
      to = preTokenizer.end(bytes, from);
      encodePiece(bytes, from, to, merger, tokens);
    }
    return tokens.toArray();
  }

  /**
   * The text as SentencePiece sees it: a blank before it, and its stand-in for a blank is none of
   * the text's own.
   */
  private String withBlanks(String text) {
    if (spec.kind() != TokenizerSpec.Kind.SENTENCEPIECE || text.isEmpty()) {
      return text;
    }
    String blanks = text.replace(TokenBytes.BLANK, ' ');
    return spec.addSpacePrefix() ? ' ' + blanks : blanks;
  }

  private void encodePiece(byte[] text, int from, int to, Merger merger, Tokens tokens) {
    if (spec.ignoreMerges()) {
      int whole = vocabulary.find(text, from, to);
      if (whole >= 0) {
        tokens.add(whole);
        return;
      }
    }
    if (to - from > PieceCache.PIECE_BYTES_MAX) {
      tokens.add(merge(text, from, to, merger));
      return;
    }
    int[] merged = cache.get(text, from, to);
    if (merged == null) {
      merged = merge(text, from, to, merger);
      cache.put(text, from, to, merged);
    }
    tokens.add(merged);
  }

  private int[] merge(byte[] text, int from, int to, Merger merger) {
    int[] symbols = new int[to - from];
    int count = merger.merge(symbols, vocabulary.symbols(text, from, to, symbols));
    return Arrays.copyOf(symbols, count);
  }

  @Override
  public String decode(int[] ids) {
    TokenBytes bytes = new TokenBytes();
    for (int id : ids) {
      if (id < 0 || id >= size()) {
        throw new IllegalArgumentException("token " + id + ", expected 0 to " + (size() - 1));
      }
      vocabulary.spell(id, bytes);
    }
    int from = spec.addSpacePrefix() && bytes.length() > 0 && bytes.array()[0] == ' ' ? 1 : 0;
    return new String(bytes.array(), from, bytes.length() - from, StandardCharsets.UTF_8);
  }

  @Override
  public int special(String name) {
    return vocabulary.special(name);
  }

  @Override
  public int token(String text) {
    return vocabulary.token(Utf8.encode(text));
  }

  @Override
  public int size() {
    return vocabulary.size();
  }

  @Override
  public boolean isControl(int id) {
    return vocabulary.isControl(id);
  }

  @Override
  public TokenizerSpec spec() {
    return spec;
  }

  /** A growing list of ids. */
  private static final class Tokens {
    private int[] ids;
    private int size;

    Tokens(int expected) {
      ids = new int[expected];
    }

    void add(int id) {
      grow(1);
      ids[size++] = id;
    }

    void add(int[] more) {
      grow(more.length);
      System.arraycopy(more, 0, ids, size, more.length);
      size += more.length;
    }

    private void grow(int more) {
      if (size + more > ids.length) {
        ids = Arrays.copyOf(ids, Math.max(size + more, ids.length + (ids.length >> 1)));
      }
    }

    int[] toArray() {
      return Arrays.copyOf(ids, size);
    }
  }
}
