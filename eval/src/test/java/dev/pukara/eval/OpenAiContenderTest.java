package dev.pukara.eval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.pukara.guard.Conversation;
import dev.pukara.guard.Policies;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Against a server of our own that answers as the API does. */
class OpenAiContenderTest {
  private static final String FLAGGED =
      """
      {"id":"modr-1","model":"m","results":[{"flagged":true,"categories":{"hate":true,"self-harm":false},
       "category_scores":{"hate":0.91,"self-harm":0.002}}]}
      """;

  private final Deque<Integer> statuses = new ArrayDeque<>();
  private final List<String> received = new ArrayList<>();
  private HttpServer server;

  @BeforeEach
  void start() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext("/v1/moderations", this::answer);
    server.start();
  }

  private synchronized void answer(HttpExchange exchange) throws IOException {
    received.add(
        exchange.getRequestHeaders().getFirst("Authorization")
            + " "
            + new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8));
    int status = statuses.isEmpty() ? 200 : statuses.remove();
    if (status < 0) {
      exchange.close();
      return;
    }
    byte[] body = (status == 200 ? FLAGGED : "{}").getBytes(StandardCharsets.UTF_8);
    exchange.sendResponseHeaders(status, body.length);
    exchange.getResponseBody().write(body);
    exchange.close();
  }

  @AfterEach
  void stop() {
    server.stop(0);
  }

  private Rating rate(Conversation conversation) throws IOException {
    URI base = URI.create("http://localhost:" + server.getAddress().getPort() + "/");
    OpenAiContender contender =
        new OpenAiContender("api", base, "m", Optional.of("key"), Duration.ofMillis(1));
    try (Contender.Session session = contender.open(Policies.find("llama-guard-3"))) {
      return session.rate(conversation).join();
    }
  }

  @Test
  void scoreIsTheMaximumOverCategories() throws IOException {
    Rating rating = rate(Conversation.user("Hi").agent("You \"fool\""));
    assertThat(rating.score()).hasValue(0.91);
    assertThat(rating.verdict()).isEqualTo(Rating.UNSAFE);
    assertThat(rating.categories()).containsExactly("hate");
    assertThat(rating.categoryScores()).containsEntry("self-harm", 0.002);
    assertThat(received).hasSize(1);
    assertThat(received.getFirst())
        .startsWith("Bearer key ")
        .contains("\"model\":\"m\"", "You \\\"fool\\\"")
        .doesNotContain("Hi");
  }

  @Test
  void aBusyServerIsAskedAgain() throws IOException {
    statuses.addAll(List.of(429, 503));
    assertThat(rate(Conversation.user("Hi")).score()).hasValue(0.91);
    assertThat(received).hasSize(3);
  }

  /** A status below zero: the connection is closed without an answer. */
  @Test
  void aServerThatDropsTheConnectionIsAskedAgain() throws IOException {
    statuses.addAll(List.of(-1, 503));
    assertThat(rate(Conversation.user("Hi")).score()).hasValue(0.91);
  }

  @Test
  void aServerThatDoesNotAnswerIsTold() {
    server.stop(0);
    assertThatThrownBy(() -> rate(Conversation.user("Hi")))
        .cause()
        .isInstanceOf(EvaluationException.class)
        .hasMessageContainingAll("/v1/moderations: no answer", "(ConnectException)", "run again");
  }

  @Test
  void refusalsAreTold() {
    statuses.add(401);
    assertThatThrownBy(() -> rate(Conversation.user("Hi")))
        .rootCause()
        .isInstanceOf(EvaluationException.class)
        .hasMessageContainingAll("status 401", "check address, model and key");
  }
}
