package dev.pukara.train.data;

import dev.pukara.guard.Role;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/** Counts what files of rows hold. */
public final class Census {
  private static final int[] LENGTHS = {50, 100, 200, 500, 1000, 2000, 5000};

  private static final String LONGER = "more";

  /** Counts by column. */
  private static final class Counts extends TreeMap<String, Long> {
    private static final long serialVersionUID = 1;

    void add(String column) {
      merge(column, 1L, Long::sum);
    }
  }

  private final Map<String, Counts> sources = new TreeMap<>();
  private final Map<String, Counts> tiers = new TreeMap<>();
  private final Map<String, Counts> codes = new TreeMap<>(Census::byNumber);
  private final Map<String, Counts> lengths = new LinkedHashMap<>();
  private final Map<String, Counts> languages = new TreeMap<>();
  private final Set<String> prompts = new HashSet<>();
  private long rows;

  Census() {
    for (int length : LENGTHS) {
      lengths.put("to " + length, new Counts());
    }
    lengths.put(LONGER, new Counts());
  }

  void row(String source, String tier) {
    rows++;
    count(sources, source, "rows");
    count(tiers, tier, "rows");
  }

  void drop(String source, String why) {
    count(sources, source, why);
  }

  void add(Case judged) {
    String side = judged.role() == Role.USER ? "prompt" : "response";
    String verdict = side + (judged.unsafe() ? " unsafe" : " safe");
    count(sources, judged.source(), verdict);
    prompts.add(judged.prompt());
    if (judged.unsafe()) {
      if (judged.codes().isEmpty()) {
        count(codes, "no code known", side);
      }
      judged
          .codes()
          .forEach(
              (policy, violated) -> {
                violated.forEach(code -> count(codes, policy + " " + code, side));
                if (violated.isEmpty()) {
                  count(codes, policy + " (outside)", side);
                }
              });
    }
    count(lengths, lengthOf(judged.text()), side);
    count(languages, scriptOf(judged.text()), side);
  }

  private static void count(Map<String, Counts> table, String row, String column) {
    table.computeIfAbsent(row, key -> new Counts()).add(column);
  }

  /** S2 before S10. */
  private static int byNumber(String one, String other) {
    String a = one.replaceAll("\\d+", "");
    String b = other.replaceAll("\\d+", "");
    if (a.equals(b) && one.length() != other.length()) {
      return Integer.compare(one.length(), other.length());
    }
    return one.compareTo(other);
  }

  private static String lengthOf(String text) {
    for (int length : LENGTHS) {
      if (text.length() <= length) {
        return "to " + length;
      }
    }
    return LONGER;
  }

  /** A guess at the language: Latin script by common English words, else the script. */
  private static String scriptOf(String text) {
    long letters = text.codePoints().filter(Character::isLetter).count();
    long latin =
        text.codePoints()
            .filter(Character::isLetter)
            .filter(c -> Character.UnicodeScript.of(c) == Character.UnicodeScript.LATIN)
            .count();
    if (letters == 0) {
      return "no letters";
    }
    if (latin * 2 < letters) {
      return "other script";
    }
    String padded = " " + Texts.normalised(text) + " ";
    for (String word : ENGLISH) {
      if (padded.contains(word)) {
        return "Latin script, English words";
      }
    }
    return "Latin script, no common English word";
  }

  private static final List<String> ENGLISH =
      List.of(
          " the ", " a ", " to ", " and ", " of ", " you ", " i ", " is ", " how ", " my ", " it ",
          " for ", " what ", " that ", " this ", " your ", " do ", " are ");

  /** Rows read, those that were left out not counted. */
  public long rows() {
    return rows;
  }

  /** The counts by table, row and column, for JSON. */
  public Map<String, Object> tables() {
    Map<String, Object> tables = new LinkedHashMap<>();
    tables.put("rows", rows);
    tables.put("prompts", (long) prompts.size());
    tables.put("sources", sources);
    tables.put("tiers", tiers);
    tables.put("codes", codes);
    tables.put("characters", lengths);
    tables.put("languages", languages);
    return tables;
  }

  /** The counts as Markdown. */
  public String markdown() {
    StringBuilder text = new StringBuilder("# Data\n\n");
    text.append(rows).append(" rows, ").append(prompts.size()).append(" different prompts.\n");
    table(text, "Sources", sources);
    table(text, "Licence tiers", tiers);
    table(text, "Unsafe, by code", codes);
    table(text, "Characters of the judged message", lengths);
    table(text, "Languages, roughly", languages);
    return text.toString();
  }

  private static void table(StringBuilder text, String title, Map<String, Counts> table) {
    Set<String> columns = new TreeSet<>();
    table.values().forEach(counts -> columns.addAll(counts.keySet()));
    text.append("\n## ").append(title).append("\n\n|  | ");
    text.append(String.join(" | ", columns))
        .append(" |\n|")
        .append("---|".repeat(columns.size() + 1));
    table.forEach(
        (row, counts) -> {
          List<String> cells = new ArrayList<>();
          columns.forEach(column -> cells.add(String.valueOf(counts.getOrDefault(column, 0L))));
          text.append("\n| ").append(row).append(" | ");
          text.append(String.join(" | ", cells)).append(" |");
        });
    text.append('\n');
  }
}
