package dev.pukara.train;

import dev.pukara.guard.GuardMetadata;
import dev.pukara.model.ModelFile;
import dev.pukara.model.StorageTypes;
import dev.pukara.train.LessonEncoder.Encoded;
import dev.pukara.train.LessonEncoder.Kind;
import dev.pukara.train.RunListener.PolicyScore;
import dev.pukara.train.RunListener.StepReport;
import dev.pukara.train.RunListener.ValidationReport;
import dev.pukara.train.data.RecipeException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.BooleanSupplier;
import tools.jackson.databind.json.JsonMapper;

/** One run in its folder, from its first or last step to the exported model. */
final class Run implements AutoCloseable {
  /** Name of the exported model. */
  static final String MODEL = "model.gguf";

  private final Recipe recipe;
  private final ModelFile base;
  private final RunFolder folder;
  private final RunListener listener;
  private final Lessons lessons;
  private final Validation validation;
  private final Trainer trainer;
  private final Schedule schedule;
  private final RunLog log;
  private final boolean averaged;
  private final int roundFrom;
  private RunState state;
  private boolean rounding;

  private Run(
      Recipe recipe,
      ModelFile base,
      RunFolder folder,
      RunListener listener,
      Lessons lessons,
      Validation validation,
      Trainer trainer,
      RunLog log,
      RunState state,
      int steps) {
    this.recipe = recipe;
    this.base = base;
    this.folder = folder;
    this.listener = listener;
    this.lessons = lessons;
    this.validation = validation;
    this.trainer = trainer;
    this.log = log;
    this.state = state;
    this.averaged = recipe.trainer().averageDecay() > 0;
    this.schedule =
        new Schedule(
            recipe.schedule(),
            recipe.learningRate(),
            (int) (steps * recipe.warmup()),
            steps,
            recipe.floor());
    this.roundFrom = steps - (int) Math.round(steps * recipe.roundLast());
  }

  static Run open(
      Recipe recipe, ModelFile base, RunFolder folder, RankMetric auprc, RunListener listener)
      throws IOException {
    Lessons lessons = Lessons.open(recipe, base);
    int steps = lessons.steps();
    String description = description(recipe, lessons, steps);
    Optional<Path> checkpoint = folder.lastCheckpoint();
    if (checkpoint.isPresent()) {
      same(folder, description);
    }
    Validation validation = lessons.validation(auprc);
    Trainer trainer = Trainer.open(base, recipe.trainer());
    try {
      RunState state = RunState.START;
      if (checkpoint.isPresent()) {
        state = RunState.read(checkpoint.get());
        trainer.loadState(checkpoint.get());
        lessons.curriculum().restore(state.position());
        listener.note("going on behind step " + state.step() + " of " + steps);
      } else {
        folder.write("recipe.txt", description);
        folder.write("data.md", lessons.corpus().census().markdown());
      }
      RunLog log = RunLog.open(folder, state.step());
      return new Run(
          recipe, base, folder, listener, lessons, validation, trainer, log, state, steps);
    } catch (RuntimeException | IOException | Error e) {
      trainer.close();
      throw e;
    }
  }

  /** What a checkpoint may only be continued with. */
  private static String description(Recipe recipe, Lessons lessons, int steps) throws IOException {
    StringBuilder text = new StringBuilder();
    text.append(recipe.withOut(Path.of(""))).append('\n');
    text.append("format ").append(lessons.format().id()).append(' ');
    text.append(lessons.format().digest()).append('\n').append("steps ").append(steps).append('\n');
    for (Path file : recipe.data()) {
      text.append(FileDigests.sha256(file)).append("  ").append(file).append('\n');
    }
    for (String policy : recipe.policies()) {
      if (Files.isRegularFile(Path.of(policy))) {
        text.append(FileDigests.sha256(Path.of(policy))).append("  ").append(policy).append('\n');
      }
    }
    return text.toString();
  }

  private static void same(RunFolder folder, String description) throws IOException {
    Path file = folder.path("recipe.txt");
    if (!Files.readString(file).equals(description)) {
      throw new RecipeException(
          file
              + ": the run was started with another recipe, other data or another policy; go on"
              + " with the same, or choose another folder (--out)");
    }
  }

  /** Steps done. */
  int steps() {
    return state.step();
  }

  /**
   * Trains to the end, or until {@code stop} says so.
   *
   * @return true if the end was reached
   */
  boolean train(BooleanSupplier stop) throws IOException {
    while (state.step() < schedule.steps() && !isPatienceOver()) {
      if (stop.getAsBoolean()) {
        checkpoint();
        listener.note("stopped behind step " + state.step() + "; --resume goes on");
        return false;
      }
      step();
      boolean last = state.step() == schedule.steps();
      boolean asked = recipe.validateEvery() > 0 && state.step() % recipe.validateEvery() == 0;
      if ((asked || last) && !validation.isEmpty()) {
        validate();
      }
      if (state.step() % recipe.checkpointEvery() == 0 || last || isPatienceOver()) {
        checkpoint();
      }
    }
    return true;
  }

