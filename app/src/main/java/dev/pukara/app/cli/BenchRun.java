package dev.pukara.app.cli;

import dev.pukara.cache.UserCache;
import dev.pukara.engine.Answer;
import dev.pukara.engine.Engine;
import dev.pukara.engine.EngineOptions;
import dev.pukara.engine.Request;
import dev.pukara.kernels.Kernels;
import dev.pukara.kernels.Precision;
import dev.pukara.kernels.Profile;
import dev.pukara.kernels.ProfiledKernels;
import dev.pukara.model.Llama;
import dev.pukara.model.LlamaConfig;
import dev.pukara.model.ModelFile;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The measurements of {@code pukara bench}, on one engine. Inputs are random tokens, so that
 * nothing is cached by chance.
 */
final class BenchRun implements AutoCloseable {
  private static final int POLICY_TOKENS = 400;
  private static final int MESSAGE_TOKENS = 112;
  private static final int SHORT_TOKENS = 24;
  private static final int[] PREFILLS = {128, 256, 512};
  private static final int[] BATCHES = {1, 4, 16};

  /** Tokens whose keys and values are kept: policy, a batch, a few prompts. */
  private static final int KEPT_TOKENS = 4096;

  private static final int RUNS_MIN = 5;
  private static final int RUNS_MAX = 2_000;
  private static final int[] CANDIDATES = {1, 2};

  private final ModelFile file;
  private final Kernels kernels;
  private final Engine engine;
  private final double seconds;
  private final double openMillis;
  private final double aheadMillis;
  private final PrintStream progress;
  private final Random random = new Random(20261124);
  private final int vocabulary;

  private BenchRun(
      ModelFile file,
      Kernels kernels,
      Engine engine,
      double seconds,
      double openMillis,
      double aheadMillis,
      PrintStream progress) {
    this.file = file;
    this.kernels = kernels;
    this.engine = engine;
    this.seconds = seconds;
    this.openMillis = openMillis;
    this.aheadMillis = aheadMillis;
    this.progress = progress;
    this.vocabulary = file.config().vocabulary();
  }

  /**
   * Loads the model as check does.
   *
   * @param precision null = the default of check
   * @param cache where check keeps packed weights; empty for random weights
   * @param profiled true to measure where the time goes, see {@link #profile}
   */
  static BenchRun open(
      Path path,
      @Nullable Precision precision,
      Optional<UserCache> cache,
      boolean profiled,
      double seconds,
      PrintStream progress)
      throws IOException {
    long start = System.nanoTime();
    ModelFile file = ModelFile.open(path);
    Kernels kernels = profiled ? new ProfiledKernels(Kernels.best()) : Kernels.best();
    EngineOptions defaults = EngineOptions.defaults();
    EngineOptions options = defaults.withProductsAhead(defaults.productsAheadMax(), Duration.ZERO);
    Precision chosen = precision == null ? kernels.precisions().getFirst() : precision;
    Llama model = Llama.open(file, kernels, chosen, options.stepTokensMax(), cache);
    // Random prompts are of no use to later ones: they shall not fill the whole budget.
    Engine engine = new Engine(model, options.withCacheBytesMax(model.spanBytes(KEPT_TOKENS)));
    long opened = System.nanoTime();
    awaitProducts(engine);
    return new BenchRun(
        file,
        kernels,
        engine,
        seconds,
        (opened - start) / 1e6,
        (System.nanoTime() - opened) / 1e6,
        progress);
  }

  /** Waits for the products that an idle engine compiles ahead, which would disturb. */
  private static void awaitProducts(Engine engine) {
    while (engine.stats().aheadLeft() > 0) {
      LockSupport.parkNanos(1_000_000);
    }
  }

