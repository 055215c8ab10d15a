package dev.pukara.model;

/** The four linear layers of a block. */
public enum LinearKind {
  /** Queries, keys and values in one; reads normed rows. */
  QKV("qkv"),
  /** Reads what attention collected. */
  ATTENTION_OUTPUT("attention output"),
  /** Gate and up projection in one; reads normed rows. */
  GATE_UP("gate/up"),
  /** Reads the products of SwiGLU, where the greatest activations are. */
  DOWN("down");

  private final String label;

  LinearKind(String label) {
    this.label = label;
  }

  /** Name for people. */
  public String label() {
    return label;
  }
}
