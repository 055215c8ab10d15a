package dev.pukara.guard;

import dev.pukara.engine.Answer;
import dev.pukara.engine.Engine;
import dev.pukara.engine.EngineException;
import dev.pukara.engine.Request;
import dev.pukara.kernels.Kernels;
import dev.pukara.kernels.Precision;
import dev.pukara.model.Llama;
import dev.pukara.model.ModelFile;
import dev.pukara.model.Tokenizer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.stream.IntStream;

/**
 * Judges conversations by a policy: the door of Pukara.
 *
 * <pre>{@code
 * try (Guard guard = Guard.open(GuardOptions.of(Path.of("model.gguf")))) {
 *   switch (guard.check(Conversation.user("How do I bake bread?"))) {
 *     case Verdict.Safe safe -> answer();
 *     case Verdict.Unsafe unsafe -> refuse(unsafe.categories());
 *     case Verdict.Unreadable unreadable -> refuse(List.of());
 *   }
 * }
 * }</pre>
 *
 * <p>The score is p(unsafe) / (p(safe) + p(unsafe)) of the first answer token (Llama Guard, arXiv
 * 2312.06674, section 4.2). Threads: any number of callers.
 */
public final class Guard implements AutoCloseable {
  private final ModelFile file;
  private final Kernels kernels;
  private final Engine engine;
  private final Policy policy;
  private final PromptFormat format;
  private final PromptEncoder encoder;
  private final double threshold;
  private final int[] answers;

  /** Hashing a file of gigabytes takes seconds: it goes on beside the first check. */
  private final CompletableFuture<String> digest;

  private Guard(
      GuardOptions options, ModelFile file, Kernels kernels, Engine engine, PromptFormat format) {
    this.file = file;
    this.kernels = kernels;
    this.engine = engine;
    this.format = format;
    this.policy = options.policy().orElseGet(format::defaultPolicy);
    this.encoder = new PromptEncoder(Tokenizer.of(file.tokenizer()), format);
    this.threshold = options.threshold();
    this.digest = CompletableFuture.supplyAsync(file::digest);
    this.answers =
        new int[] {encoder.answer(format.safeToken()), encoder.answer(format.unsafeToken())};
  }

  /**
   * Loads the model and starts the engine.
   *
   * @throws IOException if the model file cannot be read
   * @throws dev.pukara.model.FormatException if it is not a model file
   * @throws PolicyException if policy, format and model do not fit each other
   */
  public static Guard open(GuardOptions options) throws IOException {
    ModelFile file = ModelFile.open(options.model());
    Kernels kernels = null;
    Engine engine = null;
    try {
      PromptFormat format = options.format().orElseGet(() -> ModelFormats.of(file));
      kernels = Kernels.best();
      Precision precision = options.precision().orElse(kernels.precisions().getFirst());
      Llama model = new Llama(file, kernels, precision, options.engine().stepTokensMax());
      engine = new Engine(model, options.engine());
      return new Guard(options, file, kernels, engine, format);
    } catch (RuntimeException | Error e) {
      if (engine != null) {
        engine.close();
      }
      if (kernels != null) {
        kernels.close();
      }
      file.close();
      throw e;
    }
  }

  /** The prompt format that a model file was made for. */
  public static PromptFormat formatOf(Path model) throws IOException {
    try (ModelFile file = ModelFile.open(model)) {
      return ModelFormats.of(file);
    }
  }

  /** Token ids of a prompt in a model's vocabulary. */
  public static int[] tokens(Path model, PromptFormat format, Prompt prompt) throws IOException {
    try (ModelFile file = ModelFile.open(model)) {
      PromptEncoder encoder = new PromptEncoder(Tokenizer.of(file.tokenizer()), format);
      return IntStream.concat(
              IntStream.of(encoder.prefix(prompt)), IntStream.of(encoder.rest(prompt, false)))
          .toArray();
    }
  }

  /** The policy that verdicts go by. */
  public Policy policy() {
    return policy;
  }

  /** The prompt format in use. */
  public PromptFormat format() {
    return format;
  }

