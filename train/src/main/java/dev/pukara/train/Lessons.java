package dev.pukara.train;

import dev.pukara.guard.Guard;
import dev.pukara.guard.Policy;
import dev.pukara.guard.PromptFormat;
import dev.pukara.guard.PromptFormats;
import dev.pukara.model.ModelFile;
import dev.pukara.model.Tokenizer;
import dev.pukara.train.LessonEncoder.Encoded;
import dev.pukara.train.data.Corpus;
import dev.pukara.train.data.Curriculum;
import dev.pukara.train.data.Draft;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** What a run is fed: the recipe's rows, composed and encoded for the recipe's base model. */
final class Lessons {
  /** Batches by which the length of an epoch is estimated. */
  private static final int PROBES = 24;

  /** Format that a plain chat model is tuned to. */
  private static final String OWN_FORMAT = "pukara-1";

  private final Recipe recipe;
  private final PromptFormat format;
  private final Corpus corpus;
  private final Curriculum curriculum;
  private final LessonEncoder encoder;

  private Lessons(
      Recipe recipe,
      PromptFormat format,
      Corpus corpus,
      Curriculum curriculum,
      LessonEncoder encoder) {
    this.recipe = recipe;
    this.format = format;
    this.corpus = corpus;
    this.curriculum = curriculum;
    this.encoder = encoder;
  }

  static Lessons open(Recipe recipe, ModelFile base) throws IOException {
    PromptFormat format = format(recipe);
    List<Policy> own = new ArrayList<>();
    for (Policy policy : TrainPolicies.own(recipe.policies())) {
      Policy shown = Guard.inPrompt(recipe.base(), format, policy);
      own.add(policy.withDemonstrations(shown.demonstrations()));
    }
    Corpus corpus = Corpus.read(recipe.data(), own, format.id(), recipe.options());
    LessonEncoder encoder =
        new LessonEncoder(Tokenizer.of(base.tokenizer()), format, recipe.weights());
    return new Lessons(recipe, format, corpus, new Curriculum(corpus, recipe.options()), encoder);
  }

  private static PromptFormat format(Recipe recipe) throws IOException {
    if (recipe.format().isPresent()) {
      return Guard.formatOf(recipe.base(), recipe.format().get());
    }
    PromptFormat known = Guard.formatOf(recipe.base());
    return known.id().equals("chatml") ? PromptFormats.find(OWN_FORMAT) : known;
  }

  /** Steps of the whole run. */
  int steps() {
    if (recipe.steps().isPresent()) {
      return recipe.steps().getAsInt();
    }
    Map<String, Long> position = curriculum.position();
    long lessons = 0;
    for (int i = 0; i < PROBES; i++) {
      // Late steps, where all rates have grown in.
      lessons += draft(1_000_000 + i, 0).lessons();
    }
    curriculum.restore(position);
    double perStep = (double) lessons / PROBES * recipe.batchesPerStep();
    return (int) Math.max(1, Math.ceil(recipe.epochs() * curriculum.prompts() / perStep));
  }

  Draft draft(int step, int part) {
    return curriculum.next(step, part, encoder, recipe.batchTokens());
  }

  /** The batches of a step. */
  List<Encoded> step(int step) {
    List<Encoded> parts = new ArrayList<>();
    for (int part = 0; part < recipe.batchesPerStep(); part++) {
      parts.add(encoder.encode(draft(step, part), rowsMultiple()));
    }
    return parts;
  }

  /** Few different numbers of rows, since each costs the compilation of its products. */
  private int rowsMultiple() {
    int quarter = recipe.batchTokens() / 4;
    return Math.max(64, quarter - quarter % 64);
  }

  Validation validation(RankMetric auprc) {
    List<Draft> drafts = curriculum.validation(encoder, recipe.batchTokens());
    return new Validation(drafts, encoder, rowsMultiple(), auprc);
  }

  PromptFormat format() {
    return format;
  }

  Corpus corpus() {
    return corpus;
  }

  Curriculum curriculum() {
    return curriculum;
  }
}
