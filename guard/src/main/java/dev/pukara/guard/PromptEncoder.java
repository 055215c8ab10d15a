package dev.pukara.guard;

import dev.pukara.guard.Prompt.Begin;
import dev.pukara.guard.Prompt.Piece;
import dev.pukara.guard.Prompt.Special;
import dev.pukara.guard.Prompt.Text;
import dev.pukara.model.Tokenizer;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.IntStream;

/**
 * Prompts to token ids. Special tokens come from {@link Special} pieces only; text is encoded as
 * text. Prefixes are encoded once: a policy is a thousand characters, a message often fifty.
 */
final class PromptEncoder {
  private static final int KEPT_MAX = 256;

  private final Tokenizer tokenizer;
  private final String format;
  private final Map<List<Piece>, int[]> prefixes = new ConcurrentHashMap<>();

  PromptEncoder(Tokenizer tokenizer, PromptFormat format) {
    this.tokenizer = tokenizer;
    this.format = format.id();
  }

  int[] prefix(Prompt prompt) {
    if (prefixes.size() > KEPT_MAX) {
      prefixes.clear();
    }
    return prefixes.computeIfAbsent(prompt.prefix(), this::encode);
  }

  /** Fails if the vocabulary lacks a token that the question needs. */
  void check(Question question) {
    all(question.prompt());
    question.tails().forEach(this::encode);
    answer(question.no());
    answer(question.yes());
  }

  /** The conversation. */
  int[] stem(Prompt prompt) {
    return encode(prompt.stem());
  }

  /** All of the template's text. */
  int[] all(Prompt prompt) {
    return join(join(prefix(prompt), stem(prompt)), encode(prompt.tail()));
  }

  int count(List<Piece> pieces) {
    return encode(pieces).length;
  }

  static int[] join(int[] left, int[] right) {
    return IntStream.concat(IntStream.of(left), IntStream.of(right)).toArray();
  }

  int[] encode(List<Piece> pieces) {
    return pieces.stream().flatMapToInt(piece -> IntStream.of(encode(piece))).toArray();
  }

  private int[] encode(Piece piece) {
    return switch (piece) {
      case Text(String text) -> tokenizer.encode(text);
      case Special(String name) -> new int[] {special(name)};
      case Begin() -> tokenizer.spec().bos() < 0 ? new int[0] : new int[] {tokenizer.spec().bos()};
    };
  }

  private int special(String name) {
    int id = tokenizer.special(name);
    if (id < 0) {
      throw new PolicyException(
          "prompt format "
              + format
              + " needs the token "
              + name
              + ", which this model's vocabulary does not have; choose the format that the model was made for (--format)");
    }
    return id;
  }

  /** Id of a single answer token. */
  int answer(String text) {
    int id = tokenizer.token(text);
    if (id < 0) {
      throw new PolicyException(
          "prompt format "
              + format
              + " needs the single token '"
              + text
              + "', which this model's vocabulary does not have; choose the format that the model was made for (--format)");
    }
    return id;
  }
}
