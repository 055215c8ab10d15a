package dev.pukara.train;

import dev.pukara.kernels.Element;
import dev.pukara.kernels.Heads;
import dev.pukara.kernels.Matrix;
import dev.pukara.kernels.TreeAttention;
import dev.pukara.model.LlamaConfig;

/**
 * What the forward pass of a block leaves for its backward pass; norms and SwiGLU are computed
 * again.
 *
 * @param input residual stream before the block, {@code (rows, width)}, f32
 * @param inputFactors of its norm, {@code (1, rows)}
 * @param attention queries, keys, values, result
 * @param middle residual stream before the MLP, {@code (rows, width)}, f32
 * @param middleFactors of its norm
 * @param gateUp {@code (rows, 2 * feedForward)}; the backward pass overwrites it
 */
record BlockMemory(
    Matrix input,
    Matrix inputFactors,
    TreeAttention.Kept attention,
    Matrix middle,
    Matrix middleFactors,
    Matrix gateUp) {

  static BlockMemory cut(Carver carver, LlamaConfig c, Heads heads, Element element, int rows) {
    int kv = heads.kvHeads() * rows;
    return new BlockMemory(
        carver.cut(Element.F32, rows, c.width()),
        carver.cut(Element.F32, 1, rows),
        new TreeAttention.Kept(
            carver.cut(element, heads.queryHeads() * rows, heads.size()),
            carver.cut(element, kv, heads.size()),
            carver.cut(element, kv, heads.size()),
            carver.cut(element, rows, heads.queryHeads() * heads.size()),
            carver.cut(Element.F32, heads.queryHeads(), rows)),
        carver.cut(Element.F32, rows, c.width()),
        carver.cut(Element.F32, 1, rows),
        carver.cut(element, rows, 2 * c.feedForward()));
  }
}
