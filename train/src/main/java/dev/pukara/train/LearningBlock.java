package dev.pukara.train;

import dev.pukara.kernels.Heads;
import dev.pukara.kernels.Matrix;
import dev.pukara.kernels.MatrixProducts;
import dev.pukara.kernels.TrainingKernels;
import dev.pukara.kernels.TreeAttention;
import dev.pukara.model.LlamaConfig;
import java.util.List;
import java.util.SplittableRandom;

/**
 * One transformer block, forward and backward: the passes of {@code model}'s {@code Llama}, with
 * the gradient of each step derived by hand.
 */
final class LearningBlock {
  private final float eps;
  private final Gain attentionGain;
  private final Gain mlpGain;

  /** {@code q_proj}, {@code k_proj}, {@code v_proj} one below the other. */
  private final LinearLayer qkvProj;

  private final LinearLayer oProj;

  /** {@code gate_proj} above {@code up_proj}. */
  private final LinearLayer gateUpProj;

  private final LinearLayer downProj;

  /** Who computes. */
  record Team(MatrixProducts products, TrainingKernels kernels, TreeAttention attention) {}

  LearningBlock(
      BaseWeights base, int index, Heads heads, TrainerOptions options, SplittableRandom random) {
    LlamaConfig c = base.file().config();
    String prefix = "model.layers." + index + ".";
    int qWidth = heads.queryHeads() * heads.size();
    int kvWidth = heads.kvHeads() * heads.size();
    eps = c.eps();
    attentionGain = Gain.read(base, prefix + "input_layernorm.weight", c.width(), options);
    mlpGain = Gain.read(base, prefix + "post_attention_layernorm.weight", c.width(), options);
    qkvProj =
        new LinearLayer(
            base,
            List.of(
                new BaseWeights.Part(prefix + "self_attn.q_proj.weight", qWidth),
                new BaseWeights.Part(prefix + "self_attn.k_proj.weight", kvWidth),
                new BaseWeights.Part(prefix + "self_attn.v_proj.weight", kvWidth)),
            c.width(),
            options,
            random);
    oProj = single(base, prefix + "self_attn.o_proj.weight", c.width(), qWidth, options, random);
    gateUpProj =
        new LinearLayer(
            base,
            List.of(
                new BaseWeights.Part(prefix + "mlp.gate_proj.weight", c.feedForward()),
                new BaseWeights.Part(prefix + "mlp.up_proj.weight", c.feedForward())),
            c.width(),
            options,
            random);
    downProj =
        single(base, prefix + "mlp.down_proj.weight", c.width(), c.feedForward(), options, random);
  }

  private static LinearLayer single(
      BaseWeights base,
      String name,
      int outputs,
      int inputs,
      TrainerOptions options,
      SplittableRandom random) {
    List<BaseWeights.Part> parts = List.of(new BaseWeights.Part(name, outputs));
    return new LinearLayer(base, parts, inputs, options, random);
  }

  List<LinearLayer> layers() {
    return List.of(qkvProj, oProj, gateUpProj, downProj);
  }

  List<Gain> gains() {
    return List.of(attentionGain, mlpGain);
  }

  /** Norms the block's input, which {@code memory.input()} holds already. */
  void begin(Team team, BlockMemory memory, Matrix normed) {
    team.kernels()
        .rmsNorm(memory.input(), attentionGain.values(), eps, memory.inputFactors(), normed);
  }

  /** The same after {@code residual} was added to {@code memory.input()}. */
  void begin(Team team, Matrix residual, BlockMemory memory, Matrix normed) {
    team.kernels()
        .addAndNorm(
            residual, memory.input(), attentionGain.values(), eps, memory.inputFactors(), normed);
  }

  /**
   * From the normed input to the result of the MLP; the block's result is that plus {@code
   * memory.middle()}, which is left to whoever reads it.
   *
   * @param scratch {@code normed} holds the normed input
   * @param out {@code (rows, width)}, f32
   */
  void forward(Team team, BlockMemory memory, Scratch scratch, Matrix out) {
    qkvProj.forward(team.products(), scratch.normed(), scratch.qkv());
    team.attention().forward(scratch.qkv(), memory.attention());
    oProj.forward(team.products(), memory.attention().out(), memory.middle());
    team.kernels()
        .addAndNorm(
            memory.input(),
            memory.middle(),
            mlpGain.values(),
            eps,
            memory.middleFactors(),
            scratch.normed());
    gateUpProj.forward(team.products(), scratch.normed(), memory.gateUp());
    team.kernels().swiglu(memory.gateUp(), scratch.inner());
    downProj.forward(team.products(), scratch.inner(), out);
  }

  /**
   * The way back.
   *
   * @param scratch {@code dx} and {@code dxCopy} hold the gradient of the block's result, then that
   *     of its input
   */
  void backward(Team team, BlockMemory memory, Scratch scratch) {
    MatrixProducts products = team.products();
    TrainingKernels kernels = team.kernels();
    Matrix lowRank = scratch.lowRank();

    downProj.backwardInput(products, scratch.dxCopy(), scratch.dInner());
    kernels.swigluBackward(scratch.dInner(), memory.gateUp(), scratch.inner());
    downProj.backwardWeights(products, scratch.dxCopy(), scratch.inner(), lowRank);
    gateUpProj.backwardInput(products, memory.gateUp(), scratch.dNormed());
    normBackward(kernels, memory.middle(), mlpGain, memory.middleFactors(), scratch);
    gateUpProj.backwardWeights(products, memory.gateUp(), scratch.normed(), lowRank);

    oProj.backwardInput(products, scratch.dxCopy(), scratch.dAttended());
    oProj.backwardWeights(products, scratch.dxCopy(), memory.attention().out(), lowRank);
    team.attention().backward(scratch.dAttended(), memory.attention(), scratch.dQkv());
    qkvProj.backwardInput(products, scratch.dQkv(), scratch.dNormed());
    normBackward(kernels, memory.input(), attentionGain, memory.inputFactors(), scratch);
    qkvProj.backwardWeights(products, scratch.dQkv(), scratch.normed(), lowRank);
  }

  private static void normBackward(
      TrainingKernels kernels, Matrix x, Gain gain, Matrix factors, Scratch scratch) {
    kernels.rmsNormBackward(
        scratch.dNormed(),
        x,
        gain.values(),
        factors,
        scratch.dx(),
        gain.gradient(),
        scratch.normed(),
        scratch.dxCopy());
  }
}
