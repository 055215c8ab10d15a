package dev.pukara.guard;

import dev.pukara.engine.EngineStats;
import dev.pukara.guard.Prompt.Piece;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.ToDoubleBiFunction;
import java.util.function.ToDoubleFunction;

/** Scores the judged message of a {@code pukara-1} prompt by a function; a token is a word. */
class FakeBackEnd implements BackEnd {
  /** Every stem that was asked about. */
  final List<String> asked = Collections.synchronizedList(new ArrayList<>());

  private final ToDoubleBiFunction<String, String> score;
  private final int promptTokensMax;

  FakeBackEnd(int promptTokensMax, ToDoubleFunction<String> score) {
    this(promptTokensMax, (text, question) -> score.applyAsDouble(text));
  }

  /** Scores by the text and the last word of the question: {@code User:}, or {@code C1:}. */
  FakeBackEnd(int promptTokensMax, ToDoubleBiFunction<String, String> score) {
    this.promptTokensMax = promptTokensMax;
    this.score = score;
  }

  @Override
  public String model() {
    return "fake";
  }

  @Override
  public String digest() {
    return "0";
  }

  @Override
  public CompletableFuture<Reading> ask(Question question, Duration timeout) {
    StringBuilder stem = new StringBuilder();
    question.prompt().stem().forEach(piece -> stem.append(piece.text()));
    asked.add(stem.toString());
    String last = stem.substring(stem.lastIndexOf("<|im_start|>"));
    List<Odds> odds = new ArrayList<>();
    for (List<Piece> tail : question.tails()) {
      String asks = tail.getLast().text();
      double p =
          score.applyAsDouble(
              last.substring(last.indexOf('\n') + 1), asks.substring(asks.lastIndexOf(' ') + 1));
      odds.add(new Odds(Math.log(1 - p), Math.log(p), 1));
    }
    return CompletableFuture.completedFuture(new Reading(odds, new Cost(1, 0)));
  }

  @Override
  public int tokens(List<Piece> pieces) {
    int words = 0;
    for (Piece piece : pieces) {
      words += piece.text().isBlank() ? 0 : piece.text().strip().split("\\s+").length;
    }
    return words;
  }

  @Override
  public Optional<EngineStats> stats() {
    return Optional.empty();
  }

  @Override
  public int promptTokensMax() {
    return promptTokensMax;
  }

  @Override
  public void close() {}
}
