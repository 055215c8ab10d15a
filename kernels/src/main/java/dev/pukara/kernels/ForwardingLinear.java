package dev.pukara.kernels;

import java.util.List;

/** A layer around another one, which answers for everything that is not overridden. */
public abstract class ForwardingLinear implements Linear {
  private final Linear layer;

  /** Around {@code layer}, which is closed with this one. */
  protected ForwardingLinear(Linear layer) {
    this.layer = layer;
  }

  @Override
  public int inputs() {
    return layer.inputs();
  }

  @Override
  public int outputs() {
    return layer.outputs();
  }

  @Override
  public Precision precision() {
    return layer.precision();
  }

  @Override
  public void forward(Activations x, int rows, Tensor out, boolean accumulate) {
    layer.forward(x, rows, out, accumulate);
  }

  @Override
  public List<Preparation> preparations(int rowsMax) {
    return layer.preparations(rowsMax);
  }

  @Override
  public long residentBytes() {
    return layer.residentBytes();
  }

  @Override
  public void close() {
    layer.close();
  }
}
