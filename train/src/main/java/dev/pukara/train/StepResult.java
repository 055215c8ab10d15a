package dev.pukara.train;

/**
 * What one optimizer step saw, before it moved the weights.
 *
 * @param loss mean cross entropy of all targets, in nats, weighted
 * @param gradientNorm 2-norm of the gradient of {@code loss}, before clipping
 * @param losses cross entropy of each target, micro-batch after micro-batch
 * @param right how many targets had the greatest logit at the answer
 */
public record StepResult(double loss, double gradientNorm, float[] losses, int right) {}
