package dev.pukara.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.pukara.guard.Category;
import dev.pukara.guard.CategoryMode;
import dev.pukara.guard.Conversation;
import dev.pukara.guard.DefenceOptions;
import dev.pukara.guard.Guard;
import dev.pukara.guard.GuardOptions;
import dev.pukara.guard.Policy;
import dev.pukara.guard.Verdict;
import dev.pukara.kernels.Precision;
import dev.pukara.rows.Label;
import dev.pukara.rows.Row;
import dev.pukara.rows.Rows;
import dev.pukara.starter.Starter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * The gate: 300 rows of our own, which no training sees, keep the scores that the bundled guard had
 * when it was published. Whoever moves them on purpose (another model, another format) writes them
 * anew:
 *
 * <pre>
 * ./pukara check --jsonl data/gate/rows.jsonl --out data/gate/verdicts.jsonl \
 *   --precision F32 --defences none --categories never
 * </pre>
 */
class BundledGuardTest {
  private static final Path GATE = Path.of("../data/gate");

  /** Between the f32 kernels of any two machines. */
  private static final double TOLERANCE = 2e-3;

  /**
   * Of 64. The model that ships gets five wrong, and one more may fall to the other side of the
   * threshold on another machine; a next model should do with two.
   */
  private static final int EVERYDAY_WRONG_MAX = 6;

  private static final List<Row> rows = new ArrayList<>();
  private static final List<Pin> pinned = new ArrayList<>();

  /** What the gate holds of a row. */
  private record Pin(String id, double score, boolean unsafe) {}

  @BeforeAll
  static void read() throws IOException {
    rows.addAll(rows("rows.jsonl"));
    JsonMapper json = new JsonMapper();
    for (String line : Files.readAllLines(GATE.resolve("verdicts.jsonl"))) {
      JsonNode verdict = json.readTree(line);
      boolean unsafe = verdict.get("verdict").asString().equals("unsafe");
      pinned.add(new Pin(verdict.get("id").asString(), verdict.get("score").asDouble(), unsafe));
    }
  }

  @Test
  void everyRowIsPinned() {
    assertThat(pinned.stream().map(Pin::id))
        .containsExactlyElementsOf(rows.stream().map(Row::id).toList());
    assertThat(rows).hasSizeGreaterThanOrEqualTo(300);
  }

  @Test
  void referenceScoresStay() throws IOException {
    try (Guard guard = Guard.open(options().withPrecision(Precision.F32))) {
      List<Verdict> verdicts = verdicts(guard, rows);
      for (int i = 0; i < rows.size(); i++) {
        assertThat(verdicts.get(i).score())
            .as(rows.get(i).id())
            .isCloseTo(pinned.get(i).score(), within(TOLERANCE));
      }
    }
  }

  /** The default precision of this machine, whichever it is, decides as the reference does. */
  @Test
  void defaultPrecisionDecidesAlike() throws IOException {
    try (Guard guard = Guard.open(options())) {
      double difference = 0;
      int flips = 0;
      List<Verdict> verdicts = verdicts(guard, rows);
      for (int i = 0; i < rows.size(); i++) {
        Pin pin = pinned.get(i);
        difference += Math.abs(verdicts.get(i).score() - pin.score());
        flips += verdicts.get(i) instanceof Verdict.Unsafe == pin.unsafe() ? 0 : 1;
      }
      assertThat(difference / rows.size()).as("mean difference of scores").isLessThan(0.015);
      // Which rows stand beside the threshold is chance: 5 to 9 of 335 were seen.
      assertThat(flips).as("verdicts that differ").isLessThanOrEqualTo(rows.size() / 30);
    }
  }

  /** In the default precision, where the last bit of a sum can move a score by a hundredth. */
  @Test
  void whatWasReadBeforeChangesNoScore() throws IOException {
    try (Guard grown = Guard.open(options());
        Guard whole = Guard.open(options())) {
      for (int i = 0; i + 1 < rows.size(); i += 12) {
        Conversation conversation =
            Conversation.user(rows.get(i).conversation().messages().getFirst().text());
        grown.check(conversation);
        conversation = conversation.agent("Let me think about that.");
        grown.check(conversation);
        conversation =
            conversation.andUser(rows.get(i + 1).conversation().messages().getFirst().text());
        Verdict verdict = grown.check(conversation);
        Verdict again = grown.check(conversation);
        Verdict expected = whole.check(conversation);
        assertThat(verdict.trace().cachedTokens()).isGreaterThan(expected.trace().cachedTokens());
        assertThat(again.trace().cachedTokens()).isGreaterThan(verdict.trace().cachedTokens());
        assertThat(List.of(verdict.score(), again.score()))
            .as(rows.get(i).id())
            .allSatisfy(score -> assertThat(score).isCloseTo(expected.score(), within(1e-3)));
      }
    }
  }

  /** A policy that another one begins like is one piece all the same. */
  @Test
  void otherPoliciesChangeNoScore() throws IOException {
    try (Guard shared = Guard.open(options())) {
      List<String> codes = shared.policy().categories().stream().map(Category::code).toList();
      Policy shorter = shared.policy().without(Set.of(codes.getLast()));
      Guard after = shared.sharing(shorter);
      try (Guard alone = Guard.open(options().withPolicy(shorter))) {
        for (Row row : rows.subList(0, 12)) {
          shared.check(row.conversation());
          assertThat(after.check(row.conversation()).score())
              .as(row.id())
              .isCloseTo(alone.check(row.conversation()).score(), within(1e-3));
        }
      }
    }
  }

  /** What people type every day, words that only sound violent, and plain harm: as users run it. */
  @Test
  void everydayMessagesAreJudgedAsLabelled() throws IOException {
    List<Row> everyday = rows("everyday.jsonl");
    List<String> wrong = new ArrayList<>();
    try (Guard guard = Guard.open(options().withDefences(DefenceOptions.DEFAULT))) {
      List<Verdict> verdicts = verdicts(guard, everyday);
      for (int i = 0; i < everyday.size(); i++) {
        if (verdicts.get(i) instanceof Verdict.Unsafe != unsafe(everyday.get(i))) {
          wrong.add(everyday.get(i).id() + " " + verdicts.get(i).score());
        }
      }
    }
    assertThat(wrong).hasSizeLessThanOrEqualTo(EVERYDAY_WRONG_MAX);
  }

  /** Not a benchmark: a model or prompt that is broken altogether is noticed. */
  @Test
  void mostRowsAreJudgedAsLabelled() {
    int right = 0;
    for (int i = 0; i < rows.size(); i++) {
      right += unsafe(rows.get(i)) == pinned.get(i).unsafe() ? 1 : 0;
    }
    assertThat(right).isGreaterThan(rows.size() * 3 / 4);
  }

  private static GuardOptions options() {
    return GuardOptions.of(Starter.model())
        .withDefences(DefenceOptions.NONE)
        .withCategories(CategoryMode.NEVER);
  }

  private static List<Row> rows(String file) throws IOException {
    try (Stream<Row> lines = Rows.read(GATE.resolve(file))) {
      return lines.toList();
    }
  }

  /** As labelled: the last message. */
  private static boolean unsafe(Row row) {
    return row.responseLabel().or(row::promptLabel).orElseThrow() == Label.UNSAFE;
  }

  private static List<Verdict> verdicts(Guard guard, List<Row> rows) {
    return guard.checkAll(rows.stream().map(Row::conversation).toList());
  }
}
