package dev.pukara.model;

/**
 * Shape of a Llama-architecture model.
 *
 * @param blocks transformer blocks
 * @param width residual stream
 * @param feedForward inner width of the SwiGLU
 * @param queryHeads query heads
 * @param kvHeads key/value heads, divides {@code queryHeads}
 * @param headSize values of a head
 * @param vocabulary rows of the embedding
 * @param context longest sequence the file was made for
 * @param eps RMSNorm epsilon
 * @param ropeBase RoPE theta
 * @param ropeScaling how RoPE's frequencies are scaled
 * @param tiedHead true if the embedding is the output head (there is no head tensor)
 */
public record LlamaConfig(
    int blocks,
    int width,
    int feedForward,
    int queryHeads,
    int kvHeads,
    int headSize,
    int vocabulary,
    int context,
    float eps,
    double ropeBase,
    RopeScaling ropeScaling,
    boolean tiedHead) {

  /** The same shape with another RoPE scaling. */
  LlamaConfig withRopeScaling(RopeScaling scaling) {
    return new LlamaConfig(
        blocks,
        width,
        feedForward,
        queryHeads,
        kvHeads,
        headSize,
        vocabulary,
        context,
        eps,
        ropeBase,
        scaling,
        tiedHead);
  }
}
