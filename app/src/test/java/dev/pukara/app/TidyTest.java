package dev.pukara.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What neither formatter nor compiler sees. */
class TidyTest {
  private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
  private static final long BYTES_MAX = 5_000_000;

  /** What the project ships, and what that was made of. */
  private static final Set<String> LARGE =
      Set.of(
          "starter/src/main/resources/dev/pukara/starter/pukara-guard-135m.gguf",
          "data/training/rows.jsonl.gz");

  private static final int LINES_MAX = 450;

  private static List<Path> files(String suffix) throws IOException {
    try (Stream<Path> walk = Files.walk(ROOT)) {
      return walk.filter(Files::isRegularFile)
          .filter(path -> path.toString().endsWith(suffix))
          .filter(
              path -> !ROOT.relativize(path).toString().matches("(.*/)?(target|\\.git|runs)/.*"))
          .toList();
    }
  }

  private static List<String> matches(String regex, Stream<Path> sources) throws IOException {
    Pattern pattern = Pattern.compile(regex);
    List<String> found = new ArrayList<>();
    for (Path source : sources.toList()) {
      int number = 0;
      for (String line : Files.readAllLines(source)) {
        number++;
        if (pattern.matcher(line).find()) {
          found.add(ROOT.relativize(source) + ":" + number + ": " + line.strip());
        }
      }
    }
    return found;
  }

  private static Stream<Path> java() throws IOException {
    return files(".java").stream().filter(path -> !path.endsWith("TidyTest.java"));
  }

  private static Stream<Path> main() throws IOException {
    return java().filter(path -> path.toString().contains("/src/main/"));
  }

  @Test
  void nothingIsLeftForLater() throws IOException {
    assertThat(matches("TODO|FIXME|XXX|@Disabled|not (yet )?implemented", java())).isEmpty();
  }

  @Test
  void randomIsSeeded() throws IOException {
    assertThat(matches("new Random\\(\\)|Math\\.random\\(|ThreadLocalRandom", java())).isEmpty();
  }

  @Test
  void vectorApiStaysInKernels() throws IOException {
    Stream<Path> others = main().filter(path -> !path.toString().contains("/kernels/src/"));
    assertThat(matches("jdk\\.incubator\\.vector", others)).isEmpty();
  }

  @Test
  void onlyTheCommandLinePrints() throws IOException {
    Stream<Path> others = main().filter(path -> !path.endsWith("Main.java"));
    assertThat(matches("System\\.(out|err)\\.|printStackTrace\\(\\)", others)).isEmpty();
  }

  @Test
  void filesStaySmall() throws IOException {
    List<String> large = new ArrayList<>();
    for (Path path : main().filter(p -> !p.toString().contains("/kernels/")).toList()) {
      if (Files.readAllLines(path).size() > LINES_MAX) {
        large.add(ROOT.relativize(path).toString());
      }
    }
    for (Path path : files("")) {
      if (Files.size(path) > BYTES_MAX && !LARGE.contains(ROOT.relativize(path).toString())) {
        large.add(ROOT.relativize(path).toString());
      }
    }
    assertThat(large).isEmpty();
  }
}
