package dev.pukara.app.cli;

import java.io.PrintStream;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The result of {@link BenchRun} as a table, 80 columns wide at most. */
final class BenchTable {
  private BenchTable() {}

  /** What {@link BenchRun#run} measured. */
  static void figures(Map<String, Object> result, PrintStream out) {
    setting(result, out);
    line(out, "prefill, tokens", "tokens/s", "Gop/s", "% of peak");
    map(result, "prefill")
        .forEach(
            (tokens, perSecond) -> {
              double gops = number(map(result, "prefillGops"), tokens);
              double share = number(map(result, "prefillPercentOfPeak"), tokens);
              line(out, "  " + tokens, text(perSecond), text(gops), text(share));
            });
    line(out, "checks behind a policy of 400", "per second", "p50 ms", "p99 ms");
    double check = number(result, "cachedCheckMillis");
    line(
        out,
        "  112 tokens",
        text(1e3 / check),
        text(check),
        text(result.get("cachedCheckP99Millis")));
    map(result, "verdictsPerSecondByBatch")
        .forEach(
            (batch, perSecond) ->
                line(
                    out,
                    "  24 tokens, batches of " + batch,
                    text(perSecond),
                    text(map(result, "batchP50Millis").get(batch)),
                    text(map(result, "batchP99Millis").get(batch))));
    line(out, "bare products, the peak", "Gop/s");
    map(result, "peakGops").forEach((name, gops) -> line(out, "  " + name, text(gops)));
    line(out, "products compiled", "number", "in ms");
    Object millis = result.get("productsAheadMillis");
    line(out, "  ahead", text(result.get("productsAhead")), text(millis));
    line(out, "  on demand", text(result.get("productsOnDemand")));
    line(out, "memory", "MB");
    line(out, "  packed weights", text(result.get("weightsMegabytes")));
    line(out, "  keys and values", text(result.get("keysValuesMegabytes")));
    line(out, "  the whole process", text(result.get("residentMegabytes")));
  }

  /** What {@link BenchRun#profile} measured. */
  static void profile(Map<String, Object> result, PrintStream out) {
    setting(result, out);
    map(result, "profile")
        .forEach(
            (work, value) -> {
              Map<?, ?> measured = (Map<?, ?>) value;
              out.println();
              out.printf(Locale.ROOT, "%s, %s ms%n", work, text(measured.get("millis")));
              line(out, "", "% of time", "products", "waiting");
              map(measured, "phases")
                  .forEach(
                      (phase, shares) -> {
                        Map<?, ?> share = (Map<?, ?>) shares;
                        line(
                            out,
                            "  " + phase,
                            text(share.get("percent")),
                            text(share.get("products")),
                            text(share.get("waiting")));
                      });
            });
  }

  /** What {@link BenchCategories} measured; more: than the first of its kind. */
  static void categories(List<Map<String, Object>> results, PrintStream out) {
    line(out, "policy", "cached", "p50 ms", "p99 ms", "more %");
    double first = Double.NaN;
    boolean before = false;
    for (Map<String, Object> result : results) {
      boolean described = Boolean.TRUE.equals(result.get("described"));
      double p50 = number(result, "p50Millis");
      if (Double.isNaN(first) || described != before) {
        before = described;
        first = p50;
      }
      line(
          out,
          result.get("categories") + (described ? " categories, described" : " names"),
          String.valueOf(result.get("cachedTokens")),
          text(p50),
          text(result.get("p99Millis")),
          text(100 * (p50 / first - 1)));
    }
  }

  private static void setting(Map<String, Object> result, PrintStream out) {
    out.println(result.get("model"));
    out.printf(
        Locale.ROOT,
        "%s, %s, %s threads, %s Vector API; opened in %s ms%n",
        result.get("precision"),
        result.get("kernels"),
        result.get("threads"),
        Boolean.TRUE.equals(result.get("vectorApi")) ? "with" : "without",
        text(result.get("openMillis")));
  }

  private static void line(PrintStream out, String name, String... columns) {
    StringBuilder line = new StringBuilder(String.format(Locale.ROOT, "%-32s", name));
    for (String column : columns) {
      line.append(String.format(Locale.ROOT, "%12s", column));
    }
    out.println(line);
  }

  private static Map<?, ?> map(Map<?, ?> result, String key) {
    return result.get(key) instanceof Map<?, ?> nested ? nested : Map.of();
  }

  private static double number(Map<?, ?> result, Object key) {
    return result.get(key) instanceof Double number ? number : Double.NaN;
  }

  /** A number with as many digits as are worth reading, a dash for what is not known. */
  private static String text(@Nullable Object value) {
    if (value instanceof Integer count) {
      return String.format(Locale.ROOT, "%,d", count);
    }
    if (!(value instanceof Double number) || number.isNaN()) {
      return "-";
    }
    return String.format(Locale.ROOT, Math.abs(number) < 100 ? "%.1f" : "%,.0f", number);
  }
}
