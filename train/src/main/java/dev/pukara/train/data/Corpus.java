package dev.pukara.train.data;

import dev.pukara.guard.Conversation;
import dev.pukara.guard.Message;
import dev.pukara.guard.Policy;
import dev.pukara.guard.Role;
import dev.pukara.rows.Label;
import dev.pukara.rows.Row;
import dev.pukara.rows.RowException;
import dev.pukara.rows.Rows;
import dev.pukara.rows.Task;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The labelled cases of some files: read, cleaned of repetitions, split in a part to learn from and
 * a part that is held out.
 */
public final class Corpus {
  private final PolicyBook book;
  private final List<Case> train;
  private final List<Case> validation;
  private final Census census;

  private Corpus(PolicyBook book, List<Case> train, List<Case> validation, Census census) {
    this.book = book;
    this.train = List.copyOf(train);
    this.validation = List.copyOf(validation);
    this.census = census;
  }

  /**
   * Reads files of rows.
   *
   * @param own policies of the user, by whose codes rows may be labelled
   * @param format id of the prompt format to train for
   * @throws RecipeException if a row's licence tier is not allowed, or nothing is left to learn
   *     from
   * @throws RowException if a line is not a row
   */
  public static Corpus read(List<Path> files, List<Policy> own, String format, DataOptions options)
      throws IOException {
    PolicyBook book = PolicyBook.standard();
    own.forEach(policy -> book.add(policy, format));
    Reader reader = new Reader(new RowCodes(own, book, options.policies().keySet()), options);
    for (Path file : files) {
      try (Stream<Row> rows = Rows.read(file)) {
        rows.forEach(row -> reader.add(row, file));
      }
    }
    Split split = new Split(options.validationShare(), options.seed());
    reader.cases.forEach(split::join);
    List<Case> train = new ArrayList<>();
    List<Case> validation = new ArrayList<>();
    for (Case each : reader.cases) {
      (split.isHeldOut(each) ? validation : train).add(each);
    }
    if (train.isEmpty()) {
      throw new RecipeException(
          files + ": no labelled row to learn from; expected prompt_label or response_label");
    }
    return new Corpus(book, train, validation, reader.census);
  }

  /** What the rows say, before it is split. */
  private static final class Reader {
    private final RowCodes codes;
    private final DataOptions options;
    private final Census census = new Census();
    private final List<Case> cases = new ArrayList<>();
    private final Map<String, Boolean> seen = new HashMap<>();

    Reader(RowCodes codes, DataOptions options) {
      this.codes = codes;
      this.options = options;
    }

    void add(Row row, Path file) {
      String tier = row.licenceTier().orElse("D");
      if (!options.source(row.dataset()).use()) {
        census.drop(row.dataset(), "switched off");
        return;
      }
      if (!options.tiers().contains(tier)) {
        throw new RecipeException(
            file
                + ": row "
                + row.id()
                + " of "
                + row.dataset()
                + " is of licence tier "
                + tier
                + (row.licenceTier().isEmpty() ? " (it states none)" : "")
                + ", allowed are "
                + options.tiers().stream().sorted().toList()
                + "; leave the file out, switch the source off, or allow the tier (--tiers)");
      }
      census.row(row.dataset(), tier);
      boolean answered = row.conversation().last().role() == Role.AGENT;
      row.promptLabel()
          .ifPresent(
              label -> {
                List<Message> turns = row.conversation().messages();
                Conversation asked =
                    answered
                        ? new Conversation(turns.subList(0, turns.size() - 1))
                        : row.conversation();
                add(row, Task.PROMPT, asked, label);
              });
      row.responseLabel().ifPresent(label -> add(row, Task.RESPONSE, row.conversation(), label));
    }

    private void add(Row row, Task task, Conversation conversation, Label label) {
      boolean unsafe = label == Label.UNSAFE;
      StringBuilder whole = new StringBuilder(task.id());
      conversation
          .messages()
          .forEach(message -> whole.append('\n').append(Texts.normalised(message.text())));
      Boolean before = seen.putIfAbsent(whole.toString(), unsafe);
      if (before != null) {
        census.drop(row.dataset(), before == unsafe ? "repeated" : "repeated with another label");
        return;
      }
      RowCodes.Said said = unsafe ? codes.of(row, task) : RowCodes.NOTHING;
      String near = row.meta().getOrDefault("near", "");
      Case judged =
          new Case(
              row.id() + "/" + task.id(),
              row.dataset(),
              conversation,
              unsafe,
              said.codes(),
              said.foreign(),
              unsafe || near.isEmpty() ? List.of() : List.of(near.split(",")),
              Texts.normalised(conversation.messages().getFirst().text()),
              Optional.ofNullable(row.meta().get("group")),
              row.meta().getOrDefault("kind", ""));
      cases.add(judged);
      census.add(judged);
    }
  }

  PolicyBook book() {
    return book;
  }

  List<Case> train() {
    return train;
  }

  List<Case> validation() {
    return validation;
  }

  /** Cases to learn from. */
  public int trainSize() {
    return train.size();
  }

  /** Cases held out. */
  public int validationSize() {
    return validation.size();
  }

  /** What the files hold. */
  public Census census() {
    return census;
  }
}
