package dev.pukara.model;

import dev.pukara.kernels.Linear;
import dev.pukara.kernels.Weights;
import java.util.List;

/** May put itself between a model and its linear layers when these are made. */
@FunctionalInterface
interface LinearWatch {
  /** Leaves every layer as it is. */
  LinearWatch NONE = (kind, stacked, layer) -> layer;

  /**
   * The layer that the model shall use instead of {@code layer}.
   *
   * @param stacked the weights from which {@code layer} was made, still readable
   */
  Linear watch(LinearKind kind, List<Weights> stacked, Linear layer);
}
