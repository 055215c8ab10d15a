package dev.pukara.train;

import dev.pukara.kernels.AdamStep;
import dev.pukara.kernels.Element;
import dev.pukara.kernels.Heads;
import dev.pukara.kernels.Matrix;
import dev.pukara.kernels.MatrixProducts;
import dev.pukara.kernels.TrainingKernels;
import dev.pukara.kernels.TreeAttention;
import dev.pukara.kernels.Workers;
import dev.pukara.model.LlamaConfig;
import dev.pukara.model.ModelFile;
import dev.pukara.model.StorageTypes;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.SequencedMap;
import java.util.SplittableRandom;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The whole model with gradients: embedding, blocks, head.
 *
 * <p>Memory for activations is one piece, as large as the largest batch so far needs; a batch of
 * another size cuts it anew.
 */
final class Network implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Trainer.class);

  private static final String EMBEDDING = "model.embed_tokens.weight";
  private static final String HEAD = "lm_head.weight";

  private final LlamaConfig config;
  private final Heads heads;
  private final Element element;
  private final int rank;
  private final float[] frequencies;
  private final Workers workers;
  private final LearningBlock.Team team;
  private final Arena arena = Arena.ofShared();
  private final TokenTable embedding;
  private final AnswerHead head;
  private final List<LearningBlock> blocks = new ArrayList<>();

  /** {@code (outputs, inputs)} of the largest linear layer, for merging. */
  private final Matrix mergeRoom;

  private StorageTypes types = StorageTypes.AS_SOURCE;
  private Arena activations = Arena.ofShared();
  private long activationsAddress;
  private long activationsBytes;

  Network(ModelFile file, TrainerOptions wanted, Workers workers) {
    MatrixProducts products = MatrixProducts.best(workers);
    TrainerOptions options = supported(wanted, products);
    this.config = file.config();
    this.heads = new Heads(config.queryHeads(), config.kvHeads(), config.headSize());
    this.element = options.products();
    this.rank = options.tuning() instanceof Tuning.Lora lora ? lora.rank() : 0;
    this.frequencies = config.ropeScaling().frequencies(config.ropeBase(), config.headSize());
    this.workers = workers;
    this.team =
        new LearningBlock.Team(
            products,
            new TrainingKernels(workers),
            new TreeAttention(products, workers, heads, element));
    BaseWeights base = new BaseWeights(file, workers, arena);
    SplittableRandom random = new SplittableRandom(options.seed());
    boolean full = options.tuning() instanceof Tuning.Full;
    boolean frozen =
        options.tuning() instanceof Tuning.Full(boolean frozenEmbedding) && frozenEmbedding;
    this.embedding = table(base, EMBEDDING, full && !frozen, options);
    for (int i = 0; i < config.blocks(); i++) {
      blocks.add(new LearningBlock(base, i, heads, options, random));
    }
    this.head =
        new AnswerHead(
            config.eps(),
            Gain.read(base, "model.norm.weight", config.width(), options),
            config.tiedHead() ? embedding : table(base, HEAD, full, options));
    int widest = Math.max(heads.qkvWidth(), 2 * config.feedForward());
    this.mergeRoom = Matrix.allocate(arena, Element.F32, widest, config.width());
    refresh();
  }

  private static TrainerOptions supported(TrainerOptions options, MatrixProducts products) {
    if (products.supports(options.products())) {
      return options;
    }
    log.warn(
        "this machine has no fast {} products ({}): training in F32, which is slower",
        options.products(),
        products.name());
    return options.with(Element.F32);
  }

  private TokenTable table(BaseWeights base, String name, boolean trained, TrainerOptions options) {
    boolean averaged = options.averageDecay() > 0;
    return new TokenTable(base, name, config.vocabulary(), config.width(), trained, averaged);
  }

  /** Everything that is trained, in a fixed order. */
  List<Parameter> parameters() {
    List<Parameter> all = new ArrayList<>(embedding.parameter().stream().toList());
    for (LearningBlock block : blocks) {
      block.gains().forEach(gain -> all.addAll(gain.parameter().stream().toList()));
      block.layers().forEach(layer -> all.addAll(layer.parameters()));
    }
    all.addAll(head.gain().parameter().stream().toList());
    if (head.table() != embedding) {
      all.addAll(head.table().parameter().stream().toList());
    }
    return all;
  }

  TrainingKernels kernels() {
    return team.kernels();
  }

  /** Computes with weights rounded to these types from the next {@link #refresh} on. */
  void roundTo(StorageTypes rounded) {
    types = rounded;
  }

  /** Makes what the products read from the weights, after these have changed. */
  void refresh() {
    embedding.refresh(team.kernels(), types.embedding());
    if (head.table() != embedding) {
      head.table().refresh(team.kernels(), types.embedding());
    }
    for (LearningBlock block : blocks) {
      for (LinearLayer layer : block.layers()) {
        layer.refresh(team.products(), team.kernels(), types.linear(), mergeRoom);
      }
    }
  }

  /** Logits for every target. */
  float[][] logits(TrainBatch batch) {
    check(batch);
    try (AnswerHead.Pass pass = forward(batch, memory(batch.tree().rows(), false))) {
      return pass.logits();
    }
  }

  /**
   * Forward and backward; adds to the gradients of all parameters.
   *
   * @param totalWeight of all targets of the step
   * @return logits for every target
   */
  float[][] learn(TrainBatch batch, double totalWeight) {
    check(batch);
    Memory memory = memory(batch.tree().rows(), true);
    Scratch scratch = memory.scratch;
    try (AnswerHead.Pass pass = forward(batch, memory)) {
      pass.backward(totalWeight, scratch.dx());
      if (scratch.dxCopy() != scratch.dx()) {
        team.kernels().convert(scratch.dx(), scratch.dxCopy());
      }
      for (int i = blocks.size() - 1; i >= 0; i--) {
        blocks.get(i).backward(team, memory.block(i), scratch);
      }
      embedding.lookUpBackward(batch.tokens(), scratch.dx());
      return pass.logits();
    }
  }

  private AnswerHead.Pass forward(TrainBatch batch, Memory memory) {
    team.attention().begin(batch.tree(), frequencies);
    embedding.lookUp(batch.tokens(), memory.block(0).input());
    blocks.getFirst().begin(team, memory.block(0), memory.scratch.normed());
    Matrix last = memory.scratch.dNormed();
    for (int i = 0; i < blocks.size(); i++) {
      BlockMemory own = memory.block(i);
      boolean isLast = i + 1 == blocks.size();
      blocks.get(i).forward(team, own, memory.scratch, isLast ? last : memory.block(i + 1).input());
      if (!isLast) {
        BlockMemory next = memory.block(i + 1);
        blocks.get(i + 1).begin(team, own.middle(), next, memory.scratch.normed());
      }
    }
    Matrix middle = memory.block(blocks.size() - 1).middle();
    return head.new Pass(team, last, middle, batch.targets());
  }

  private void check(TrainBatch batch) {
    for (int token : batch.tokens()) {
      requireToken(token);
    }
    for (Target target : batch.targets()) {
      if (target.open()) {
        requireToken(target.answer());
      }
      for (int candidate : target.candidates()) {
        requireToken(candidate);
      }
    }
  }

  private void requireToken(int token) {
    if (token < 0 || token >= config.vocabulary()) {
      throw new IllegalArgumentException(
          String.format(Locale.ROOT, "token %d, vocabulary 0..%d", token, config.vocabulary() - 1));
    }
  }

  /** Activations of a batch; without a backward pass all blocks share those of one. */
  private record Memory(List<BlockMemory> blocks, Scratch scratch) {
    BlockMemory block(int i) {
      return blocks.get(Math.min(i, blocks.size() - 1));
    }
  }

  private Memory memory(int rows, boolean kept) {
    Carver measure = new Carver(0);
    cut(measure, rows, kept);
    if (measure.bytes() > activationsBytes) {
      activations.close();
      activations = Arena.ofShared();
      activationsBytes = measure.bytes();
      activationsAddress = activations.allocate(activationsBytes, 64).address();
    }
    return cut(new Carver(activationsAddress), rows, kept);
  }

  private Memory cut(Carver carver, int rows, boolean kept) {
    List<BlockMemory> each = new ArrayList<>();
    for (int i = 0; i < (kept ? config.blocks() : 1); i++) {
      each.add(BlockMemory.cut(carver, config, heads, element, rows));
    }
    return new Memory(each, Scratch.cut(carver, config, heads, element, rows, rank));
  }

  /** Moves all parameters, and makes what the products read anew. */
  void update(AdamStep step) {
    embedding.update(team.kernels(), step, types.embedding());
    if (head.table() != embedding) {
      head.table().update(team.kernels(), step, types.embedding());
    }
    head.gain().update(team.kernels(), step);
    for (LearningBlock block : blocks) {
      block.gains().forEach(gain -> gain.update(team.kernels(), step));
      for (LinearLayer layer : block.layers()) {
        layer.update(team.products(), team.kernels(), step, types.linear(), mergeRoom);
      }
    }
  }

  /** The tensors as they are exported, by name; {@code owner} owns what had to be merged. */
  SequencedMap<String, Matrix> export(Arena owner) {
    SequencedMap<String, Matrix> tensors = new LinkedHashMap<>();
    tensors.put(embedding.name(), embedding.weights());
    for (LearningBlock block : blocks) {
      block.gains().forEach(gain -> tensors.put(gain.name(), gain.values()));
      block
          .layers()
          .forEach(layer -> layer.export(owner, team.products(), team.kernels(), tensors));
    }
    tensors.put(head.gain().name(), head.gain().values());
    tensors.put(head.table().name(), head.table().weights());
    return tensors;
  }

  @Override
  public void close() {
    team.attention().close();
    team.kernels().close();
    team.products().close();
    workers.close();
    activations.close();
    arena.close();
  }
}
