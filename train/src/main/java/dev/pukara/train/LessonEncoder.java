package dev.pukara.train;

import dev.pukara.guard.Conversation;
import dev.pukara.guard.Message;
import dev.pukara.guard.Policy;
import dev.pukara.guard.Prompt;
import dev.pukara.guard.Prompt.Piece;
import dev.pukara.guard.Prompt.Text;
import dev.pukara.guard.PromptEncoder;
import dev.pukara.guard.PromptFormat;
import dev.pukara.guard.PromptFormat.CategoryQuestion;
import dev.pukara.guard.Role;
import dev.pukara.model.Tokenizer;
import dev.pukara.train.data.Draft;
import dev.pukara.train.data.Lesson;
import dev.pukara.train.data.Lesson.Question;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Drafts to batches of tokens, by the prompt format and the encoder that the guard uses: what a
 * model is trained on is what it is served.
 *
 * <pre>
 * policy ─┬─ conversation ─┬─ question: verdict ── answer: codes, end
 *         │                ├─ question on S1: yes or no
 *         │                └─ question on S7: yes or no
 *         └─ conversation ─── ...
 * </pre>
 *
 * A format that names the judged role before the policy has such a tree for each role. A format
 * whose question cannot branch off has verdict and answer right behind the conversation.
 */
final class LessonEncoder implements Draft.Meter {
  /** What a target is about. */
  enum Kind {
    VERDICT,
    CODES,
    QUESTION
  }

  /**
   * How much targets count; those of one lesson and kind share it.
   *
   * @param verdict safe or unsafe
   * @param codes behind unsafe
   * @param questions about single categories
   */
  record LossWeights(double verdict, double codes, double questions) {}

  /**
   * A batch of tokens.
   *
   * @param batch for the trainer
   * @param kinds of its targets
   * @param lessons number of conversations
   * @param tokens without padding
   */
  record Encoded(TrainBatch batch, List<Kind> kinds, int lessons, int tokens) {}

  /** Tokens of a lesson behind its prompt's prefix; {@code questions} are in the lesson's order. */
  private record Tokens(
      Prompt prompt, int[] stem, int[] tail, int[] answer, List<int[]> questions) {
    int count() {
      return stem.length
          + tail.length
          + answer.length
          + questions.stream().mapToInt(question -> question.length).sum();
    }
  }

  private static final int NO = 0;
  private static final int YES = 1;

  private final PromptFormat format;
  private final PromptEncoder encoder;
  private final LossWeights weights;
  private final int[] verdicts;
  private final int end;
  private final Map<Lesson, Tokens> measured = new IdentityHashMap<>();

  LessonEncoder(Tokenizer tokenizer, PromptFormat format, LossWeights weights) {
    this.format = format;
    this.encoder = new PromptEncoder(tokenizer, format);
    this.weights = weights;
    this.verdicts =
        new int[] {encoder.answer(format.safeToken()), encoder.answer(format.unsafeToken())};
    this.end = tokenizer.spec().eos();
  }

  /** Both roles' prefixes where they differ, since a batch may have lessons of both. */
  @Override
  public int policy(Policy policy) {
    return Stream.of(Role.values())
        .map(role -> new Conversation(List.of(new Message(role, ""))))
        .map(conversation -> format.render(policy, conversation))
        .collect(Collectors.toMap(Prompt::prefix, encoder::prefix, (one, same) -> one))
        .values()
        .stream()
        .mapToInt(prefix -> prefix.length)
        .sum();
  }

  @Override
  public int lesson(Policy policy, Lesson lesson) {
    Tokens tokens = tokens(policy, lesson);
    measured.put(lesson, tokens);
    return tokens.count();
  }

  private Tokens tokens(Policy policy, Lesson lesson) {
    Prompt prompt = format.render(policy, lesson.conversation());
    List<Piece> question = new ArrayList<>(prompt.tail());
    question.addAll(prompt.lead());
    int[] tail = encoder.tail(prompt, question);
    int[] stem = encoder.stem(prompt);
    if (prompt.tail().isEmpty()) {
      stem = join(stem, tail);
      tail = new int[0];
    }
    int[] answer = new int[0];
    if (!lesson.codes().isEmpty() && weights.codes() > 0) {
      answer = encoder.encode(List.of(new Text(format.answer(lesson.codes()))));
    }
    List<int[]> questions = new ArrayList<>();
    if (weights.questions() > 0) {
      for (Question asked : lesson.questions()) {
        format
            .question(asked.category(), lesson.conversation().last().role())
            .ifPresent(words -> questions.add(encoder.tail(prompt, words.tail())));
      }
    }
    return new Tokens(prompt, stem, tail, answer, questions);
  }

