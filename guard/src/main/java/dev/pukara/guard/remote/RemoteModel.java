package dev.pukara.guard.remote;

import io.github.resilience4j.circuitbreaker.CallNotPermittedException;
import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig;
import io.github.resilience4j.core.IntervalFunction;
import io.github.resilience4j.retry.Retry;
import io.github.resilience4j.retry.RetryConfig;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.HttpTimeoutException;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import tools.jackson.databind.json.JsonMapper;

/**
 * Asks a server which of two tokens follows a prompt. Each attempt has a time limit; what may pass
 * (no connection, too slow, 429, 5xx) is tried again after a random pause; a server that keeps
 * failing is left alone for a while.
 */
public final class RemoteModel implements AutoCloseable {
  private static final JsonMapper JSON = new JsonMapper();

  /** vLLM refuses more; the two answers are among far fewer. */
  private static final int LISTED = 20;

  /** A blank line, the answer, and enough behind it to see whether that is all. */
  private static final int CHAT_TOKENS = 4;

  private static final long ANSWER_BYTES_MAX = 1 << 20;
  private static final Duration PAUSE = Duration.ofMillis(100);
  private static final Duration LEFT_ALONE = Duration.ofSeconds(5);
  private static final int CALLS_WATCHED = 20;
  private static final int CALLS_MIN = 10;
  private static final String CLOSED = "the guard was closed";

  /**
   * Hands answers over: what callers do with one, waiting for another one too, must stop neither
   * the pauses nor the one timer that ends what takes too long.
   */
  private static final Executor REPLIES =
      task -> Thread.ofVirtual().name("pukara-remote-reply").start(task);

  private final RemoteOptions options;
  private final HttpClient client;
  private final ScheduledExecutorService pauses;
  private final Retry retry;
  private final CircuitBreaker breaker;

  /** Answers that somebody waits for. */
  private final Set<CompletableFuture<TokenOdds>> open = ConcurrentHashMap.newKeySet();

  private volatile boolean closed;

