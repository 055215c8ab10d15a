package dev.pukara.guard;

import dev.pukara.cache.UserCache;
import dev.pukara.engine.Answer;
import dev.pukara.engine.Engine;
import dev.pukara.engine.EngineOptions;
import dev.pukara.engine.EngineStats;
import dev.pukara.engine.Request;
import dev.pukara.guard.Prompt.Piece;
import dev.pukara.kernels.Kernels;
import dev.pukara.kernels.Precision;
import dev.pukara.model.Llama;
import dev.pukara.model.ModelFile;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/** The model in this process. */
final class EngineBackEnd implements BackEnd {
  private final ModelFile file;
  private final Kernels kernels;
  private final Engine engine;
  private final PromptEncoder encoder;
  private final boolean normalize;
  private final int promptTokensMax;

  /** Hashing a file of gigabytes takes seconds: it goes on beside the first check. */
  private final CompletableFuture<String> digest;

  private boolean closed; // guarded by this

  private EngineBackEnd(
      ModelFile file,
      Kernels kernels,
      Engine engine,
      PromptEncoder encoder,
      boolean normalize,
      int promptTokensMax) {
    this.file = file;
    this.kernels = kernels;
    this.engine = engine;
    this.encoder = encoder;
    this.normalize = normalize;
    this.promptTokensMax = promptTokensMax;
    this.digest = CompletableFuture.supplyAsync(file::digest);
  }

  /**
   * Loads the model and starts the engine.
   *
   * @param file closed with the back end, and not if this fails
   * @param normalize true if {@link Odds#mass} is wanted, which costs the whole output head
   */
  static EngineBackEnd open(
      ModelFile file,
      PromptEncoder encoder,
      Optional<Precision> precision,
      EngineOptions options,
      boolean normalize) {
    Kernels kernels = Kernels.best();
    try {
      Precision chosen = precision.orElse(kernels.precisions().getFirst());
      Optional<UserCache> cache = UserCache.ofUser();
      Llama model = Llama.open(file, kernels, chosen, options.stepTokensMax(), cache);
      int longest = Math.min(options.requestTokensMax(), file.config().context());
      Engine engine = new Engine(model, options, cache);
      return new EngineBackEnd(file, kernels, engine, encoder, normalize, longest);
    } catch (RuntimeException | Error e) {
      kernels.close();
      throw e;
    }
  }

  @Override
  public String model() {
    return file.path().getFileName().toString();
  }

  @Override
  public String digest() {
    return digest.join();
  }

  @Override
  public int tokens(List<Piece> pieces) {
    return encoder.count(pieces);
  }

  @Override
  public int promptTokensMax() {
    return promptTokensMax;
  }

  @Override
  public CompletableFuture<Reading> ask(Question question, Duration timeout) {
    CompletableFuture<Answer> answer =
        engine.submit(request(question).withNormalize(normalize).withTimeout(timeout));
    CompletableFuture<Reading> reading = answer.thenApply(this::reading);
    reading.whenComplete((done, failure) -> answer.cancel(false));
    return reading;
  }

  @Override
  public Optional<EngineStats> stats() {
    return Optional.of(engine.stats());
  }

  Request request(Question question) {
    Prompt prompt = question.prompt();
    int[] candidates = {encoder.answer(question.no()), encoder.answer(question.yes())};
    List<int[]> tails = question.tails().stream().map(tail -> encoder.tail(prompt, tail)).toList();
    int[] prefix = encoder.prefix(prompt);
    int[] stem = encoder.stem(prompt);
    if (prompt.tail().isEmpty() && tails.size() == 1) {
      return Request.of(prefix, PromptEncoder.join(stem, tails.getFirst()), candidates);
    }
    return Request.of(prefix, stem, candidates).withBranches(tails);
  }

  private Reading reading(Answer answer) {
    List<Odds> odds = new ArrayList<>();
    for (int i = 0; i < answer.logits().length; i++) {
      double no = answer.logits()[i][0];
      double yes = answer.logits()[i][1];
      double mass = Double.NaN;
      if (normalize) {
        double all = answer.logNormalizers()[i];
        mass = Math.exp(no - all) + Math.exp(yes - all);
      }
      odds.add(new Odds(no, yes, mass));
    }
    return new Reading(odds, new Cost(answer.tokens(), answer.cachedTokens()));
  }

  /** Ends the engine, frees the model and unmaps the file, once; who comes later waits for it. */
  @Override
  public synchronized void close() {
    if (closed) {
      return;
    }
    closed = true;
    engine.close();
    kernels.close();
    digest.handle((hash, failure) -> hash).join();
    file.close();
  }
}
