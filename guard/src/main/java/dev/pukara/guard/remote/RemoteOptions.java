package dev.pukara.guard.remote;

import java.net.URI;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;

/**
 * A server and how patiently it is asked.
 *
 * @param base address up to and without {@code /v1}
 * @param model name that the server knows the model by
 * @param api endpoint
 * @param token bearer token, never logged
 * @param timeout of one attempt, from the first byte sent to the last received
 * @param attemptsMax how often a question is asked before it counts as failed
 * @param promptTokensMax longest prompt that the server takes; tokens are estimated, and rather too
 *     many than too few
 */
public record RemoteOptions(
    URI base,
    String model,
    RemoteApi api,
    Optional<String> token,
    Duration timeout,
    int attemptsMax,
    int promptTokensMax) {
  /** Checks the address and the limits. */
  public RemoteOptions {
    String scheme = String.valueOf(base.getScheme()).toLowerCase(Locale.ROOT);
    if (!scheme.equals("http") && !scheme.equals("https") || base.getHost() == null) {
      throw new IllegalArgumentException(
          "server address '" + base + "', expected something like http://localhost:8000");
    }
    if (base.getUserInfo() != null) {
      throw new IllegalArgumentException(
          "the server address holds a password; give a bearer token instead");
    }
    if (model.isBlank()) {
      throw new IllegalArgumentException("the name of the server's model is empty");
    }
    if (timeout.isZero() || timeout.isNegative() || attemptsMax < 1 || promptTokensMax < 1) {
      throw new IllegalArgumentException("timeout, attempts and prompt length must be positive");
    }
    token.ifPresent(RemoteOptions::check);
  }

  private static void check(String token) {
    if (token.isBlank() || token.chars().anyMatch(c -> c <= ' ' || c > '~')) {
      throw new IllegalArgumentException(
          "the bearer token is empty or holds blanks or control characters");
    }
  }

  /** A server's completions: 10 s, three attempts, prompts of up to 8,192 tokens. */
  public static RemoteOptions of(String url, String model) {
    String base = url.replaceAll("/+$", "").replaceAll("/v1$", "");
    return new RemoteOptions(
        URI.create(base),
        model,
        RemoteApi.COMPLETIONS,
        Optional.empty(),
        Duration.ofSeconds(10),
        3,
        8192);
  }

  /** With another endpoint. */
  public RemoteOptions withApi(RemoteApi value) {
    return new RemoteOptions(base, model, value, token, timeout, attemptsMax, promptTokensMax);
  }

  /** With a bearer token. */
  public RemoteOptions withToken(String value) {
    return new RemoteOptions(
        base, model, api, Optional.of(value), timeout, attemptsMax, promptTokensMax);
  }

  /** With another time limit for each attempt. */
  public RemoteOptions withTimeout(Duration value) {
    return new RemoteOptions(base, model, api, token, value, attemptsMax, promptTokensMax);
  }

  /** With another number of attempts. */
  public RemoteOptions withAttemptsMax(int value) {
    return new RemoteOptions(base, model, api, token, timeout, value, promptTokensMax);
  }

  /** Without the token. */
  @Override
  public String toString() {
    return model + " at " + base + " (" + api + ")";
  }
}
