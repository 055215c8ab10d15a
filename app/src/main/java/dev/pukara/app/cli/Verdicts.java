package dev.pukara.app.cli;

import dev.pukara.guard.Action;
import dev.pukara.guard.CategoryScore;
import dev.pukara.guard.Crossing;
import dev.pukara.guard.Finding;
import dev.pukara.guard.Guard;
import dev.pukara.guard.Trace;
import dev.pukara.guard.Verdict;
import dev.pukara.rows.JsonText;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Verdicts for programs and for people. */
final class Verdicts {
  private Verdicts() {}

  static int exitCode(Verdict verdict) {
    return switch (verdict) {
      case Verdict.Safe safe -> ExitCodes.SAFE;
      case Verdict.Unsafe unsafe -> ExitCodes.UNSAFE;
      case Verdict.Unreadable unreadable -> ExitCodes.UNREADABLE;
    };
  }

  static String json(Guard guard, Verdict verdict) {
    return JsonText.line(fields(guard, verdict));
  }

  /** The verdict on a row. */
  static String json(Guard guard, Verdict verdict, String id) {
    Map<String, Object> object = new LinkedHashMap<>();
    object.put("id", id);
    object.putAll(fields(guard, verdict));
    return JsonText.line(object);
  }

  /** A row that has no verdict; never safe, and blocked even if the guard fails open. */
  static String error(Guard guard, String id, String error) {
    Map<String, Object> object = new LinkedHashMap<>();
    object.put("id", id);
    object.put("verdict", "unreadable");
    object.put("error", error);
    object.put("action", Action.BLOCK.name().toLowerCase(Locale.ROOT));
    object.put("categories", List.of());
    object.put("model", model(guard, guard.model(), guard.modelDigest()));
    object.put("policy", named(guard.policy().id(), guard.policy().digest()));
    object.put("format", named(guard.format().id(), guard.format().digest()));
    return JsonText.line(object);
  }

  private static Map<String, Object> fields(Guard guard, Verdict verdict) {
    Map<String, Object> object = new LinkedHashMap<>();
    object.put("verdict", name(verdict));
    if (verdict instanceof Verdict.Unreadable unreadable) {
      object.put("reason", unreadable.reason());
    } else {
      object.put("score", verdict.score());
    }
    object.put("action", verdict.action().name().toLowerCase(Locale.ROOT));
    if (verdict instanceof Verdict.Unsafe unsafe) {
      object.put("categories", categories(unsafe.categories()));
      if (!unsafe.unreadable().isEmpty()) {
        object.put("unreadableCategories", unsafe.unreadable());
      }
      object.put("thresholds", unsafe.crossings().stream().map(Verdicts::crossing).toList());
    } else {
      object.put("categories", List.of());
    }
    if (!verdict.categoryScores().isEmpty()) {
      object.put("categoryScores", categories(verdict.categoryScores()));
    }
    Trace trace = verdict.trace();
    object.put("findings", trace.findings().stream().map(Verdicts::finding).toList());
    object.put("model", model(guard, trace.model(), trace.modelDigest()));
    object.put("policy", named(trace.policy(), trace.policyDigest()));
    object.put("format", named(trace.format(), trace.formatDigest()));
    object.put("tokens", trace.tokens());
    object.put("cachedTokens", trace.cachedTokens());
    object.put("millis", trace.nanos() / 1e6);
    return object;
  }

  private static Map<String, Object> model(Guard guard, String file, String digest) {
    Map<String, Object> model = new LinkedHashMap<>();
    model.put("file", file);
    model.put("digest", digest);
    guard.modelNote().ifPresent(note -> model.put("note", note));
    return model;
  }

  private static Map<String, Object> named(String id, String digest) {
    Map<String, Object> object = new LinkedHashMap<>();
    object.put("id", id);
    object.put("digest", digest);
    return object;
  }

  private static List<Map<String, Object>> categories(List<CategoryScore> scores) {
    List<Map<String, Object>> list = new ArrayList<>();
    for (CategoryScore category : scores) {
      Map<String, Object> object = new LinkedHashMap<>();
      object.put("code", category.code());
      object.put("name", category.name());
      object.put("score", category.score());
      list.add(object);
    }
    return list;
  }

  private static Map<String, Object> crossing(Crossing crossing) {
    Map<String, Object> object = new LinkedHashMap<>();
    crossing.category().ifPresent(code -> object.put("category", code));
    object.put("threshold", crossing.threshold());
    object.put("score", crossing.score());
    return object;
  }

  private static Map<String, Object> finding(Finding finding) {
    Map<String, Object> object = new LinkedHashMap<>();
    object.put("form", finding.form());
    object.put("turn", finding.turn());
    if (!Double.isNaN(finding.score())) {
      object.put("score", finding.score());
    }
    return object;
  }

  static String name(Verdict verdict) {
    return switch (verdict) {
      case Verdict.Safe safe -> "safe";
      case Verdict.Unsafe unsafe -> "unsafe";
      case Verdict.Unreadable unreadable -> "unreadable";
    };
  }

  static String text(Guard guard, Verdict verdict) {
    StringBuilder text = new StringBuilder();
    switch (verdict) {
      case Verdict.Safe safe -> {
        text.append(String.format(Locale.ROOT, "safe    %.3f", safe.score()));
        appendCategories(text, safe.categoryScores());
      }
      case Verdict.Unsafe unsafe -> {
        text.append(String.format(Locale.ROOT, "unsafe  %.3f", unsafe.score()));
        appendCategories(text, unsafe.categories());
        if (!unsafe.unreadable().isEmpty()) {
          text.append(String.format("%n  unreadable: %s", String.join(", ", unsafe.unreadable())));
        }
        if (unsafe.action() != Action.BLOCK) {
          text.append(
              String.format("%n  action: %s", unsafe.action().name().toLowerCase(Locale.ROOT)));
        }
      }
      case Verdict.Unreadable unreadable -> {
        text.append("unreadable: ").append(unreadable.reason());
        text.append(unreadable.action() == Action.ALLOW ? " (allowed: fail open)" : " (blocked)");
      }
    }
    Trace trace = verdict.trace();
    if (trace.findings().size() > 1) {
      Finding decisive = trace.findings().getFirst();
      text.append(
          String.format(
              Locale.ROOT,
              "%nread in %d forms; highest: %s",
              trace.findings().size(),
              decisive.form()));
    }
    text.append(
        String.format(
            Locale.ROOT,
            "%n%s, policy %s, %s; %d tokens, %.0f ms",
            trace.model(),
            trace.policy(),
            trace.format(),
            trace.tokens(),
            trace.nanos() / 1e6));
    guard
        .modelNote()
        .ifPresent(note -> text.append(System.lineSeparator()).append("Note: ").append(note));
    return text.toString();
  }

  private static void appendCategories(StringBuilder text, List<CategoryScore> scores) {
    for (CategoryScore category : scores) {
      text.append(
          String.format(
              Locale.ROOT,
              "%n  %-4s %.3f  %s",
              category.code(),
              category.score(),
              category.name()));
    }
  }
}