  /** The model file in use. */
  public ModelFile model() {
    return file;
  }

  /** What a user of this model should know before trusting it; empty for a guard model. */
  public Optional<String> modelNote() {
    return format instanceof ChatMlFormat
        ? Optional.of("a chat model that was not tuned as a guard: expect poor verdicts")
        : Optional.empty();
  }

  /** Judges the last message of the conversation and waits for the verdict. */
  public Verdict check(Conversation conversation) {
    try {
      return checkAsync(conversation).join();
    } catch (CompletionException e) {
      if (e.getCause() instanceof EngineException failure) {
        throw failure;
      }
      throw e;
    }
  }

  /** Judges the last message of the conversation; the future fails with {@link EngineException}. */
  public CompletableFuture<Verdict> checkAsync(Conversation conversation) {
    long start = System.nanoTime();
    return ask(policy, conversation)
        .thenCompose(
            answer -> {
              Spent spent = new Spent(start, answer.tokens(), answer.cachedTokens());
              double score = score(answer);
              if (Double.isNaN(score)) {
                return CompletableFuture.completedFuture(
                    new Verdict.Unreadable("the model gave no probability", spent.trace(this)));
              }
              if (score < threshold) {
                return CompletableFuture.completedFuture(
                    new Verdict.Safe(score, spent.trace(this)));
              }
              return unsafe(conversation, score, spent);
            });
  }

  /** Tokens and time of one verdict. */
  private record Spent(long startNanos, int tokens, int cachedTokens) {
    Trace trace(Guard guard) {
      return new Trace(
          guard.file.path().getFileName().toString(),
          guard.digest.join(),
          guard.policy.id(),
          guard.policy.digest(),
          guard.format.id(),
          guard.format.digest(),
          tokens,
          cachedTokens,
          System.nanoTime() - startNanos);
    }
  }

  private CompletableFuture<Answer> ask(Policy asked, Conversation conversation) {
    Prompt prompt = format.render(asked, conversation);
    return engine.submit(Request.of(encoder.prefix(prompt), encoder.rest(prompt, true), answers));
  }

  private static double score(Answer answer) {
    float[] logits = answer.logits()[0];
    return 1 / (1 + Math.exp((double) logits[0] - logits[1]));
  }

  /** Asks for every category by itself (the paper's 1-vs-all prompts), in one batch. */
  private CompletableFuture<Verdict> unsafe(Conversation conversation, double score, Spent spent) {
    List<CompletableFuture<Answer>> asked = new ArrayList<>();
    for (Category category : policy.categories()) {
      asked.add(ask(policy.only(Set.of(category.code())), conversation));
    }
    return CompletableFuture.allOf(asked.toArray(CompletableFuture[]::new))
        .thenApply(
            done -> {
              List<CategoryScore> scores = new ArrayList<>();
              int tokens = spent.tokens();
              int cached = spent.cachedTokens();
              for (int i = 0; i < asked.size(); i++) {
                Answer answer = asked.get(i).join();
                Category category = policy.categories().get(i);
                scores.add(new CategoryScore(category.code(), category.name(), score(answer)));
                tokens += answer.tokens();
                cached += answer.cachedTokens();
              }
              Trace trace = new Spent(spent.startNanos(), tokens, cached).trace(this);
              return new Verdict.Unsafe(score, violated(scores), trace);
            });
  }

  /** Those from the threshold on; if there is none, the likeliest. */
  private List<CategoryScore> violated(List<CategoryScore> scores) {
    List<CategoryScore> sorted = new ArrayList<>(scores);
    sorted.sort(Comparator.comparingDouble(CategoryScore::score).reversed());
    List<CategoryScore> over = sorted.stream().filter(c -> c.score() >= threshold).toList();
    return over.isEmpty() ? List.of(sorted.getFirst()) : over;
  }

  /** Ends the engine, frees the model and unmaps the file. */
  @Override
  public void close() {
    engine.close();
    kernels.close();
    digest.handle((hash, failure) -> hash).join();
    file.close();
  }
}
