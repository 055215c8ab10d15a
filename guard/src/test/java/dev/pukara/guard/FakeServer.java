package dev.pukara.guard;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.BiFunction;
import java.util.function.Function;

/** An OpenAI-compatible server that answers as a test wants. */
final class FakeServer implements AutoCloseable {
  /**
   * An answer.
   *
   * @param delayMillis before the header
   * @param declaredBytes content length if it is a lie, else 0
   */
  record Answer(int status, String body, long delayMillis, int declaredBytes) {
    static Answer of(String body) {
      return new Answer(200, body, 0, 0);
    }

    static Answer status(int status) {
      return new Answer(status, "{\"error\":\"no\"}", 0, 0);
    }
  }

  final List<String> bodies = Collections.synchronizedList(new ArrayList<>());
  final List<String> tokens = Collections.synchronizedList(new ArrayList<>());

  private final HttpServer server;
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();

  FakeServer(Function<Integer, Answer> answers) throws IOException {
    this((count, body) -> answers.apply(count));
  }

  /** Answers by the number of the request, from 1, and its body. */
  FakeServer(BiFunction<Integer, String, Answer> answers) throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(threads);
    server.createContext("/v1/", exchange -> answer(exchange, answers));
    server.start();
  }

  String url() {
    return "http://127.0.0.1:" + server.getAddress().getPort();
  }

  private void answer(HttpExchange exchange, BiFunction<Integer, String, Answer> answers) {
    try (exchange) {
      int count;
      String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
      synchronized (this) {
        bodies.add(body);
        tokens.add(String.valueOf(exchange.getRequestHeaders().getFirst("Authorization")));
        count = bodies.size();
      }
      Answer answer = answers.apply(count, body);
      Thread.sleep(answer.delayMillis());
      byte[] bytes = answer.body().getBytes(StandardCharsets.UTF_8);
      int length = Math.max(bytes.length, answer.declaredBytes());
      exchange.sendResponseHeaders(answer.status(), length);
      exchange.getResponseBody().write(bytes);
      if (answer.declaredBytes() > 0) {
        exchange.getResponseBody().flush();
        Thread.sleep(60_000); // the rest never comes
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e); // the client has left
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }
}
