package dev.pukara.guard;

import dev.pukara.engine.EngineException;
import dev.pukara.engine.EngineStats;
import dev.pukara.guard.remote.RemoteModel;
import dev.pukara.guard.remote.RemoteOptions;
import dev.pukara.model.ModelFile;
import dev.pukara.model.Tokenizer;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Supplier;

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
 * 2312.06674, section 4.2). Threads: any number of callers; open one guard and share it. A check
 * goes {@link Forms} (all ways to read the conversation), {@link Scorer} (asks the {@link
 * BackEnd}), {@link Examiner} (finds the decisive form), {@link Judge} (decides).
 */
public final class Guard implements AutoCloseable {
  private final BackEnd backEnd;
  private final Policy policy;
  private final PromptFormat format;
  private final Judge judge;
  private final Windows windows;
  private final Forms forms;

  private final Setup setup;
  private final DefenceOptions defences;
  private final Duration timeout;
  private final boolean ownsBackEnd;

  private Guard(
      BackEnd backEnd,
      Setup setup,
      DefenceOptions defences,
      Duration timeout,
      boolean ownsBackEnd) {
    this.backEnd = backEnd;
    this.setup = setup;
    this.defences = defences;
    this.timeout = timeout;
    this.ownsBackEnd = ownsBackEnd;
    this.policy = setup.policy();
    this.format = setup.format();
    this.judge = new Judge(policy, setup.settings());
    this.windows = Windows.of(defences, backEnd, format, policy);
    this.forms = new Forms(defences, windows);
  }

  /**
   * Loads the model and starts the engine.
   *
   * @throws IOException if the model file cannot be read
   * @throws dev.pukara.model.FormatException if it is not a model file
   * @throws PolicyException if policy, format and model do not fit each other
   * @throws dev.pukara.kernels.KernelsException if this machine lacks the precision
   */
  public static Guard open(GuardOptions options) throws IOException {
    ModelFile file = ModelFile.open(options.model());
    Setup setup;
    BackEnd backEnd;
    try {
      PromptFormat format = ModelFormats.choose(options, file);
      PromptEncoder encoder = new PromptEncoder(Tokenizer.of(file.tokenizer()), format);
      setup = Setup.of(options, format, GuardMetadata.of(file), encoder::count, file::digest);
      // Fails now, not at the first check, if the vocabulary lacks one of the format's tokens.
      encoder.check(Question.message(format, setup.policy(), Conversation.user("")));
      boolean normalize = setup.settings().readableFloor() > 0;
      backEnd = EngineBackEnd.open(file, encoder, options.precision(), options.engine(), normalize);
    } catch (RuntimeException | Error e) {
      file.close();
      throw e;
    }
    return owning(backEnd, () -> setup, options);
  }

  /** A guard that ends the back end with itself, or at once if there is no guard. */
  private static Guard owning(BackEnd backEnd, Supplier<Setup> setup, GuardOptions options) {
    try {
      return new Guard(backEnd, setup.get(), options.defences(), options.timeout(), true);
    } catch (RuntimeException | Error e) {
      backEnd.close();
      throw e;
    }
  }

  /**
   * A guard whose model runs behind a server. A server that is down, slow or talks nonsense makes
   * verdicts unreadable, with the reason; they block or allow as the options say.
   *
   * @param options of which model, precision and engine mean nothing; the format is needed, here or
   *     in the policy, unless the server's chat template makes the prompts
   * @throws PolicyException if there is no format, or the policy leaves no room for a conversation
   */
  public static Guard connect(RemoteOptions server, GuardOptions options) {
    PromptFormat format = RemoteBackEnd.format(server, options);
    BackEnd backEnd = new RemoteBackEnd(new RemoteModel(server));
    return owning(
        backEnd,
        () -> Setup.of(options, format, RemoteBackEnd.STATED, backEnd::tokens, backEnd::digest),
        options);
  }

