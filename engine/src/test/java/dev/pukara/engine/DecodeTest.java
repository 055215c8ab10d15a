package dev.pukara.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pukara.kernels.Kernels;
import dev.pukara.kernels.Precision;
import dev.pukara.model.Llama;
import dev.pukara.model.ModelFile;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Greedy decoding against the logits of whole texts. */
class DecodeTest {
  private static final Path MODEL =
      Path.of("../model/src/test/resources/golden/gqa2-untied.Q8_0.gguf");

  private ModelFile file;
  private Kernels kernels;
  private Engine engine;

  @BeforeEach
  void open() throws IOException {
    file = ModelFile.open(MODEL);
    kernels = Kernels.best();
    EngineOptions options = EngineOptions.defaults().withStepTokensMax(64);
    engine = new Engine(new Llama(file, kernels, Precision.F32, 64), options);
  }

  @AfterEach
  void close() {
    engine.close();
    kernels.close();
    file.close();
  }

  private int[] tokens(long seed, int count) {
    return new Random(seed).ints(count, 0, file.config().vocabulary()).toArray();
  }

  private static int[] append(int[] tokens, int next) {
    int[] longer = Arrays.copyOf(tokens, tokens.length + 1);
    longer[tokens.length] = next;
    return longer;
  }

  /** The same text, each token asked for by a request of its own. */
  private List<Integer> tokenByToken(int[] text, int count) {
    List<Integer> chosen = new ArrayList<>();
    int[] sofar = text;
    for (int i = 0; i < count; i++) {
      float[] logits = engine.submit(Request.of(new int[0], sofar)).join().logits()[0];
      int best = 0;
      for (int id = 1; id < logits.length; id++) {
        best = logits[id] > logits[best] ? id : best;
      }
      chosen.add(best);
      sofar = append(sofar, best);
    }
    return chosen;
  }

  private static List<Integer> list(int[] tokens) {
    return Arrays.stream(tokens).boxed().toList();
  }

  @Test
  void takesTheMostProbableTokenEachTime() {
    int[] policy = tokens(1, 30);
    for (int length : new int[] {1, 5, 90}) {
      int[] stem = tokens(length, length);
      Decoded decoded = engine.decode(DecodeRequest.of(policy, stem, Set.of(), 12)).join();
      int[] text = Arrays.copyOf(policy, 30 + length);
      System.arraycopy(stem, 0, text, 30, length);
      assertThat(list(decoded.tokens())).isEqualTo(tokenByToken(text, 12));
      assertThat(decoded.stopped()).isFalse();
    }
  }

  @Test
  void cachesWhatItWrote() {
    int[] stem = tokens(2, 20);
    Decoded decoded = engine.decode(DecodeRequest.of(new int[0], stem, Set.of(), 8)).join();
    int[] whole = Arrays.copyOf(stem, 28);
    System.arraycopy(decoded.tokens(), 0, whole, 20, 8);
    // The last token was not computed.
    assertThat(engine.submit(Request.of(new int[0], whole, 1)).join().cachedTokens()).isEqualTo(27);
  }

  @Test
  void stopTokenEndsIt() {
    int[] stem = tokens(3, 10);
    int[] free = engine.decode(DecodeRequest.of(new int[0], stem, Set.of(), 6)).join().tokens();
    int stop = free[3];
    int first = list(free).indexOf(stop);
    Decoded decoded = engine.decode(DecodeRequest.of(new int[0], stem, Set.of(stop), 6)).join();
    assertThat(decoded.stopped()).isTrue();
    assertThat(decoded.tokens()).isEqualTo(Arrays.copyOf(free, first));
  }

  @Test
  void decodesBesideOtherRequests() {
    int[] stem = tokens(4, 15);
    List<Integer> alone = tokenByToken(stem, 10);
    List<CompletableFuture<Answer>> others = new ArrayList<>();
    CompletableFuture<Decoded> decoded =
        engine.decode(DecodeRequest.of(new int[0], stem, Set.of(), 10));
    for (int i = 0; i < 30; i++) {
      others.add(engine.submit(Request.of(new int[0], tokens(100 + i, 40), 1)));
    }
    assertThat(list(decoded.join().tokens())).isEqualTo(alone);
    others.forEach(CompletableFuture::join);
  }

  @Test
  void endsWhenNobodyWaits() {
    CompletableFuture<Decoded> gone =
        engine.decode(DecodeRequest.of(new int[0], tokens(5, 10), Set.of(), 10_000));
    gone.cancel(false);
    engine.submit(Request.of(new int[0], tokens(6, 10), 1)).join();
    assertThat(engine.stats().waiting()).isLessThanOrEqualTo(1);
    DecodeRequest late =
        new DecodeRequest(new int[0], tokens(7, 10), Set.of(), 10_000, Duration.ofMillis(20));
    assertThatThrownBy(engine.decode(late)::join).hasMessageContaining("time limit");
  }

  @Test
  void whoStartsOverNeedsNoMoreRoom() {
    DecodeRequest request = DecodeRequest.of(new int[0], new int[10], Set.of(), 8);
    Sequence sequence =
        new Sequence(
            request.question(),
            request.stem(),
            new CompletableFuture<>(),
            0,
            Long.MAX_VALUE,
            new Decoding(request));
    assertThat(sequence.roomNeeded(0)).isEqualTo(17);
    for (int i = 0; i < 5; i++) {
      sequence.logits[0] = new float[] {0, 1};
      sequence.decodeOn();
    }
    sequence.startOver();
    assertThat(sequence.tokens).hasSize(15);
    assertThat(sequence.roomNeeded(0)).isEqualTo(17);
  }

  @Test
  void limitsHoldAtOnce() {
    DecodeRequest longOne = DecodeRequest.of(new int[0], new int[10], Set.of(), 16_384);
    assertThatThrownBy(() -> engine.decode(longOne)).hasMessageContaining("16394 tokens");
    DecodeRequest endless = DecodeRequest.of(new int[0], new int[10], Set.of(), Integer.MAX_VALUE);
    assertThatThrownBy(() -> engine.decode(endless)).hasMessageContaining("2147483657 tokens");
    assertThatThrownBy(() -> DecodeRequest.of(new int[0], new int[1], Set.of(), 0))
        .hasMessageContaining("at least 1");
  }
}
