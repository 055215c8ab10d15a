package dev.pukara.guard;

import dev.pukara.engine.EngineStats;
import dev.pukara.guard.Prompt.Piece;
import dev.pukara.guard.remote.ChatTurn;
import dev.pukara.guard.remote.RemoteApi;
import dev.pukara.guard.remote.RemoteException;
import dev.pukara.guard.remote.RemoteModel;
import dev.pukara.guard.remote.RemoteOptions;
import dev.pukara.guard.remote.TokenOdds;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;

/** The model behind a server: prompts go as text, one request for each tail. */
final class RemoteBackEnd implements BackEnd {
  /** Vocabularies make fewer tokens of English; other scripts have two or three bytes a letter. */
  private static final double BYTES_PER_TOKEN = 2.5;

  /**
   * What is taken for granted where no file states it: a model that hardly ever starts with one of
   * the answers does not answer the question, whichever of the two is likelier.
   */
  static final GuardMetadata STATED =
      GuardMetadata.of(Map.of(GuardMetadata.READABLE_FLOOR, 0.01), "");

  private final RemoteModel model;
  private final RemoteOptions options;

  RemoteBackEnd(RemoteModel model) {
    this.model = model;
    this.options = model.options();
  }

  /** The prompt format that options or policy ask for; the server's own if it is asked so. */
  static PromptFormat format(RemoteOptions server, GuardOptions options) {
    boolean own = server.api() == RemoteApi.MESSAGES;
    PromptFormat format =
        ModelFormats.told(options)
            .or(() -> own ? Optional.of(PromptFormats.ofServer()) : Optional.empty())
            .orElseThrow(
                () ->
                    new PolicyException(
                        "no prompt format for "
                            + server
                            + "; choose the one that the model was made for with --format ("
                            + String.join(", ", PromptFormats.ids())
                            + ")"));
    if (own != format instanceof ServerFormat) {
      throw new PolicyException(
          server
              + ": prompt format "
              + format.id()
              + ", but the chat template of a server makes the prompts if and only if it is asked"
              + " with messages; leave the format out, or ask for completions");
    }
    return format;
  }

  @Override
  public String model() {
    return options.model();
  }

  /** Of the server's address and the model's name: the file is not at hand. */
  @Override
  public String digest() {
    return Digests.of(Map.of("server", options.base().toString(), "model", options.model()));
  }

  @Override
  public int tokens(List<Piece> pieces) {
    int tokens = 0;
    for (Piece piece : pieces) {
      int bytes = piece.text().getBytes(StandardCharsets.UTF_8).length;
      tokens += (int) Math.ceil(bytes / BYTES_PER_TOKEN);
    }
    return tokens;
  }

  @Override
  public Optional<EngineStats> stats() {
    return Optional.empty();
  }

  @Override
  public int promptTokensMax() {
    return options.promptTokensMax();
  }

  @Override
  public CompletableFuture<Reading> ask(Question question, Duration timeout) {
    List<CompletableFuture<Reading>> asked = new ArrayList<>();
    for (List<Piece> tail : question.tails()) {
      asked.add(ask(question, tail).handle(RemoteBackEnd::reading));
    }
    return Reading.all(asked);
  }

  /** What the server did not answer is unreadable by itself: other answers keep what they say. */
  private static Reading reading(@Nullable TokenOdds answer, @Nullable Throwable failure) {
    if (answer != null) {
      Odds odds = new Odds(answer.no(), answer.yes(), answer.mass());
      return new Reading(List.of(odds), new Cost(answer.tokens(), 0));
    }
    if (failure instanceof RemoteException remote) {
      Odds odds = Odds.unanswered(String.valueOf(remote.getMessage()), remote.mayPass());
      return new Reading(List.of(odds), Cost.NONE);
    }
    throw new CompletionException(failure);
  }

  private CompletableFuture<TokenOdds> ask(Question question, List<Piece> tail) {
    Prompt prompt = question.prompt();
    return switch (options.api()) {
      case COMPLETIONS ->
          model.complete(RemotePrompt.text(prompt, tail), question.no(), question.yes());
      case CHAT -> {
        ChatTurn words = new ChatTurn("user", RemotePrompt.words(prompt, tail));
        yield model.chat(List.of(words), question.no(), question.yes());
      }
      case MESSAGES -> model.chat(RemotePrompt.turns(prompt), question.no(), question.yes());
    };
  }

  @Override
  public void close() {
    model.close();
  }
}
