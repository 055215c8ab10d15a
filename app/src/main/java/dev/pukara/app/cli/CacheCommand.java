package dev.pukara.app.cli;

import dev.pukara.app.cli.Pukara.Console;
import dev.pukara.cache.CacheEntry;
import dev.pukara.cache.UserCache;
import java.io.IOException;
import java.nio.file.Path;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code pukara cache}: what is kept between runs. */
@Command(
    name = "cache",
    description = {
      "Shows or deletes what is kept between runs: packed weights, keys and values of policies,"
          + " digests of model files, the unpacked oneDNN.",
      "The directory is PUKARA_CACHE, else $XDG_CACHE_HOME/pukara, else ~/.cache/pukara;"
          + " PUKARA_CACHE=off keeps nothing. Deleting it costs time at the next start, nothing else."
    },
    synopsisSubcommandLabel = "COMMAND",
    mixinStandardHelpOptions = true,
    footer = {
      "",
      "Examples:",
      "  pukara cache list",
      "  pukara cache clear",
      "  PUKARA_CACHE=/var/cache/pukara pukara check \"How do I bake bread?\""
    })
final class CacheCommand implements Runnable {
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("uuuu-MM-dd HH:mm", Locale.ROOT).withZone(ZoneId.systemDefault());

  @Spec private CommandSpec spec;

  private final Console console;

  CacheCommand(Console console) {
    this.console = console;
  }

  @Override
  public void run() {
    throw new CommandLine.ParameterException(spec.commandLine(), "a command is missing");
  }

  private Optional<UserCache> cache() {
    Optional<UserCache> cache = UserCache.ofUser();
    if (cache.isEmpty()) {
      console.err().println("Nothing is kept: the cache is off, or there is no home directory.");
    }
    return cache;
  }

  @Command(name = "path", description = "Prints the directory.", mixinStandardHelpOptions = true)
  int path() {
    cache().ifPresent(cache -> console.out().println(cache.directory()));
    return 0;
  }

  @Command(
      name = "list",
      description = "Prints size, last use and content of every file, latest use first.",
      mixinStandardHelpOptions = true)
  int list() throws IOException {
    Optional<UserCache> cache = cache();
    if (cache.isEmpty()) {
      return 0;
    }
    List<CacheEntry> entries = cache.get().list();
    for (CacheEntry entry : entries) {
      Path name = entry.path().getFileName();
      console
          .out()
          .println(
              String.format(
                  Locale.ROOT,
                  "%10.1f MB  %s  %s  (%s)",
                  entry.bytes() / 1e6,
                  TIME.format(entry.lastUse()),
                  entry.label(),
                  name));
    }
    long bytes = entries.stream().mapToLong(CacheEntry::bytes).sum();
    console
        .err()
        .println(
            String.format(
                Locale.ROOT,
                "%s: %.1f MB, at most %.0f MB",
                cache.get().directory(),
                bytes / 1e6,
                cache.get().bytesMax() / 1e6));
    return 0;
  }

  @Command(
      name = "clear",
      description = "Deletes the files; running processes are not disturbed.",
      mixinStandardHelpOptions = true)
  int clear() throws IOException {
    Optional<UserCache> cache = cache();
    if (cache.isPresent()) {
      double megabytes = cache.get().clear() / 1e6;
      console
          .err()
          .println(
              String.format(
                  Locale.ROOT, "%s: %.1f MB deleted", cache.get().directory(), megabytes));
    }
    return 0;
  }
}
