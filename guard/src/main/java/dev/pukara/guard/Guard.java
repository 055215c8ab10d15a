package dev.pukara.guard;

import dev.pukara.engine.Answer;
import dev.pukara.engine.Engine;
import dev.pukara.engine.EngineException;
import dev.pukara.engine.Request;
import dev.pukara.guard.PromptFormat.CategoryQuestion;
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
    // Fails now, not at the first check, if the vocabulary lacks one of the format's tokens.
    Prompt probe = format.render(policy, Conversation.user(""));
    encoder.all(probe);
    encoder.question(probe);
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
      return encoder.all(prompt);
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
              double score = probability(answer.logits()[0]);
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
    int[] stem = encoder.stem(prompt);
    int[] question = encoder.question(prompt);
    if (prompt.tail().isEmpty()) {
      return engine.submit(
          Request.of(encoder.prefix(prompt), PromptEncoder.join(stem, question), answers));
    }
    return engine.submit(
        Request.of(encoder.prefix(prompt), stem, answers).withBranches(List.of(question)));
  }

  /** Probability of the second of two candidates. */
  private static double probability(float[] logits) {
    return 1 / (1 + Math.exp((double) logits[0] - logits[1]));
  }

  private CompletableFuture<Verdict> unsafe(Conversation conversation, double score, Spent spent) {
    Role role = conversation.last().role();
    boolean branches = format.question(policy.categories().getFirst(), role).isPresent();
    CompletableFuture<CategoryAnswers> asked =
        branches ? askBranches(conversation) : askOneByOne(conversation);
    return asked.thenApply(
        answers -> {
          Spent all =
              new Spent(
                  spent.startNanos(),
                  spent.tokens() + answers.tokens(),
                  spent.cachedTokens() + answers.cachedTokens());
          return new Verdict.Unsafe(score, violated(answers.scores()), all.trace(this));
        });
  }

  private record CategoryAnswers(List<CategoryScore> scores, int tokens, int cachedTokens) {}

  /** A yes/no branch per category behind one conversation. */
  private CompletableFuture<CategoryAnswers> askBranches(Conversation conversation) {
    Prompt prompt = format.render(policy, conversation);
    List<int[]> branches = new ArrayList<>();
    int[] candidates = answers;
    for (Category category : policy.categories()) {
      CategoryQuestion question =
          format.question(category, conversation.last().role()).orElseThrow();
      branches.add(encoder.encode(question.tail()));
      candidates =
          new int[] {encoder.answer(question.noToken()), encoder.answer(question.yesToken())};
    }
    return engine
        .submit(
            Request.of(encoder.prefix(prompt), encoder.stem(prompt), candidates)
                .withBranches(branches))
        .thenApply(
            answer -> {
              List<CategoryScore> scores = new ArrayList<>();
              for (int i = 0; i < branches.size(); i++) {
                scores.add(scored(policy.categories().get(i), answer.logits()[i]));
              }
              return new CategoryAnswers(scores, answer.tokens(), answer.cachedTokens());
            });
  }

  /** A prompt with one category each (the paper's 1-vs-all), in one batch. */
  private CompletableFuture<CategoryAnswers> askOneByOne(Conversation conversation) {
    List<CompletableFuture<Answer>> asked = new ArrayList<>();
    for (Category category : policy.categories()) {
      asked.add(ask(policy.only(Set.of(category.code())), conversation));
    }
    return CompletableFuture.allOf(asked.toArray(CompletableFuture[]::new))
        .thenApply(
            done -> {
              List<CategoryScore> scores = new ArrayList<>();
              int tokens = 0;
              int cached = 0;
              for (int i = 0; i < asked.size(); i++) {
                Answer answer = asked.get(i).join();
                scores.add(scored(policy.categories().get(i), answer.logits()[0]));
                tokens += answer.tokens();
                cached += answer.cachedTokens();
              }
              return new CategoryAnswers(scores, tokens, cached);
            });
  }

  private static CategoryScore scored(Category category, float[] logits) {
    return new CategoryScore(category.code(), category.name(), probability(logits));
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
