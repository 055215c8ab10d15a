package dev.pukara.guard;

import dev.pukara.engine.EngineOptions;
import dev.pukara.engine.EngineStats;
import dev.pukara.engine.Request;
import dev.pukara.model.ModelFile;
import dev.pukara.model.Tokenizer;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/**
 * What a guard submits to its engine, for tests that compare it with what a model is trained on.
 */
public final class Served {
  private Served() {}

  /** The requests of a message and of its categories. */
  public static List<Request> requests(
      Path model, PromptFormat format, Policy policy, Conversation conversation)
      throws IOException {
    ModelFile file = ModelFile.open(model);
    PromptEncoder encoder = new PromptEncoder(Tokenizer.of(file.tokenizer()), format);
    List<Request> requests = new ArrayList<>();
    try (EngineBackEnd engine =
        EngineBackEnd.open(file, encoder, Optional.empty(), EngineOptions.defaults(), false)) {
      BackEnd recorder = new Recorder(engine, requests);
      Scorer scorer = new Scorer(new Call(recorder, Duration.ZERO), format, policy, 0);
      scorer.message(conversation);
      scorer.categories(conversation);
    }
    return requests;
  }

  private record Recorder(EngineBackEnd engine, List<Request> requests) implements BackEnd {
    @Override
    public CompletableFuture<Reading> ask(Question question, Duration timeout) {
      requests.add(engine.request(question));
      return new CompletableFuture<>();
    }

    @Override
    public String model() {
      return engine.model();
    }

    @Override
    public String digest() {
      return engine.digest();
    }

    @Override
    public int tokens(List<Prompt.Piece> pieces) {
      return engine.tokens(pieces);
    }

    @Override
    public Optional<EngineStats> stats() {
      return engine.stats();
    }

    @Override
    public int promptTokensMax() {
      return engine.promptTokensMax();
    }

    @Override
    public void close() {}
  }
}
