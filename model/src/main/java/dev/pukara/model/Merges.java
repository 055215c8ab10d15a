package dev.pukara.model;

import java.util.Arrays;
import java.util.List;

/**
 * Which two tokens merge into which, and how early: a table from pairs of ids to a rank (the lowest
 * merges first; of equal ranks, the leftmost pair) and the merged id. Only normal tokens take part.
 */
final class Merges {
  /** What {@link #get} answers for two tokens that do not merge; its rank is above all others. */
  static final long NONE = Long.MAX_VALUE;

  private static final long FREE = -1;

  /** (2 * slots), open addressing: {@code left << 32 | right}, then {@code rank << 32 | merged}. */
  private long[] table;

  private int count;

  private Merges(int expected) {
    table = new long[Integer.highestOneBit(Math.max(8, expected)) * 8];
    Arrays.fill(table, FREE);
  }

  /** The merges of a specification; those of SentencePiece without any follow from the scores. */
  static Merges of(TokenizerSpec spec, Vocabulary vocabulary) {
    boolean scored = spec.kind() == TokenizerSpec.Kind.SENTENCEPIECE && spec.merges().isEmpty();
    return scored ? byScore(spec.scores(), vocabulary) : listed(spec, vocabulary);
  }

  private static Merges listed(TokenizerSpec spec, Vocabulary vocabulary) {
    List<String> lines = spec.merges();
    Merges merges = new Merges(lines.size());
    TokenBytes pair = new TokenBytes();
    for (int rank = 0; rank < lines.size(); rank++) {
      String line = lines.get(rank);
      int blank = Math.max(0, line.indexOf(' '));
      pair.clear();
      pair.addToken(spec.kind(), line, 0, blank);
      int middle = pair.length();
      pair.addToken(spec.kind(), line, blank + 1, line.length());
      int left = vocabulary.find(pair.array(), 0, middle);
      int right = vocabulary.find(pair.array(), middle, pair.length());
      int merged = vocabulary.find(pair.array(), 0, pair.length());
      if (left >= 0 && right >= 0 && merged >= 0) {
        merges.add(left, right, rank, merged);
      } else {
        checkReserved(vocabulary, rank, line);
      }
    }
    return merges;
  }

  /**
   * A merge of tokens that text must not reach is left out; one of tokens that do not exist is an
   * error.
   */
  private static void checkReserved(Vocabulary vocabulary, int rank, String line) {
    int blank = line.indexOf(' ');
    boolean reserved =
        blank > 0
            && (vocabulary.isReserved(line.substring(0, blank))
                || vocabulary.isReserved(line.substring(blank + 1))
                || vocabulary.isReserved(line.substring(0, blank) + line.substring(blank + 1)));
    if (!reserved) {
      throw new FormatException(
          "tokenizer: merge "
              + rank
              + " reads '"
              + line
              + "', expected two tokens, a blank between, that together are a third; the file is broken");
    }
  }

  /**
   * SentencePiece's rule (google/sentencepiece, bpe_model.cc): of all neighbours that together are
   * a token, those of the best score merge first. So every split of a token into two is a merge,
   * and they share the rank of its score. A tokenizer.json made from such a model lists the same
   * merges one below the other, which decides some ties in another way.
   */
  private static Merges byScore(float[] scores, Vocabulary vocabulary) {
    if (scores.length != vocabulary.size()) {
      throw new FormatException(
          "tokenizer: "
              + scores.length
              + " scores and no merges, expected "
              + vocabulary.size()
              + " scores, one per token, or merges");
    }
    Merges merges = new Merges(2 * scores.length);
    int[] ranks = ranks(scores);
    byte[] bytes = vocabulary.bytes();
    for (int id = 0; id < scores.length; id++) {
      if (!vocabulary.isNormal(id)) {
        continue;
      }
      int from = vocabulary.offset(id);
      int to = vocabulary.end(id);
      int leftHash = 0;
      for (int middle = from + 1; middle < to; middle++) {
        leftHash = Hash.add(leftHash, bytes[middle - 1]);
        int left = vocabulary.find(bytes, from, middle, leftHash);
        int right = left < 0 ? -1 : vocabulary.find(bytes, middle, to);
        if (right >= 0) {
          merges.add(left, right, ranks[id], id);
        }
      }
    }
    return merges;
  }

  /** Place of each score among all, best first; equal scores have equal places. */
  private static int[] ranks(float[] scores) {
    long[] order = new long[scores.length];
    for (int id = 0; id < scores.length; id++) {
      if (Float.isNaN(scores[id])) {
        throw new FormatException("tokenizer: score of token " + id + " is not a number");
      }
      // Adding 0 makes -0 and 0 the same; the bits of negative floats sort backwards.
      int bits = Float.floatToIntBits(scores[id] + 0f);
      int ascending = bits ^ bits >> 31 & Integer.MAX_VALUE;
      order[id] = (long) ~ascending << 32 | id;
    }
    Arrays.sort(order);
    int[] ranks = new int[scores.length];
    for (int i = 1; i < order.length; i++) {
      boolean same = order[i] >> 32 == order[i - 1] >> 32;
      ranks[(int) order[i]] = same ? ranks[(int) order[i - 1]] : i;
    }
    return ranks;
  }

  private void add(int left, int right, int rank, int merged) {
    if (2 * ++count > table.length / 2) {
      grow();
    }
    put((long) left << 32 | right, (long) rank << 32 | merged);
  }

  private void grow() {
    long[] old = table;
    table = new long[Math.multiplyExact(old.length, 2)];
    Arrays.fill(table, FREE);
    for (int i = 0; i < old.length; i += 2) {
      if (old[i] != FREE) {
        put(old[i], old[i + 1]);
      }
    }
  }

  private void put(long pair, long merge) {
    int slot = slot(pair);
    // Of two merges of the same pair the first, which is the earlier one, counts.
    if (table[slot] == FREE) {
      table[slot] = pair;
      table[slot + 1] = merge;
    }
  }

  /** {@code rank << 32 | merged id} of two neighbours, or {@link #NONE}. */
  long get(int left, int right) {
    int slot = slot((long) left << 32 | right);
    return table[slot] == FREE ? NONE : table[slot + 1];
  }

  private int slot(long pair) {
    int slot = 2 * Hash.slot(pair, table.length / 2);
    while (table[slot] != pair && table[slot] != FREE) {
      slot = slot + 2 & table.length - 1;
    }
    return slot;
  }
}
