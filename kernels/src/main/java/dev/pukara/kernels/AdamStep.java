package dev.pukara.kernels;

/**
 * The numbers of one AdamW step (arXiv 1711.05101), the same for all weights.
 *
 * @param stepSize learning rate over {@code 1 - beta1^t}
 * @param keep what weight decay leaves of a weight, {@code 1 - learningRate * decay}
 * @param beta1 how much of the mean gradient is kept
 * @param beta2 how much of the mean square is kept
 * @param correction {@code sqrt(1 - beta2^t)}
 * @param eps added to the root of the mean square
 * @param gradientScale factor of all gradients: clipping, and the mean over a batch
 * @param averageKeep how much of the moving average of the weights is kept
 */
public record AdamStep(
    float stepSize,
    float keep,
    float beta1,
    float beta2,
    float correction,
    float eps,
    float gradientScale,
    float averageKeep) {

  /** The same without weight decay. */
  public AdamStep withoutDecay() {
    return new AdamStep(stepSize, 1, beta1, beta2, correction, eps, gradientScale, averageKeep);
  }
}
