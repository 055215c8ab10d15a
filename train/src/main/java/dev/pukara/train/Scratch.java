package dev.pukara.train;

import dev.pukara.kernels.Element;
import dev.pukara.kernels.Heads;
import dev.pukara.kernels.Matrix;
import dev.pukara.model.LlamaConfig;

/**
 * Intermediate results that all blocks share. {@code e} is the element of the products.
 *
 * @param normed {@code (rows, width)}, e
 * @param qkv {@code (rows, qkvWidth)}, f32
 * @param inner {@code (rows, feedForward)}, e: result of SwiGLU
 * @param dInner its gradient
 * @param dNormed {@code (rows, width)}, f32
 * @param dx gradient of the residual stream, {@code (rows, width)}, f32
 * @param dxCopy the same, e
 * @param dAttended {@code (rows, queryHeads * headSize)}, e
 * @param dQkv {@code (rows, qkvWidth)}, e
 * @param lowRank {@code (rows, rank)}, e, for adapters
 */
record Scratch(
    Matrix normed,
    Matrix qkv,
    Matrix inner,
    Matrix dInner,
    Matrix dNormed,
    Matrix dx,
    Matrix dxCopy,
    Matrix dAttended,
    Matrix dQkv,
    Matrix lowRank) {

  static Scratch cut(
      Carver carver, LlamaConfig c, Heads heads, Element element, int rows, int rank) {
    int width = c.width();
    Matrix dx = carver.cut(Element.F32, rows, width);
    return new Scratch(
        carver.cut(element, rows, width),
        carver.cut(Element.F32, rows, heads.qkvWidth()),
        carver.cut(element, rows, c.feedForward()),
        carver.cut(element, rows, c.feedForward()),
        carver.cut(Element.F32, rows, width),
        dx,
        element == Element.F32 ? dx : carver.cut(element, rows, width),
        carver.cut(element, rows, heads.queryHeads() * heads.size()),
        carver.cut(element, rows, heads.qkvWidth()),
        carver.cut(element, rows, Math.max(1, rank)));
  }
}
