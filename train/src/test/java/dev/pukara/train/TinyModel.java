package dev.pukara.train;

import dev.pukara.kernels.BlockFormat;
import dev.pukara.model.ModelFile;
import dev.pukara.model.StorageTypes;
import dev.pukara.model.SyntheticModel;
import dev.pukara.model.TokenizerSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** A tiny model of random weights whose vocabulary has what the format pukara-1 needs. */
final class TinyModel {
  /** Bytes, and the merges up to the blank before "unsafe" of the made-up vocabulary. */
  private static final int BYTES = 256;

  private static final int MERGES = 8;

  private TinyModel() {}

  static Path write(Path folder) throws IOException {
    Path plain = folder.resolve("plain.gguf");
    StorageTypes types = StorageTypes.of(BlockFormat.F32);
    SyntheticModel.write(SyntheticModel.Shape.TINY, types, 1, Optional.empty(), plain);
    TokenizerSpec spec;
    try (ModelFile file = ModelFile.open(plain)) {
      spec = vocabulary(file.tokenizer());
    }
    Files.delete(plain);
    Path model = folder.resolve("tiny.gguf");
    SyntheticModel.write(SyntheticModel.Shape.TINY, types, 1, Optional.of(spec), model);
    return model;
  }

  private static TokenizerSpec vocabulary(TokenizerSpec made) {
    List<String> tokens = new ArrayList<>(made.tokens().subList(0, BYTES + MERGES));
    List<String> merges = new ArrayList<>(made.merges().subList(0, MERGES));
    for (String[] pair :
        new String[][] {{"y", "e"}, {"ye", "s"}, {"Ġ", "yes"}, {"n", "o"}, {"Ġ", "no"}}) {
      merges.add(pair[0] + " " + pair[1]);
      tokens.add(pair[0] + pair[1]);
    }
    int first = tokens.size();
    tokens.addAll(List.of("<|im_start|>", "<|im_end|>", "<|endoftext|>"));
    int[] kinds = new int[tokens.size()];
    Arrays.fill(kinds, 0, first, 1);
    Arrays.fill(kinds, first, kinds.length, 3);
    return new TokenizerSpec(
        made.kind(),
        made.pre(),
        tokens,
        kinds,
        new float[0],
        merges,
        first,
        first + 1,
        -1,
        false,
        false,
        true);
  }
}
