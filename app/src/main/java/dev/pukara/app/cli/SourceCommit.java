package dev.pukara.app.cli;

import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/** Which commit of the source this program runs from. */
final class SourceCommit {
  private SourceCommit() {}

  /** The commit's id; {@code unknown} outside a clone. */
  static String id() {
    try {
      Path jar =
          Path.of(SourceCommit.class.getProtectionDomain().getCodeSource().getLocation().toURI());
      Process git =
          new ProcessBuilder(
                  "git", "-C", String.valueOf(jar.getParent()), "rev-parse", "--verify", "HEAD")
              .redirectErrorStream(true)
              .start();
      String answer =
          new String(git.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
      boolean ended = git.waitFor(2, TimeUnit.SECONDS);
      return ended && git.exitValue() == 0 && answer.matches("[0-9a-f]{40,64}")
          ? answer
          : "unknown";
    } catch (IOException | URISyntaxException e) {
      return "unknown";
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return "unknown";
    }
  }
}
