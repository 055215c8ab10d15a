package dev.pukara.guard;

import java.util.ArrayList;
import java.util.List;

/**
 * A rendered prompt, still in pieces, so that text of the conversation can never become a special
 * token: only a {@link Special} piece names one.
 *
 * @param prefix the pieces that depend on policy, format and role alone; they end where a token
 *     ends in any text
 * @param stem the conversation and what follows it
 * @param tail the question, where it can stand behind the conversation and several questions share
 *     one conversation; else empty
 * @param lead what the model writes before its answer (Llama Guard 3: a blank line); scored behind
 *     the template's text, not part of it
 */
public record Prompt(List<Piece> prefix, List<Piece> stem, List<Piece> tail, List<Piece> lead) {
  /** A part of a prompt. */
  public sealed interface Piece {
    /** How it reads in the template's text. */
    String text();
  }

  /** Ordinary text. */
  public record Text(String text) implements Piece {}

  /** A special token by its name in the vocabulary: {@code <|eot_id|>}. */
  public record Special(String text) implements Piece {}

  /** The tokenizer's begin-of-text token, which the template's text does not show. */
  public record Begin() implements Piece {
    @Override
    public String text() {
      return "";
    }
  }

  /** Copies the lists. */
  public Prompt {
    prefix = List.copyOf(prefix);
    stem = List.copyOf(stem);
    tail = List.copyOf(tail);
    lead = List.copyOf(lead);
  }

  /** The prompt as the model's template renders it. */
  public String text() {
    StringBuilder text = new StringBuilder();
    prefix.forEach(piece -> text.append(piece.text()));
    stem.forEach(piece -> text.append(piece.text()));
    tail.forEach(piece -> text.append(piece.text()));
    return text.toString();
  }

  /** Joins adjacent texts, so that they are tokenized as one. */
  static List<Piece> merge(List<Piece> pieces) {
    List<Piece> merged = new ArrayList<>();
    for (Piece piece : pieces) {
      if (piece instanceof Text(String text)
          && !merged.isEmpty()
          && merged.getLast() instanceof Text(String before)) {
        merged.set(merged.size() - 1, new Text(before + text));
      } else {
        merged.add(piece);
      }
    }
    return merged;
  }
}
