package dev.pukara.train;

import dev.pukara.guard.Prompt;
import dev.pukara.guard.PromptFormat;
import dev.pukara.train.data.Corpus;
import dev.pukara.train.data.Draft;
import dev.pukara.train.data.Lesson;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.json.JsonMapper;

/**
 * What a run would see.
 *
 * @param data counts of the rows, Markdown
 * @param dataJson the same as one JSON object
 * @param trainCases judged messages to learn from
 * @param validationCases held out
 * @param steps of the run
 * @param format name of the prompt format
 * @param batches rendered, each with its policy and lessons; targets are marked by {@code ⟦ ⟧}
 */
public record Preview(
    String data,
    String dataJson,
    int trainCases,
    int validationCases,
    int steps,
    String format,
    List<String> batches) {
  private static final int LESSONS_SHOWN = 5;

  static Preview of(Recipe recipe, Lessons lessons, int examples) {
    Corpus corpus = lessons.corpus();
    int steps = lessons.steps();
    List<String> batches = new ArrayList<>();
    for (int i = 0; i < examples; i++) {
      // Spread over the run, since rates grow in.
      int step = examples == 1 ? 0 : (int) ((long) i * (steps - 1) / (examples - 1));
      batches.add(show(step, lessons.draft(step, 0), lessons.format()));
    }
    Map<String, Object> tables = new LinkedHashMap<>(corpus.census().tables());
    tables.put("train_cases", corpus.trainSize());
    tables.put("validation_cases", corpus.validationSize());
    tables.put("steps", steps);
    return new Preview(
        corpus.census().markdown(),
        new JsonMapper().writeValueAsString(tables),
        corpus.trainSize(),
        corpus.validationSize(),
        steps,
        lessons.format().id(),
        batches);
  }

  private static String show(int step, Draft draft, PromptFormat format) {
    StringBuilder text = new StringBuilder();
    for (Draft.Group group : draft.groups()) {
      long unsafe = group.lessons().stream().filter(Lesson::unsafe).count();
      text.append("===== step ").append(step).append(", policy ").append(group.policy().id());
      text.append(", ").append(group.lessons().size()).append(" conversations, ");
      text.append(unsafe).append(" unsafe\n");
      List<Prompt.Piece> before = List.of();
      for (Lesson lesson : chosen(group.lessons())) {
        Prompt prompt = format.render(group.policy(), lesson.conversation());
        if (!prompt.prefix().equals(before)) {
          before = prompt.prefix();
          text.append(pieces(before));
        }
        text.append("----- ").append(lesson.id()).append('\n');
        text.append(pieces(prompt.stem())).append(pieces(prompt.tail()));
        text.append(pieces(prompt.lead())).append('⟦').append(answer(lesson, format)).append("⟧\n");
        for (Lesson.Question question : lesson.questions()) {
          format
              .question(question.category(), lesson.conversation().last().role())
              .ifPresent(
                  asked ->
                      text.append(pieces(asked.tail()))
                          .append('⟦')
                          .append(question.yes() ? asked.yesToken() : asked.noToken())
                          .append("⟧\n"));
        }
      }
    }
    return text.toString();
  }

  /** Both verdicts, if there are both. */
  private static List<Lesson> chosen(List<Lesson> lessons) {
    List<Lesson> shown = new ArrayList<>();
    for (boolean unsafe : new boolean[] {true, false}) {
      lessons.stream()
          .filter(lesson -> lesson.unsafe() == unsafe)
          .limit((LESSONS_SHOWN + 1) / 2)
          .forEach(shown::add);
    }
    return shown;
  }

  private static String answer(Lesson lesson, PromptFormat format) {
    return lesson.unsafe() && lesson.codes().isEmpty()
        ? format.unsafeToken()
        : format.answer(lesson.codes());
  }

  private static String pieces(List<Prompt.Piece> pieces) {
    StringBuilder text = new StringBuilder();
    pieces.forEach(piece -> text.append(piece.text()));
    return text.toString();
  }
}