  /** The prompt format that a model file was made for. */
  public static PromptFormat formatOf(Path model) throws IOException {
    try (ModelFile file = ModelFile.open(model)) {
      return ModelFormats.of(file);
    }
  }

  /** The prompt format of that name for a model file; {@code template} is made from the file. */
  public static PromptFormat formatOf(Path model, String id) throws IOException {
    try (ModelFile file = ModelFile.open(model)) {
      return ModelFormats.named(id, file);
    }
  }

  /**
   * A policy as it stands in the prompt of a model: what is different under the format applied,
   * demonstrations chosen by their number of tokens.
   */
  public static Policy inPrompt(Path model, PromptFormat format, Policy policy) throws IOException {
    if (policy.settings().fewShotTokens() == 0) {
      // No need of the model, which may be large.
      return policy.underFormat(format.id()).withDemonstrations(List.of());
    }
    try (ModelFile file = ModelFile.open(model)) {
      PromptEncoder encoder = new PromptEncoder(Tokenizer.of(file.tokenizer()), format);
      return Setup.inPrompt(policy, format, encoder::count);
    }
  }

  /** Token ids of a prompt in a model's vocabulary. */
  public static int[] tokens(Path model, PromptFormat format, Prompt prompt) throws IOException {
    try (ModelFile file = ModelFile.open(model)) {
      PromptEncoder encoder = new PromptEncoder(Tokenizer.of(file.tokenizer()), format);
      return encoder.all(prompt);
    }
  }

  /**
   * A guard by another policy on the same model, with the same limits and thresholds. It works
   * until this guard is closed; closing it does nothing.
   *
   * @param policy taken as it is: no family overrides, no calibration
   * @throws PolicyException if it leaves no room for a conversation
   */
  public Guard sharing(Policy policy) {
    Setup other = new Setup(format, policy, setup.settings());
    return new Guard(backEnd, other, defences, timeout, false);
  }