  private static int[] join(int[] left, int[] right) {
    return IntStream.concat(IntStream.of(left), IntStream.of(right)).toArray();
  }

  /**
   * Makes the batch.
   *
   * @param rowsMultiple rows are padded to a multiple of that
   */
  Encoded encode(Draft draft, int rowsMultiple) {
    BatchBuilder builder = new BatchBuilder();
    List<Kind> kinds = new ArrayList<>();
    for (Draft.Group group : draft.groups()) {
      Policy policy = group.policy();
      Map<List<Piece>, Integer> roots = new HashMap<>();
      int[] codeTokens = codeTokens(policy);
      for (Lesson lesson : group.lessons()) {
        Tokens known = measured.remove(lesson);
        Tokens tokens = known == null ? tokens(policy, lesson) : known;
        Prompt prompt = tokens.prompt();
        int root =
            roots.computeIfAbsent(
                prompt.prefix(), key -> builder.add(BatchBuilder.ROOT, encoder.prefix(prompt)));
        add(builder, kinds, root, lesson, tokens, codeTokens);
      }
    }
    measured.clear();
    TrainBatch batch = builder.build(rowsMultiple);
    return new Encoded(batch, List.copyOf(kinds), draft.lessons(), builder.rows());
  }

  /** Every token that an answer under the policy may go on with behind the verdict. */
  private int[] codeTokens(Policy policy) {
    TreeSet<Integer> ids = new TreeSet<>();
    List<String> codes = policy.categories().stream().map(c -> c.code()).toList();
    ids.addAll(IntStream.of(behindVerdict(codes)).boxed().toList());
    for (String code : codes) {
      ids.addAll(IntStream.of(behindVerdict(List.of(code))).boxed().toList());
    }
    if (end >= 0) {
      ids.add(end);
    }
    return ids.stream().mapToInt(Integer::intValue).toArray();
  }

  private int[] behindVerdict(List<String> codes) {
    int[] answer = encoder.encode(List.of(new Text(format.answer(codes))));
    return IntStream.of(answer).skip(1).toArray();
  }

  private void add(
      BatchBuilder builder,
      List<Kind> kinds,
      int root,
      Lesson lesson,
      Tokens tokens,
      int[] codeTokens) {
    int stem = builder.add(root, tokens.stem());
    int asked = tokens.tail().length == 0 ? stem : builder.add(stem, tokens.tail());
    int last = (tokens.tail().length == 0 ? tokens.stem() : tokens.tail()).length - 1;
    builder.target(asked, last, verdicts, lesson.unsafe() ? YES : NO, (float) weights.verdict());
    kinds.add(Kind.VERDICT);
    if (tokens.answer().length > 1 && tokens.answer()[0] == verdicts[YES]) {
      addCodes(builder, kinds, builder.add(asked, tokens.answer()), tokens.answer(), codeTokens);
    }
    for (int i = 0; i < tokens.questions().size(); i++) {
      Question question = lesson.questions().get(i);
      CategoryQuestion words =
          format.question(question.category(), lesson.conversation().last().role()).orElseThrow();
      int[] run = tokens.questions().get(i);
      builder.target(
          builder.add(stem, run),
          run.length - 1,
          new int[] {encoder.answer(words.noToken()), encoder.answer(words.yesToken())},
          question.yes() ? YES : NO,
          (float) (weights.questions() / tokens.questions().size()));
      kinds.add(Kind.QUESTION);
    }
  }

  private void addCodes(
      BatchBuilder builder, List<Kind> kinds, int run, int[] answer, int[] codeTokens) {
    Map<Integer, Integer> index = new HashMap<>();
    for (int i = 0; i < codeTokens.length; i++) {
      index.put(codeTokens[i], i);
    }
    int targets = end >= 0 ? answer.length : answer.length - 1;
    for (int i = 0; i < targets; i++) {
      Integer next = index.get(i + 1 < answer.length ? answer[i + 1] : end);
      if (next != null) {
        builder.target(run, i, codeTokens, next, (float) (weights.codes() / targets));
        kinds.add(Kind.CODES);
      }
    }
  }
}