  /** All measurements, named with their units. */
  Map<String, Object> run() throws IOException {
    Map<String, Object> result = setting();
    Map<String, Object> prefill = new LinkedHashMap<>();
    Map<String, Object> gops = new LinkedHashMap<>();
    for (int tokens : PREFILLS) {
      progress.println("prefill of " + tokens + " tokens ...");
      double perSecond = tokens / median(measure(() -> cold(tokens))) * 1e3;
      prefill.put(Integer.toString(tokens), perSecond);
      gops.put(Integer.toString(tokens), perSecond * linearOps() / 1e9);
    }
    result.put("prefill", prefill);
    result.put("prefillGops", gops);
    int[] policy = tokens(POLICY_TOKENS);
    progress.println(
        "checks of " + MESSAGE_TOKENS + " tokens behind a policy of " + POLICY_TOKENS + " ...");
    double[] checks = measure(() -> behind(policy, MESSAGE_TOKENS, 1));
    result.put("cachedCheckMillis", median(checks));
    result.put("cachedCheckP99Millis", quantile(checks, 0.99));
    Map<String, Object> verdicts = new LinkedHashMap<>();
    Map<String, Object> p50 = new LinkedHashMap<>();
    Map<String, Object> p99 = new LinkedHashMap<>();
    for (int batch : BATCHES) {
      progress.println("batches of " + batch + " short messages ...");
      double[] millis = measure(() -> behind(policy, SHORT_TOKENS, batch));
      String key = Integer.toString(batch);
      verdicts.put(key, batch / median(millis) * 1e3);
      p50.put(key, median(millis));
      p99.put(key, quantile(millis, 0.99));
    }
    result.put("verdictsPerSecondByBatch", verdicts);
    result.put("batchP50Millis", p50);
    result.put("batchP99Millis", p99);
    Map<String, Object> peaks = peaks();
    result.put("prefillPercentOfPeak", ofPeak(gops, peaks.get(engine.model().precision().id())));
    result.put("peakGops", peaks);
    result.put("productsAhead", engine.stats().productsAhead());
    result.put("productsAheadMillis", aheadMillis);
    result.put("productsOnDemand", engine.stats().productsOnDemand());
    result.put("weightsMegabytes", engine.model().residentBytes() / 1e6);
    result.put("keysValuesMegabytes", engine.stats().reservedBytes() / 1e6);
    result.put("residentMegabytes", residentMegabytes());
    return result;
  }

  private Map<String, Object> setting() {
    Map<String, Object> result = new LinkedHashMap<>();
    result.put("kernels", kernels.name());
    result.put("threads", kernels.workers().members());
    result.put("vectorApi", Kernels.vectorApi());
    result.put("precision", engine.model().precision().id());
    result.put("openMillis", openMillis);
    return result;
  }

  /** Percent of a rate; none where the rate is not known. */
  private static Map<String, Object> ofPeak(Map<String, Object> gops, @Nullable Object peak) {
    Map<String, Object> shares = new LinkedHashMap<>();
    if (peak instanceof Double rate) {
      gops.forEach((tokens, reached) -> shares.put(tokens, 100 * (Double) reached / rate));
    }
    return shares;
  }

  /** Rates of bare products on this machine, now. */
  private Map<String, Object> peaks() {
    Map<String, Object> peaks = new LinkedHashMap<>();
    for (Precision precision : List.of(Precision.INT8, Precision.BF16, Precision.F32)) {
      if (kernels.precisions().contains(precision)) {
        progress.println("bare products, " + precision.id() + " ...");
        double gops = kernels.productGops(precision, (long) (seconds * 0.2e9));
        if (!Double.isNaN(gops)) {
          peaks.put(precision.id(), gops);
        }
      }
    }
    return peaks;
  }

  /** Where the time goes: share of each phase, for each kind of work. */
  Map<String, Object> profile() {
    ProfiledKernels profiled = (ProfiledKernels) kernels;
    Map<String, Object> result = setting();
    int[] policy = tokens(POLICY_TOKENS);
    Map<String, Object> works = new LinkedHashMap<>();
    works.put("prefill of 512 tokens", shares(profiled.profile(), () -> cold(512)));
    works.put(
        MESSAGE_TOKENS + " tokens behind " + POLICY_TOKENS + " cached",
        shares(profiled.profile(), () -> behind(policy, MESSAGE_TOKENS, 1)));
    works.put(
        "16 messages of " + SHORT_TOKENS + " tokens behind " + POLICY_TOKENS + " cached",
        shares(profiled.profile(), () -> behind(policy, SHORT_TOKENS, 16)));
    result.put("profile", works);
    return result;
  }