  /**
   * How many special tokens the texts of conversations make in a model's vocabulary: 0, whatever
   * they spell.
   */
  public static long specialTokens(
      Path model, PromptFormat format, Policy policy, List<Conversation> conversations)
      throws IOException {
    try (ModelFile file = ModelFile.open(model)) {
      PromptEncoder encoder = new PromptEncoder(Tokenizer.of(file.tokenizer()), format);
      long made = 0;
      for (Conversation conversation : conversations) {
        List<Message> blank = new ArrayList<>();
        conversation.messages().forEach(message -> blank.add(new Message(message.role(), "x")));
        made +=
            encoder.specials(format.render(policy, conversation))
                - encoder.specials(format.render(policy, new Conversation(blank)));
      }
      return made;
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

  /** The model's name. */
  public String model() {
    return backEnd.model();
  }

  /**
   * What the engine did so far: requests, tokens from the cache, memory. Guards that share a model
   * share it; empty if the model runs behind a server.
   */
  public Optional<EngineStats> stats() {
    return backEnd.stats();
  }

  /** SHA-256 of the model file; may wait for the hash. */
  public String modelDigest() {
    return backEnd.digest();
  }

  /**
   * A calibration of this guard: numbers fitted to its scores, and what they hold for.
   *
   * @param temperature by which the message's log odds are divided once more
   * @param categoryTemperature the same of the categories'
   * @param threshold of the message's score at that temperature
   * @param categories thresholds of categories by code
   */
  public PolicyCalibration calibration(
      double temperature,
      double categoryTemperature,
      double threshold,
      Map<String, Double> categories) {
    return new PolicyCalibration(
        modelDigest(),
        format.digest(),
        policy.promptDigest(),
        setup.settings().temperature() * temperature,
        setup.settings().categoryTemperature() * categoryTemperature,
        OptionalDouble.of(threshold),
        categories);
  }

  /** What a user of this model should know before trusting it; empty for a guard model. */
  public Optional<String> modelNote() {
    return format instanceof ChatMlFormat
        ? Optional.of("a chat model that was not tuned as a guard: expect poor verdicts")
        : Optional.empty();
  }

  /**
   * Judges the last message of the conversation and waits for the verdict.
   *
   * @throws EngineException if the engine is busy or closed, the conversation too long, or the time
   *     limit passed
   */
  public Verdict check(Conversation conversation) {
    return await(checkAsync(conversation));
  }

  /**
   * Judges many conversations together, which is faster than one after the other.
   *
   * @return verdicts in the order of the conversations
   * @throws EngineException as {@link #check}; then there is no verdict at all
   */
  public List<Verdict> checkAll(List<Conversation> conversations) {
    List<Verdict> verdicts = new ArrayList<>();
    checkEach(conversations.iterator()).forEachRemaining(verdicts::add);
    return verdicts;
  }

  /**
   * Judges a stream of conversations, a few of them ahead, however many there are.
   *
   * <pre>{@code
   * guard.checkEach(conversations).forEachRemaining(verdict -> count(verdict));
   * }</pre>
   *
   * @return verdicts in the order of the conversations, each computed when it is asked for or
   *     shortly before; for one thread. If one of them fails, {@code next()} throws what {@link
   *     #check} would, and the verdicts behind it can still be asked for
   */
  public Iterator<Verdict> checkEach(Iterator<Conversation> conversations) {
    return new InOrder(this, conversations);
  }

  static Verdict await(CompletableFuture<Verdict> verdict) {
    try {
      return verdict.join();
    } catch (CompletionException e) {
      if (e.getCause() instanceof EngineException failure) {
        throw failure;
      }
      if (e.getCause() instanceof PolicyException failure) {
        throw failure;
      }
      throw e;
    }
  }

  /**
   * Judges the last message of the conversation.
   *
   * @return the verdict; fails with {@link EngineException}. Cancelling it drops what the engine
   *     has not computed yet
   * @throws EngineException at once if the engine is busy or closed, or the conversation too long
   */
  public CompletableFuture<Verdict> checkAsync(Conversation conversation) {
    long start = System.nanoTime();
    Call call = new Call(backEnd, timeout);
    try {
      CompletableFuture<Verdict> verdict = judged(conversation, scorer(call), start);
      verdict.whenComplete((done, failure) -> call.cancel());
      return verdict;
    } catch (RuntimeException | Error e) {
      call.cancel();
      throw e;
    }
  }

  private Scorer scorer(Call call) {
    return new Scorer(call, format, policy, setup.settings().answerBias());
  }

  /** Judges the agent's answer to the conversation while it is written. */
  public GuardedStream stream(Conversation conversation) {
    return stream(conversation.messages(), StreamOptions.DEFAULT);
  }

  /**
   * Judges an answer while it is written.
   *
   * @param before the turns that it answers; may be empty
   */
  public GuardedStream stream(List<Message> before, StreamOptions options) {
    return new GuardedStream(this::check, windows, options, before);
  }

  private CompletableFuture<Verdict> judged(Conversation conversation, Scorer scorer, long start) {
    return new Examiner(scorer, judge, forms)
        .examine(conversation)
        .thenApply(
            evidence ->
                judge.verdict(
                    evidence.odds(),
                    evidence.categories(),
                    evidence.strictest(),
                    trace(evidence, start)));
  }

  private Trace trace(Evidence evidence, long startNanos) {
    Cost cost = evidence.cost();
    return new Trace(
        backEnd.model(),
        backEnd.digest(),
        policy.id(),
        policy.digest(),
        format.id(),
        format.digest(),
        evidence.findings(),
        cost.tokens(),
        cost.cachedTokens(),
        System.nanoTime() - startNanos);
  }

  /** Ends the engine, frees the model and unmaps the file. Once is enough; twice does no harm. */
  @Override
  public void close() {
    if (ownsBackEnd) {
      backEnd.close();
    }
  }
}
