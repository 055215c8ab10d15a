package dev.pukara.app.cli;

import dev.pukara.engine.Answer;
import dev.pukara.engine.Engine;
import dev.pukara.engine.EngineOptions;
import dev.pukara.engine.Request;
import dev.pukara.kernels.Kernels;
import dev.pukara.kernels.Precision;
import dev.pukara.model.Llama;
import dev.pukara.model.LlamaConfig;
import dev.pukara.model.ModelFile;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
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
  private static final int RUNS_MIN = 5;
  private static final int RUNS_MAX = 2_000;
  private static final int[] CANDIDATES = {1, 2};

  private final ModelFile file;
  private final Kernels kernels;
  private final Engine engine;
  private final double seconds;
  private final double openMillis;
  private final PrintStream progress;
  private final Random random = new Random(20261124);
  private final int vocabulary;

  private BenchRun(
      ModelFile file,
      Kernels kernels,
      Engine engine,
      double seconds,
      double openMillis,
      PrintStream progress) {
    this.file = file;
    this.kernels = kernels;
    this.engine = engine;
    this.seconds = seconds;
    this.openMillis = openMillis;
    this.progress = progress;
    this.vocabulary = file.config().vocabulary();
  }

  static BenchRun open(
      Path path,
      @Nullable Precision precision,
      EngineOptions options,
      double seconds,
      PrintStream progress)
      throws IOException {
    long start = System.nanoTime();
    ModelFile file = ModelFile.open(path);
    Kernels kernels = Kernels.best();
    Precision chosen = precision == null ? kernels.precisions().getFirst() : precision;
    Llama model = new Llama(file, kernels, chosen, options.stepTokensMax());
    Engine engine = new Engine(model, options);
    double millis = (System.nanoTime() - start) / 1e6;
    return new BenchRun(file, kernels, engine, seconds, millis, progress);
  }

  /** All measurements, named with their units. */
  Map<String, Object> run() throws IOException {
    Map<String, Object> result = new LinkedHashMap<>();
    result.put("kernels", kernels.name());
    result.put("threads", kernels.workers().members());
    result.put("precision", engine.model().precision().id());
    result.put("openMillis", openMillis);
    Map<String, Object> prefill = new LinkedHashMap<>();
    double best = 0;
    for (int tokens : new int[] {128, 256, 512}) {
      progress.println("prefill of " + tokens + " tokens ...");
      double millis = median(measure(() -> cold(tokens)));
      prefill.put(Integer.toString(tokens), tokens / millis * 1e3);
      best = Math.max(best, tokens / millis * 1e3);
    }
    result.put("prefill", prefill);
    int[] policy = tokens(POLICY_TOKENS);
    progress.println(
        "checks of " + MESSAGE_TOKENS + " tokens behind a policy of " + POLICY_TOKENS + " ...");
    double[] checks = measure(() -> behind(policy, MESSAGE_TOKENS, 1));
    result.put("cachedCheckMillis", median(checks));
    result.put("cachedCheckP99Millis", quantile(checks, 0.99));
    Map<String, Object> verdicts = new LinkedHashMap<>();
    for (int batch : new int[] {1, 4, 16}) {
      progress.println("batches of " + batch + " short messages ...");
      double millis = median(measure(() -> behind(policy, SHORT_TOKENS, batch)));
      verdicts.put(Integer.toString(batch), batch / millis * 1e3);
    }
    result.put("verdictsPerSecondByBatch", verdicts);
    result.put("linearGopsPerSecond", best * linearOps() / 1e9);
    result.put("weightsMegabytes", engine.model().residentBytes() / 1e6);
    result.put("residentMegabytes", residentMegabytes());
    result.put("cacheHitRate", engine.stats().hitRate());
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

  private static double quantile(double[] sorted, double share) {
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
