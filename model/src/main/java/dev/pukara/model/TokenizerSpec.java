package dev.pukara.model;

import java.util.List;

/**
 * What a model file says of its tokenizer, before any of it is compiled into tables.
 *
 * @param kind the algorithm
 * @param pre the pre-tokenizer (for {@link Kind#BYTE_BPE})
 * @param tokens text of each token; for byte BPE in GPT-2's byte alphabet, for SentencePiece with
 *     U+2581 for blanks
 * @param types GGUF's token types (1 normal, 2 unknown, 3 control, 4 user defined, 5 unused, 6
 *     byte), one per token
 * @param scores SentencePiece's scores, one per token, best highest; empty for byte BPE
 * @param merges merges {@code "left right"}, best first, spelled like the tokens; for SentencePiece
 *     empty (then the scores rule) or the list of a tokenizer.json (then they rule)
 * @param bos begin-of-text token or -1
 * @param eos end token or -1
 * @param unknown token for what cannot be encoded or -1
 * @param addBos true if encoding a whole prompt starts with {@code bos} (the prompt builder
 *     decides; encode never adds it)
 * @param addSpacePrefix true if SentencePiece puts a blank before the text
 * @param ignoreMerges true if a whole pre-token that is in the vocabulary is taken before any merge
 *     (Llama 3)
 */
public record TokenizerSpec(
    Kind kind,
    Pre pre,
    List<String> tokens,
    int[] types,
    float[] scores,
    List<String> merges,
    int bos,
    int eos,
    int unknown,
    boolean addBos,
    boolean addSpacePrefix,
    boolean ignoreMerges) {

  /** Tokenizer algorithms. */
  public enum Kind {
    /** Byte-level BPE (GPT-2's alphabet; GGUF {@code gpt2}). */
    BYTE_BPE,
    /** SentencePiece BPE with byte fallback (Llama 2; GGUF {@code llama}). */
    SENTENCEPIECE
  }

  /** How byte BPE cuts text before merging. */
  public enum Pre {
    /** GPT-2's pattern. */
    GPT2,
    /** Every digit alone, then GPT-2's pattern (SmolLM2; GGUF {@code smollm}). */
    SMOLLM,
    /** Llama 3's pattern (GGUF {@code llama-bpe}). */
    LLAMA3,
    /** None (SentencePiece). */
    NONE
  }
}
