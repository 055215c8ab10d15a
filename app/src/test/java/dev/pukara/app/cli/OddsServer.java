package dev.pukara.app.cli;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** A server of completions that gives the same log probabilities to every question. */
final class OddsServer implements AutoCloseable {
  /** Which HTTP status a question gets. */
  interface Status {
    int of(String asked, @Nullable String authorization);
  }

  private final HttpServer server;
  private final byte[] answer;
  private final Status status;

  OddsServer(double safe, double unsafe, Status status) throws IOException {
    String odds = "{\"choices\":[{\"logprobs\":{\"top_logprobs\":[{\"safe\":%s,\"unsafe\":%s}]}}]}";
    this.answer = String.format(Locale.ROOT, odds, safe, unsafe).getBytes(StandardCharsets.UTF_8);
    this.status = status;
    this.server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext("/v1/completions", this::answer);
    server.start();
  }

  String url() {
    return "http://127.0.0.1:" + server.getAddress().getPort();
  }

  private void answer(HttpExchange exchange) throws IOException {
    try (exchange) {
      String asked = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
      String authorization = exchange.getRequestHeaders().getFirst("Authorization");
      exchange.sendResponseHeaders(status.of(asked, authorization), answer.length);
      exchange.getResponseBody().write(answer);
    }
  }

  @Override
  public void close() {
    server.stop(0);
  }
}
