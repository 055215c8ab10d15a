package dev.pukara.eval;

import dev.pukara.eval.data.DataSet;
import dev.pukara.guard.Conversation;
import dev.pukara.guard.Policies;
import dev.pukara.guard.Policy;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * A server that speaks OpenAI's moderation API, as a baseline: {@code POST /v1/moderations} with
 * {@code model} and {@code input}, answered by {@code results[0].flagged}, {@code categories} and
 * {@code category_scores} (https://platform.openai.com/docs/api-reference/moderations).
 *
 * <p>The score is the maximum over categories (Llama Guard paper, section 4.1). Only the last
 * message is sent: the API knows no conversations. A server that is busy (429, 5xx) or silent is
 * asked again.
 */
public final class OpenAiContender implements Contender {
  private static final int WINDOW = 4;
  private static final int ATTEMPTS = 6;
  private static final Duration TIMEOUT = Duration.ofSeconds(60);
  private static final JsonMapper JSON = new JsonMapper();

  private final String label;
  private final URI endpoint;
  private final String model;
  private final Optional<String> key;
  private final Duration firstPause;

  /**
   * A moderation server.
   *
   * @param base {@code https://api.openai.com}
   * @param model {@code omni-moderation-latest}
   * @param key sent as bearer token
   */
  public OpenAiContender(String label, URI base, String model, Optional<String> key) {
    this(label, base, model, key, Duration.ofSeconds(1));
  }

  OpenAiContender(String label, URI base, String model, Optional<String> key, Duration firstPause) {
    this.label = label;
    this.endpoint = URI.create(base.toString().replaceFirst("/+$", "") + "/v1/moderations");
    this.model = model;
    this.key = key;
    this.firstPause = firstPause;
  }

  @Override
  public String label() {
    return label;
  }

  /** Labels are read as by Llama Guard 3: the API has no policy of ours in its prompt. */
  @Override
  public Policy policy(DataSet set) {
    return Policies.find("llama-guard-3");
  }

  @Override
  public Session open(Policy policy) throws IOException {
    return new ApiSession();
  }

  private final class ApiSession implements Session {
    private final HttpClient client = HttpClient.newBuilder().connectTimeout(TIMEOUT).build();

    @Override
    public Identity identity() {
      String name = model + " at " + endpoint.getHost();
      return new Identity(
          name, name, "openai", "openai", "openai-moderation-api", "1", "", Map.of());
    }

    @Override
    public int window() {
      return WINDOW;
    }

    @Override
    public CompletableFuture<Rating> rate(Conversation conversation) {
      String text = conversation.last().text();
      String body = JSON.writeValueAsString(Map.of("model", model, "input", text));
      HttpRequest.Builder request =
          HttpRequest.newBuilder(endpoint)
              .timeout(TIMEOUT)
              .header("Content-Type", "application/json")
              .POST(HttpRequest.BodyPublishers.ofString(body));
      key.ifPresent(value -> request.header("Authorization", "Bearer " + value));
      long start = System.nanoTime();
      return send(request.build(), ATTEMPTS, firstPause)
          .thenApply(answer -> read(answer, Sha256.of(text), (System.nanoTime() - start) / 1e6));
    }

    private CompletableFuture<String> send(HttpRequest request, int attempts, Duration pause) {
      return client
          .sendAsync(request, HttpResponse.BodyHandlers.ofString())
          .handle(
              (response, failure) -> {
                int status = failure == null ? response.statusCode() : 0;
                if (status == 200) {
                  return CompletableFuture.completedFuture(response.body());
                }
                if (attempts > 1 && (failure != null || status == 429 || status >= 500)) {
                  return CompletableFuture.supplyAsync(
                          () -> request,
                          CompletableFuture.delayedExecutor(
                              pause.toMillis(), TimeUnit.MILLISECONDS))
                      .thenCompose(again -> send(again, attempts - 1, pause.multipliedBy(2)));
                }
                return CompletableFuture.<String>failedFuture(
                    failure == null ? refused(status) : silent(Evaluation.cause(failure)));
              })
          .thenCompose(answer -> answer);
    }

    private EvaluationException refused(int status) {
      return new EvaluationException(
          endpoint + ": HTTP status " + status + ", expected 200; check address, model and key");
    }

    private EvaluationException silent(Throwable failure) {
      return new EvaluationException(
          endpoint
              + ": no answer, asked "
              + ATTEMPTS
              + " times ("
              + failure.getClass().getSimpleName()
              + "); check the address, and run again when the server answers",
          failure);
    }

    @Override
    public void close() {
      client.close();
    }
  }

  private Rating read(String answer, String digest, double millis) {
    try {
      JsonNode result = JSON.readTree(answer).required("results").required(0);
      Map<String, Double> scores = new LinkedHashMap<>();
      result
          .required("category_scores")
          .forEachEntry((name, value) -> scores.put(name, value.asDouble()));
      List<String> flagged = new ArrayList<>();
      result
          .required("categories")
          .forEachEntry(
              (name, value) -> {
                if (value.asBoolean()) {
                  flagged.add(name);
                }
              });
      OptionalDouble score = scores.values().stream().mapToDouble(Double::doubleValue).max();
      String verdict = result.required("flagged").asBoolean() ? Rating.UNSAFE : Rating.SAFE;
      return new Rating(score, verdict, flagged, scores, digest, 0, millis);
    } catch (JacksonException | IllegalArgumentException e) {
      throw new EvaluationException(
          endpoint + ": the answer is not that of a moderation API; check the address", e);
    }
  }
}
