package dev.pukara.app.cli;

import dev.pukara.guard.CategoryScore;
import dev.pukara.guard.Finding;
import dev.pukara.guard.Guard;
import dev.pukara.guard.Trace;
import dev.pukara.guard.Verdict;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import tools.jackson.databind.json.JsonMapper;

/** Verdicts for programs and for people. */
final class Verdicts {
  private static final JsonMapper JSON = new JsonMapper();

  private Verdicts() {}

  static int exitCode(Verdict verdict) {
    return switch (verdict) {
      case Verdict.Safe safe -> ExitCodes.SAFE;
      case Verdict.Unsafe unsafe -> ExitCodes.UNSAFE;
      case Verdict.Unreadable unreadable -> ExitCodes.UNREADABLE;
    };
  }

  static String json(Guard guard, Verdict verdict) {
    Map<String, Object> object = new LinkedHashMap<>();
    object.put("verdict", name(verdict));
    if (verdict instanceof Verdict.Unreadable unreadable) {
      object.put("reason", unreadable.reason());
    } else {
      object.put("score", verdict.score());
    }
    object.put("categories", categories(verdict));
    Trace trace = verdict.trace();
    object.put("findings", findings(trace));
    Map<String, Object> model = new LinkedHashMap<>();
    model.put("file", trace.model());
    model.put("digest", trace.modelDigest());
    guard.modelNote().ifPresent(note -> model.put("note", note));
    object.put("model", model);
    object.put("policy", named(trace.policy(), trace.policyDigest()));
    object.put("format", named(trace.format(), trace.formatDigest()));
    object.put("tokens", trace.tokens());
    object.put("cachedTokens", trace.cachedTokens());
    object.put("millis", trace.nanos() / 1e6);
    return JSON.writeValueAsString(object);
  }

  private static Map<String, Object> named(String id, String digest) {
    Map<String, Object> object = new LinkedHashMap<>();
    object.put("id", id);
    object.put("digest", digest);
    return object;
  }

  private static List<Map<String, Object>> categories(Verdict verdict) {
    List<Map<String, Object>> list = new ArrayList<>();
    if (verdict instanceof Verdict.Unsafe unsafe) {
      for (CategoryScore category : unsafe.categories()) {
        Map<String, Object> object = new LinkedHashMap<>();
        object.put("code", category.code());
        object.put("name", category.name());
        object.put("score", category.score());
        list.add(object);
      }
    }
    return list;
  }

  /** What was scored, the decisive form first. */
  private static List<Map<String, Object>> findings(Trace trace) {
    List<Map<String, Object>> list = new ArrayList<>();
    for (Finding finding : trace.findings()) {
      Map<String, Object> object = new LinkedHashMap<>();
      object.put("form", finding.form());
      object.put("turn", finding.turn());
      if (!Double.isNaN(finding.score())) {
        object.put("score", finding.score());
      }
      list.add(object);
    }
    return list;
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
      case Verdict.Safe safe ->
          text.append(String.format(Locale.ROOT, "safe    %.3f", safe.score()));
      case Verdict.Unsafe unsafe -> {
        text.append(String.format(Locale.ROOT, "unsafe  %.3f", unsafe.score()));
        for (CategoryScore category : unsafe.categories()) {
          text.append(
              String.format(
                  Locale.ROOT,
                  "%n  %-4s %.3f  %s",
                  category.code(),
                  category.score(),
                  category.name()));
        }
      }
      case Verdict.Unreadable unreadable -> text.append("unreadable: ").append(unreadable.reason());
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
}
