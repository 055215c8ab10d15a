package dev.pukara.guard;

import dev.pukara.guard.Prompt.Begin;
import dev.pukara.guard.Prompt.Piece;
import dev.pukara.guard.Prompt.Special;
import dev.pukara.guard.Prompt.Text;
import dev.pukara.model.Tokenizer;
import dev.pukara.model.TokenizerSpec;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.IntStream;

/**
 * Prompts to token ids. Special tokens come from {@link Special} pieces only; text is encoded as
 * text. Prefixes are encoded once: a policy is a thousand characters, a message often fifty.
 *
 * <p>Public since training encodes its prompts by the same code as the guard.
 */
public final class PromptEncoder {
  private static final int KEPT_MAX = 256;

  private final Tokenizer tokenizer;

  /** For text that goes on behind text: SentencePiece puts a blank before the first one only. */
  private final Tokenizer continuing;

  private final String format;
  private final Map<List<Piece>, int[]> prefixes = new ConcurrentHashMap<>();

  /** Encodes prompts of a format in a model's vocabulary. */
  public PromptEncoder(Tokenizer tokenizer, PromptFormat format) {
    this.tokenizer = tokenizer;
    this.continuing =
        tokenizer.spec().addSpacePrefix()
            ? Tokenizer.of(withoutSpacePrefix(tokenizer.spec()))
            : tokenizer;
    this.format = format.id();
  }

  /** The policy. */
  public int[] prefix(Prompt prompt) {
    if (prefixes.size() > KEPT_MAX) {
      prefixes.clear();
    }
    return prefixes.computeIfAbsent(prompt.prefix(), this::encode);
  }

  private static TokenizerSpec withoutSpacePrefix(TokenizerSpec spec) {
    return new TokenizerSpec(
        spec.kind(),
        spec.pre(),
        spec.tokens(),
        spec.types(),
        spec.scores(),
        spec.merges(),
        spec.bos(),
        spec.eos(),
        spec.unknown(),
        spec.addBos(),
        false,
        spec.ignoreMerges());
  }

  /** Fails if the vocabulary lacks a token that the question needs. */
  void check(Question question) {
    all(question.prompt());
    question.tails().forEach(tail -> tail(question.prompt(), tail));
    answer(question.no());
    answer(question.yes());
  }

  /** The conversation. */
  public int[] stem(Prompt prompt) {
    return encode(prompt.stem(), endsInText(prompt.prefix()));
  }

  /** A tail behind the prompt's conversation. */
  public int[] tail(Prompt prompt, List<Piece> tail) {
    return encode(tail, endsInText(prompt.stem()));
  }

  /** What the template has behind the policy. */
  public int[] behindPrefix(Prompt prompt) {
    return join(stem(prompt), tail(prompt, prompt.tail()));
  }

  /** All of the template's text. */
  int[] all(Prompt prompt) {
    return join(prefix(prompt), behindPrefix(prompt));
  }

  private static boolean endsInText(List<Piece> pieces) {
    return !pieces.isEmpty() && pieces.getLast() instanceof Text;
  }

  int count(List<Piece> pieces) {
    return encode(pieces).length;
  }

  /** Special tokens in the prompt. */
  long specials(Prompt prompt) {
    return IntStream.of(all(prompt)).filter(tokenizer::isControl).count();
  }

  static int[] join(int[] left, int[] right) {
    return IntStream.concat(IntStream.of(left), IntStream.of(right)).toArray();
  }

  /** Pieces by themselves. */
  public int[] encode(List<Piece> pieces) {
    return encode(pieces, false);
  }

  private int[] encode(List<Piece> pieces, boolean behindText) {
    int[] ids = {};
    boolean goesOn = behindText;
    for (Piece piece : pieces) {
      ids = join(ids, encode(piece, goesOn));
      goesOn = piece instanceof Text;
    }
    return ids;
  }

  private int[] encode(Piece piece, boolean goesOn) {
    return switch (piece) {
      case Text(String text) -> (goesOn ? continuing : tokenizer).encode(text);
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

  /**
   * Id of a single answer token.
   *
   * @throws PolicyException if the vocabulary has no such token
   */
  public int answer(String text) {
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