  /** Connects at the first question. */
  public RemoteModel(RemoteOptions options) {
    this.options = options;
    this.client =
        HttpClient.newBuilder()
            .connectTimeout(options.timeout())
            .followRedirects(HttpClient.Redirect.NEVER) // the token is for this server
            .build();
    this.pauses =
        Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("pukara-remote-pauses").factory());
    this.retry =
        Retry.of(
            "remote",
            RetryConfig.custom()
                .maxAttempts(options.attemptsMax())
                .intervalFunction(IntervalFunction.ofExponentialRandomBackoff(PAUSE, 2, 0.5))
                .retryOnException(RemoteModel::mayPass)
                .build());
    this.breaker =
        CircuitBreaker.of(
            "remote",
            CircuitBreakerConfig.custom()
                .slidingWindowSize(CALLS_WATCHED)
                .minimumNumberOfCalls(CALLS_MIN)
                .failureRateThreshold(50)
                .waitDurationInOpenState(LEFT_ALONE)
                .permittedNumberOfCallsInHalfOpenState(2)
                .recordException(RemoteModel::mayPass)
                .build());
  }

  /** The server and how it is asked. */
  public RemoteOptions options() {
    return options;
  }

  /**
   * Asks which of two tokens follows a prompt.
   *
   * @param no text of the token that says safe, or no
   * @param yes text of the token that says unsafe, or yes
   * @return fails with {@link RemoteException}
   */
  public CompletableFuture<TokenOdds> complete(String prompt, String no, String yes) {
    Map<String, Object> body = body();
    body.put("prompt", prompt);
    body.put("max_tokens", 1);
    body.put("logprobs", LISTED);
    return ask(request("/v1/completions", body), no, yes);
  }

  /**
   * Asks which of two tokens the assistant's next message starts with.
   *
   * @param no text of the token that says safe, or no
   * @param yes text of the token that says unsafe, or yes
   * @return fails with {@link RemoteException}
   */
  public CompletableFuture<TokenOdds> chat(List<ChatTurn> turns, String no, String yes) {
    Map<String, Object> body = body();
    body.put("messages", turns);
    body.put("max_tokens", CHAT_TOKENS);
    body.put("logprobs", true);
    body.put("top_logprobs", LISTED);
    return ask(request("/v1/chat/completions", body), no, yes);
  }

  private CompletableFuture<TokenOdds> ask(HttpRequest request, String no, String yes) {
    CompletableFuture<TokenOdds> answer = new CompletableFuture<>();
    // Before the look at closed: either close() finds the answer, or it is seen here.
    open.add(answer);
    answer.whenComplete((odds, failure) -> open.remove(answer));
    if (closed) {
      answer.completeExceptionally(named(new RemoteException(CLOSED, false)));
      return answer;
    }
    retry
        .executeCompletionStage(
            pauses, () -> breaker.executeCompletionStage(() -> once(request, no, yes)))
        .whenCompleteAsync(
            (odds, failure) -> {
              if (failure == null) {
                answer.complete(odds);
              } else {
                answer.completeExceptionally(named(cause(failure)));
              }
            },
            REPLIES);
    return answer;
  }

  private CompletionStage<TokenOdds> once(HttpRequest request, String no, String yes) {
    CompletableFuture<HttpResponse<String>> sent =
        client.sendAsync(request, BodyHandlers.limiting(BodyHandlers.ofString(), ANSWER_BYTES_MAX));
    // The request's own time limit ends with the header; a server may stop in the middle of the
    // body.
    CompletableFuture<HttpResponse<String>> limited =
        sent.copy().orTimeout(options.timeout().toMillis(), TimeUnit.MILLISECONDS);
    return limited
        .whenComplete((response, failure) -> sent.cancel(true))
        .handle(
            (response, failure) -> {
              if (failure != null) {
                throw unreachable(cause(failure));
              }
              int status = response.statusCode();
              if (status / 100 != 2) {
                throw new RemoteException(
                    "the server answered HTTP " + status + hint(status),
                    status == 429 || status >= 500);
              }
              return AnswerReader.read(response.body(), no, yes);
            });
  }

  private RemoteException unreachable(Throwable failure) {
    return switch (failure) {
      case RemoteException remote -> remote;
      // Whichever of the two limits is noticed first.
      case TimeoutException late -> late(late);
      case HttpTimeoutException late -> late(late);
      case IOException broken ->
          new RemoteException(
              "no connection or a broken one (" + broken.getClass().getSimpleName() + ")",
              true,
              broken);
      default -> new RemoteException("the request failed: " + failure, false, failure);
    };
  }

  private RemoteException late(Throwable failure) {
    return new RemoteException(
        "no answer within " + options.timeout().toMillis() + " ms", true, failure);
  }

  private static String hint(int status) {
    return switch (status) {
      case 401, 403 -> "; check the bearer token";
      case 404 -> "; check the address, and that the server offers this endpoint and model";
      case 400, 422 -> "; check the model's name, and that the server gives log probabilities";
      default -> "";
    };
  }

  private RemoteException named(Throwable failure) {
    String what =
        failure instanceof CallNotPermittedException
            ? "left alone for a while after repeated failures"
            : String.valueOf(failure.getMessage());
    boolean again = failure instanceof CallNotPermittedException || mayPass(failure);
    return new RemoteException(options + ": " + what, again, failure);
  }

  private static boolean mayPass(Throwable failure) {
    return cause(failure) instanceof RemoteException remote && remote.mayPass();
  }

  private static Throwable cause(Throwable failure) {
    Throwable cause = failure.getCause();
    return failure instanceof CompletionException && cause != null ? cause : failure;
  }

  private Map<String, Object> body() {
    Map<String, Object> body = new LinkedHashMap<>();
    body.put("model", options.model());
    body.put("temperature", 0);
    return body;
  }

  private HttpRequest request(String path, Map<String, Object> body) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(options.base() + path))
            .timeout(options.timeout())
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(JSON.writeValueAsString(body)));
    options.token().ifPresent(token -> request.header("Authorization", "Bearer " + token));
    return request.build();
  }

  /** Fails what is in flight, and what is asked from now on: a pause that is dropped never ends. */
  @Override
  public void close() {
    closed = true;
    RemoteException end = named(new RemoteException(CLOSED, false));
    open.forEach(answer -> answer.completeExceptionally(end));
    pauses.shutdownNow();
    client.shutdownNow();
  }
}
