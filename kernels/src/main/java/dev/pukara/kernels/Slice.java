package dev.pukara.kernels;

import java.util.List;
import java.util.Locale;

/**
 * The rows of one sequence in a ragged batch, and what they may attend to: all tokens of the
 * context spans (visible as far as stated), then, causally, the sequence's own new tokens.
 *
 * <p>Row {@code firstRow + i} sees {@code context} entirely and tokens {@code 0..ownStart + i} of
 * {@code own}. Its keys and values are stored at {@code own[ownStart + i]}. Its position (for RoPE)
 * is {@code contextTokens() + ownStart + i}.
 *
 * @param firstRow first row of the sequence in the batch
 * @param rowCount number of new tokens
 * @param context earlier spans, oldest first; empty for a sequence without a cached prefix
 * @param own the span that takes the new keys and values
 * @param ownStart tokens of {@code own} that are there already
 */
public record Slice(int firstRow, int rowCount, List<Part> context, KvSpan own, int ownStart) {

  /** The first {@code tokens} tokens of a span. */
  public record Part(KvSpan span, int tokens) {
    /** Checks that the span holds that many tokens. */
    public Part {
      if (tokens < 0 || tokens > span.capacity()) {
        throw new IllegalArgumentException(
            String.format(Locale.ROOT, "%d tokens of a span of %d", tokens, span.capacity()));
      }
    }
  }

  /** Checks that the new tokens fit. */
  public Slice {
    context = List.copyOf(context);
    if (firstRow < 0 || rowCount <= 0 || ownStart < 0 || ownStart + rowCount > own.capacity()) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "slice of %d rows at row %d, own tokens from %d, capacity %d",
              rowCount,
              firstRow,
              ownStart,
              own.capacity()));
    }
  }

  /** Tokens of the context spans. */
  public int contextTokens() {
    int tokens = 0;
    for (Part part : context) {
      tokens += part.tokens();
    }
    return tokens;
  }

  /** Position of the first new token. */
  public int firstPosition() {
    return contextTokens() + ownStart;
  }
}
