package dev.pukara.engine;

import dev.pukara.kernels.Kernels;
import dev.pukara.kernels.Precision;
import dev.pukara.model.Llama;
import dev.pukara.model.ModelFile;
import java.util.function.BiFunction;

/** One engine on the best kernels, which are its own. */
final class RunningEngine implements AutoCloseable {
  static final int STEP_TOKENS = 64;

  final Kernels kernels = Kernels.best();
  final Engine engine;

  /** The engine of a model; {@code adapt} changes the default options. */
  RunningEngine(
      ModelFile file, Precision precision, BiFunction<EngineOptions, Llama, EngineOptions> adapt) {
    Llama model = new Llama(file, kernels, precision, STEP_TOKENS);
    EngineOptions options = EngineOptions.defaults().withStepTokensMax(STEP_TOKENS);
    engine = new Engine(model, adapt.apply(options, model));
  }

  @Override
  public void close() {
    engine.close();
    kernels.close();
  }
}
