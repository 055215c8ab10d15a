package dev.pukara.train;

import dev.pukara.model.ModelFile;
import dev.pukara.train.data.RecipeException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.function.BooleanSupplier;

/**
 * Fine-tunes a model as a guard: the door of training.
 *
 * <p>A run lives in a folder: log, curves, checkpoints, and in the end the model and its card. A
 * run that was stopped or killed goes on from its last checkpoint with the same numbers as if
 * nothing had happened.
 */
public final class FineTune {
  private FineTune() {}

  /** How a call ended. */
  public enum Ending {
    /** The model is made. */
    COMPLETED,
    /** Asked to stop; a checkpoint is written. */
    STOPPED,
    /** There was nothing left to do. */
    ALREADY_DONE
  }

  /**
   * What became of a run.
   *
   * @param ending how it ended
   * @param steps done in all; 0 if there was nothing left to do
   * @param model the GGUF file; exists unless the run was stopped
   */
  public record Result(Ending ending, int steps, Path model) {}

  /**
   * Runs a recipe to its end.
   *
   * @param resume true: goes on where the folder's last checkpoint is, or starts if there is none
   * @param auprc measures validations
   * @param stop asked after every step
   * @throws RecipeException if recipe, data and folder do not fit each other
   * @throws IOException if a file cannot be read or written
   */
  public static Result run(
      Recipe recipe, boolean resume, RankMetric auprc, RunListener listener, BooleanSupplier stop)
      throws IOException {
    Path model = recipe.out().resolve(Run.MODEL);
    try (RunFolder folder = RunFolder.open(recipe.out())) {
      if (folder.isStarted() && !resume) {
        throw new RecipeException(
            recipe.out()
                + ": holds a run already; go on with it (--resume) or choose another folder (--out)");
      }
      if (folder.isDone()) {
        return new Result(Ending.ALREADY_DONE, 0, model);
      }
      try (ModelFile base = ModelFile.open(recipe.base());
          Run run = Run.open(recipe, base, folder, auprc, listener)) {
        boolean completed = run.train(stop);
        if (completed) {
          run.finish();
        }
        return new Result(completed ? Ending.COMPLETED : Ending.STOPPED, run.steps(), model);
      }
    }
  }

  /**
   * What a recipe would do, without doing it.
   *
   * @param examples batches to show
   */
  public static Preview preview(Recipe recipe, int examples) throws IOException {
    try (ModelFile base = ModelFile.open(recipe.base())) {
      return Preview.of(recipe, Lessons.open(recipe, base), examples);
    }
  }
}