  private boolean isPatienceOver() {
    return recipe.patience() > 0 && state.worse() >= recipe.patience();
  }

  private void step() throws IOException {
    long start = System.nanoTime();
    int step = state.step();
    roundIfDue(step);
    List<Encoded> parts = lessons.step(step);
    double rate = schedule.at(step);
    StepResult result = trainer.step(parts.stream().map(Encoded::batch).toList(), rate);
    state = new RunState(step + 1, state.best(), state.worse(), lessons.curriculum().position());
    StepReport report = report(parts, result, rate, (System.nanoTime() - start) / 1e9);
    log.add(report);
    listener.step(report);
  }

  private void roundIfDue(int step) {
    if (recipe.roundLast() > 0 && step >= roundFrom && !rounding) {
      rounding = true; // from now on every update rounds
      trainer.roundWeights(recipe.export());
    }
  }

  private StepReport report(List<Encoded> parts, StepResult result, double rate, double seconds) {
    int verdicts = 0;
    int right = 0;
    double loss = 0;
    int target = 0;
    for (Encoded part : parts) {
      for (Kind kind : part.kinds()) {
        if (kind == Kind.VERDICT) {
          verdicts++;
          loss += result.losses()[target];
          // Of two candidates the right one leads if it has more than half.
          right += result.losses()[target] < Math.log(2) ? 1 : 0;
        }
        target++;
      }
    }
    return new StepReport(
        state.step(),
        schedule.steps(),
        result.loss(),
        loss / verdicts,
        (double) right / verdicts,
        result.gradientNorm(),
        rate,
        parts.stream().mapToInt(Encoded::lessons).sum(),
        parts.stream().mapToInt(Encoded::tokens).sum(),
        seconds);
  }

  private void validate() throws IOException {
    swap();
    List<PolicyScore> scores = validation.run(trainer);
    swap();
    double mean = new ValidationReport(state.step(), scores, false).auprc();
    boolean best = mean > state.best();
    state =
        new RunState(
            state.step(),
            best ? mean : state.best(),
            // A mean that nobody can tell is neither better nor worse.
            best ? 0 : state.worse() + (Double.isNaN(mean) ? 0 : 1),
            state.position());
    ValidationReport report = new ValidationReport(state.step(), scores, best);
    log.add(report);
    listener.validated(report);
    plot();
  }

  /** To the moving average of the weights, if one is kept, and back. */
  private void swap() {
    if (averaged) {
      trainer.swapAverage();
    }
  }

  private void checkpoint() throws IOException {
    folder.save(
        state.step(),
        partial -> {
          trainer.saveState(partial);
          state.write(partial);
        });
    plot();
  }

  private void plot() throws IOException {
    folder.write("plot.html", Plot.page("Run " + recipe.out().getFileName(), log.lines()));
  }

  /** Writes the model in all forms that were asked for, and its card. */
  void finish() throws IOException {
    roundIfDue(state.step() - 1); // a run that was resumed behind its last step has not yet
    swap();
    List<PolicyScore> scores = validation.isEmpty() ? List.of() : validation.run(trainer);
    Path model = folder.path(MODEL);
    RunFolder.delete(model);
    trainer.export(model, recipe.export(), metadata()).notes().forEach(listener::note);
    if (recipe.safetensors()) {
      Path tensors = folder.path("safetensors");
      RunFolder.delete(tensors);
      trainer.export(tensors, StorageTypes.AS_SOURCE, Map.of());
    }
    if (recipe.trainer().tuning() instanceof Tuning.Lora) {
      Path adapter = folder.path("adapter");
      RunFolder.delete(adapter);
      Files.createDirectories(adapter);
      trainer.exportAdapter(adapter, recipe.base().getFileName().toString());
    }
    swap();
    folder.write("README.md", ModelCard.of(recipe, base, lessons, scores, state.step()));
    Map<String, Object> done = new LinkedHashMap<>();
    done.put("steps", state.step());
    done.put("model_sha256", FileDigests.sha256(model));
    folder.write("done.json", new JsonMapper().writeValueAsString(done) + "\n");
  }

  /** What the model file says of itself. */
  private Map<String, Object> metadata() {
    return new GuardMetadata(
            Optional.of(lessons.format().id()),
            Optional.of(lessons.format().safeToken()),
            Optional.of(lessons.format().unsafeToken()),
            OptionalDouble.empty(),
            OptionalDouble.empty(),
            OptionalDouble.empty(),
            OptionalDouble.empty(),
            OptionalDouble.empty(),
            Optional.of(base.digest()))
        .toMap();
  }

  @Override
  public void close() throws IOException {
    log.close();
    trainer.close();
  }
}
