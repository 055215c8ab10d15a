package dev.pukara.guard;

import com.hubspot.jinjava.Jinjava;
import com.hubspot.jinjava.JinjavaConfig;
import com.hubspot.jinjava.LegacyOverrides;
import com.hubspot.jinjava.interpret.InterpretException;
import com.hubspot.jinjava.interpret.RenderResult;
import com.hubspot.jinjava.interpret.TemplateError;
import com.hubspot.jinjava.lib.fn.ELFunctionDefinition;
import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * A model's chat template (Jinja), rendered as the transformers library does it: blocks take their
 * line end and leading blanks with them; {@code raise_exception}, {@code strftime_now}, {@code
 * break} and {@code continue} are known.
 */
final class ChatTemplate {
  private static final int OUTPUT_CHARACTERS_MAX = 1 << 20;

  /** Two characters of a date format each: Python's to Java's. */
  private static final Map<String, String> DATE =
      Map.of(
          "%d",
          "dd", "%m", "MM", "%Y", "yyyy", "%y", "yy", "%b", "MMM", "%B", "MMMM", "%H", "HH", "%M",
          "mm", "%S", "ss");

  private static final Pattern PARENTHESISED_MAP =
      Pattern.compile("=\\s*\\(\\s*(\\{[^{}]*\\})\\s*\\)");

  private final Jinjava jinja;
  private final String source;
  private final String file;

  /**
   * @param file named in errors
   */
  ChatTemplate(String source, String file) {
    // Jinja drops one line end at the end of a template, and reads ({...}) as a map, not as a
    // tuple.
    this.source =
        PARENTHESISED_MAP
            .matcher(source.endsWith("\n") ? source.substring(0, source.length() - 1) : source)
            .replaceAll("= $1");
    this.file = file;
    JinjavaConfig config =
        JinjavaConfig.newBuilder()
            .withTrimBlocks(true)
            .withLstripBlocks(true)
            .withMaxOutputSize(OUTPUT_CHARACTERS_MAX)
            // Texts are data: one that holds {{ }} is not run.
            .withNestedInterpretationEnabled(false)
            .withLegacyOverrides(
                LegacyOverrides.newBuilder()
                    .withEvaluateMapKeys(true)
                    .withIterateOverMapKeys(true)
                    .withUsePyishObjectMapper(true)
                    .withWhitespaceRequiredWithinTokens(false)
                    .withUseNaturalOperatorPrecedence(true)
                    .withParseWhitespaceControlStrictly(true)
                    .withAllowAdjacentTextNodes(true)
                    .build())
            .build();
    this.jinja = new Jinjava(config);
    jinja
        .getGlobalContext()
        .registerFunction(
            new ELFunctionDefinition(
                "", "raise_exception", ChatTemplate.class, "raise", String.class));
    jinja
        .getGlobalContext()
        .registerFunction(
            new ELFunctionDefinition("", "strftime_now", ChatTemplate.class, "now", String.class));
  }

  /** Called by templates: {@code raise_exception('...')}. */
  public static String raise(String message) {
    throw new InterpretException(message);
  }

  /** Called by templates: {@code strftime_now('%d %b %Y')}. */
  public static String now(String format) {
    String java = format;
    for (Map.Entry<String, String> entry : DATE.entrySet()) {
      java = java.replace(entry.getKey(), entry.getValue());
    }
    return LocalDateTime.now().format(DateTimeFormatter.ofPattern(java, Locale.ENGLISH));
  }

  /**
   * Renders.
   *
   * @throws PolicyException if the template raises an exception or is none
   */
  String render(Map<String, Object> variables) {
    try {
      RenderResult result = jinja.renderForResult(source, variables);
      List<TemplateError> errors =
          result.getErrors().stream()
              .filter(error -> error.getSeverity() == TemplateError.ErrorType.FATAL)
              .toList();
      if (!errors.isEmpty()) {
        TemplateError first = errors.getFirst();
        Throwable root = first.getException();
        while (root.getCause() != null) {
          root = root.getCause();
        }
        throw problem("line " + first.getLineno() + ": " + root.getMessage(), root);
      }
      return result.getOutput();
    } catch (InterpretException e) {
      throw problem(String.valueOf(e.getMessage()), e);
    }
  }

  private PolicyException problem(String message, Throwable cause) {
    return new PolicyException(
        file + ": chat template: " + message + "; choose a built-in format with --format", cause);
  }
}
