package dev.pukara.app.cli;

import dev.pukara.guard.DefenceOptions;
import dev.pukara.guard.text.Disguise;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** What is read beside the text as written. */
final class DefenceCliOptions {
  private static final String TURNS = "turns";
  private static final String BEGINNING = "beginning";

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

  private static Set<Disguise> disguises(List<String> names) {
    Set<Disguise> chosen = EnumSet.noneOf(Disguise.class);
    for (String name : names) {
      if (name.equals("none") && names.size() == 1
          || name.equals(TURNS)
          || name.equals(BEGINNING)) {
        continue;
      }
      chosen.add(
          Arrays.stream(Disguise.values())
              .filter(disguise -> disguise.label().equals(name))
              .findFirst()
              .orElseThrow(
                  () ->
                      new UserException(
                          "--defences "
                              + name
                              + ": expected all, none, or some of turns, beginning, "
                              + String.join(
                                  ", ",
                                  Arrays.stream(Disguise.values())
                                      .map(Disguise::label)
                                      .toList()))));
    }
    return chosen;
  }
}