  private Map<String, Object> shares(Profile profile, LongSupplier work) {
    repeat(work, seconds / 2);
    profile.clear();
    List<Long> runs = repeat(work, seconds);
    long elapsed = runs.stream().mapToLong(Long::longValue).sum();
    double all = (double) elapsed * kernels.workers().members();
    Map<String, Object> result = new LinkedHashMap<>();
    result.put("millis", elapsed / 1e6 / runs.size());
    Map<String, Object> phases = new LinkedHashMap<>();
    double phasesTotal = 0;
    double products = 0;
    double waiting = 0;
    for (Profile.Spent spent : profile.phases()) {
      phases.put(
          spent.phase().label(),
          share(spent.total() / all, spent.products() / all, spent.waiting() / all));
      phasesTotal += spent.total();
      products += spent.products();
      waiting += spent.waiting();
    }
    double rest = all - phasesTotal;
    phases.put("queue, batches, answers", share(rest / all, 0, rest / all));
    phases.put("all", share(1, products / all, (waiting + rest) / all));
    result.put("phases", phases);
    return result;
  }

  /** Nanoseconds of each run. */
  private static List<Long> repeat(LongSupplier work, double seconds) {
    List<Long> nanos = new ArrayList<>();
    long end = System.nanoTime() + (long) (seconds * 1e9);
    while (nanos.size() < RUNS_MIN || System.nanoTime() < end) {
      nanos.add(work.getAsLong());
    }
    return nanos;
  }

  private static Map<String, Object> share(double total, double products, double waiting) {
    Map<String, Object> result = new LinkedHashMap<>();
    result.put("percent", 100 * total);
    result.put("products", 100 * products);
    result.put("waiting", 100 * waiting);
    return result;
  }

  /** Operations of the linear layers for one token: two per weight. */
  private double linearOps() {
    LlamaConfig c = file.config();
    double attention =
        (double) c.width() * c.headSize() * (2.0 * c.queryHeads() + 2.0 * c.kvHeads());
    return 2.0 * c.blocks() * (attention + 3.0 * c.width() * c.feedForward());
  }

  private int[] tokens(int count) {
    return random.ints(count, 0, vocabulary).toArray();
  }

  private long cold(int count) {
    Request request = Request.of(new int[0], tokens(count), CANDIDATES);
    long start = System.nanoTime();
    engine.submit(request).join();
    return System.nanoTime() - start;
  }

  private long behind(int[] policy, int count, int batch) {
    List<Request> requests = new ArrayList<>();
    for (int i = 0; i < batch; i++) {
      requests.add(Request.of(policy, tokens(count), CANDIDATES));
    }
    long start = System.nanoTime();
    List<CompletableFuture<Answer>> answers = requests.stream().map(engine::submit).toList();
    answers.forEach(CompletableFuture::join);
    return System.nanoTime() - start;
  }

  /** Milliseconds of each run; the first fifth of the time warms up and is not counted. */
  private double[] measure(LongSupplier run) {
    long warm = System.nanoTime() + (long) (seconds * 0.2e9);
    long spent = 0;
    while (spent == 0 || System.nanoTime() < warm) {
      spent += run.getAsLong();
    }
    List<Double> millis = new ArrayList<>();
    long end = System.nanoTime() + (long) (seconds * 0.8e9);
    while (millis.size() < RUNS_MIN || (System.nanoTime() < end && millis.size() < RUNS_MAX)) {
      millis.add(run.getAsLong() / 1e6);
    }
    return millis.stream().mapToDouble(Double::doubleValue).sorted().toArray();
  }

  private static double median(double[] sorted) {
    return quantile(sorted, 0.5);
  }

  static double quantile(double[] sorted, double share) {
    return sorted[(int) Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
  }

  /** Resident memory of the process, NaN where the system does not tell. */
  private static double residentMegabytes() throws IOException {
    Path status = Path.of("/proc/self/status");
    if (!Files.isReadable(status)) {
      return Double.NaN;
    }
    return Files.readAllLines(status).stream()
        .filter(line -> line.startsWith("VmRSS:"))
        .map(line -> line.replaceAll("\\D", ""))
        .mapToDouble(kilobytes -> Double.parseDouble(kilobytes) / 1e3)
        .findFirst()
        .orElse(Double.NaN);
  }

  @Override
  public void close() {
    engine.close();
    kernels.close();
    file.close();
  }
}
