package dev.pukara.guard.remote;

import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Reads the answers of servers, which differ: {@code logprobs.top_logprobs[0]} is a map of tokens
 * (vLLM, SGLang), {@code logprobs.content[0].top_logprobs} a list (chat, llama-server).
 */
final class AnswerReader {
  private static final JsonMapper JSON = new JsonMapper();

  /** Log odds of an answer that comes without probabilities: 0.999 to 0.001. */
  private static final double CERTAIN = Math.log(0.999 / 0.001);

  /** Log probabilities come in float32: a smaller rest is rounding. */
  private static final double REST_MIN = 1e-6;

  private static final Pattern NO_LETTERS = Pattern.compile("[^\\p{L}]+");

  private AnswerReader() {}

  static TokenOdds read(String body, String no, String yes) {
    JsonNode root;
    try {
      root = JSON.readTree(body);
    } catch (JacksonException e) {
      // The parser's message would quote the body.
      throw new RemoteException("the server's answer is not JSON", false);
    }
    JsonNode choice = root.path("choices").path(0);
    if (choice.isMissingNode()) {
      throw new RemoteException("the server's answer has no 'choices'", false);
    }
    int tokens = Math.max(0, root.path("usage").path("prompt_tokens").asInt(0));
    Map<String, Double> listed = listed(choice.path("logprobs"));
    if (!listed.isEmpty()) {
      return odds(listed, no.strip(), yes.strip(), tokens);
    }
    JsonNode content = choice.path("message").path("content");
    String text = content.isString() ? content.asString() : choice.path("text").asString("");
    return parsed(text, no.strip(), yes.strip(), tokens);
  }

  private static Map<String, Double> listed(JsonNode logprobs) {
    Map<String, Double> listed = new HashMap<>();
    JsonNode map = logprobs.path("top_logprobs").path(0);
    map.forEachEntry((token, value) -> add(listed, token, value));
    JsonNode content = logprobs.path("content");
    for (int i = 0; i < content.size(); i++) {
      // Some models start with a blank line.
      if (!content.path(i).path("token").asString("").isBlank()) {
        for (JsonNode one : content.path(i).path("top_logprobs")) {
          add(listed, one.path("token").asString(""), one.path("logprob"));
        }
        break;
      }
    }
    return listed;
  }

  private static void add(Map<String, Double> listed, String token, JsonNode value) {
    if (value.isNumber() && value.asDouble() <= 1e-6) {
      listed.merge(token, value.asDouble(), Math::max);
    }
  }

  private static TokenOdds odds(Map<String, Double> listed, String no, String yes, int tokens) {
    double pNo = 0;
    double pYes = 0;
    double least = 0;
    double all = 0;
    for (Map.Entry<String, Double> entry : listed.entrySet()) {
      String token = entry.getKey().strip().toLowerCase(Locale.ROOT);
      least = Math.min(least, entry.getValue());
      all += Math.exp(entry.getValue());
      pNo += starts(no, yes, token) ? Math.exp(entry.getValue()) : 0;
      pYes += starts(yes, no, token) ? Math.exp(entry.getValue()) : 0;
    }
    if (pNo == 0 && pYes == 0) {
      return new TokenOdds(Double.NaN, Double.NaN, 0, tokens);
    }
    // At most what the last one listed has, and no more than all listed ones leave.
    double unlisted = Math.min(least, Math.log(Math.max(1 - all, REST_MIN)));
    double logNo = pNo == 0 ? unlisted : Math.log(pNo);
    double logYes = pYes == 0 ? unlisted : Math.log(pYes);
    return new TokenOdds(logNo, logYes, pNo + pYes, tokens);
  }

  /** True if the token is the answer, or its first letters where a vocabulary cuts it. */
  private static boolean starts(String answer, String other, String token) {
    return token.length() > 1 && answer.startsWith(token) && !other.startsWith(token);
  }

  /** The first word says unsafe; only a text of nothing else says safe. */
  private static TokenOdds parsed(String text, String no, String yes, int tokens) {
    List<String> words =
        NO_LETTERS
            .splitAsStream(text.toLowerCase(Locale.ROOT))
            .filter(word -> !word.isEmpty())
            .toList();
    if (!words.isEmpty() && words.getFirst().equals(yes)) {
      return new TokenOdds(-CERTAIN, 0, 1, tokens);
    }
    if (words.equals(List.of(no))) {
      return new TokenOdds(0, -CERTAIN, 1, tokens);
    }
    return new TokenOdds(Double.NaN, Double.NaN, 0, tokens);
  }
}
