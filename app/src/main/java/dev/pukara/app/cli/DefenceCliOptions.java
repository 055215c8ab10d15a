package dev.pukara.app.cli;

import dev.pukara.guard.DefenceOptions;
import dev.pukara.guard.text.Disguise;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** What is read beside the text as written. */
final class DefenceCliOptions {
  private static final String TURNS = "turns";
  private static final String BEGINNING = "beginning";

  /** What is read beside the text and is no disguise. */
  private static final List<String> OTHERS = List.of(TURNS, BEGINNING);

  @Option(
      names = "--defences",
      split = ",",
      paramLabel = "NAME",
      description =
          "Disguises that are taken off for a second reading: unicode, delimiters, spacing, leet,"
              + " base64, codes, escapes, shifted, reversed, capitals; turns joins the user's last"
              + " turns; beginning reads the start of a long message by itself. all (default) or"
              + " none.")
  @Nullable List<String> defences;

  @Option(names = "--every-turn", description = "Judge every turn, not only the last one.")
  boolean everyTurn;

  @Option(
      names = "--window",
      paramLabel = "TOKENS",
      description =
          "Longest conversation read in one piece; longer ones are read in overlapping windows."
              + " Default: 1024.")
  @Nullable Integer window;

  DefenceOptions options() {
    DefenceOptions options = DefenceOptions.DEFAULT.withEveryTurn(everyTurn);
    if (defences != null && !defences.equals(List.of("all"))) {
      options =
          options
              .withDisguises(disguises(defences))
              .withJoinTurns(defences.contains(TURNS))
              .withBeginnings(defences.contains(BEGINNING));
    }
    return window == null ? options : options.withWindowTokens(window);
  }

  /** Every option with its value. */
  Map<String, String> deciding() {
    DefenceOptions options = options();
    Set<String> read = new TreeSet<>();
    options.disguises().forEach(disguise -> read.add(disguise.label()));
    if (options.joinTurns()) {
      read.add(TURNS);
    }
    if (options.beginnings()) {
      read.add(BEGINNING);
    }
    return Map.of(
        "--defences", read.isEmpty() ? "none" : String.join(",", read),
        "--every-turn", Boolean.toString(options.everyTurn()),
        "--window", Integer.toString(options.windowTokens()));
  }

  private static Set<Disguise> disguises(List<String> names) {
    Set<Disguise> chosen = EnumSet.noneOf(Disguise.class);
    if (names.equals(List.of("none"))) {
      return chosen;
    }
    for (String name : names) {
      if (!OTHERS.contains(name)) {
        chosen.add(disguise(name));
      }
    }
    return chosen;
  }

  private static Disguise disguise(String name) {
    List<String> labels = Arrays.stream(Disguise.values()).map(Disguise::label).toList();
    int at = labels.indexOf(name);
    if (at < 0) {
      throw new UserException(
          String.format(
              "--defences %s: expected all, none, or some of %s, %s",
              name, String.join(", ", OTHERS), String.join(", ", labels)));
    }
    return Disguise.values()[at];
  }
}
