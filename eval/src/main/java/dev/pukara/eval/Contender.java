package dev.pukara.eval;

import dev.pukara.eval.data.DataSet;
import dev.pukara.guard.Conversation;
import dev.pukara.guard.Policy;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;

/** A guard that takes part in an evaluation. */
public interface Contender {
  /** Name in results; also the name of a folder. */
  String label();

  /** The policy by which it judges a data set, and by which the set's labels are read. */
  Policy policy(DataSet set) throws IOException;

  /** Starts it with a policy. */
  Session open(Policy policy) throws IOException;

  /** A contender at work. Threads: any number of callers. */
  interface Session extends AutoCloseable {
    /** What makes the scores. */
    Identity identity();

    /** Most messages that may be under way. */
    int window();

    /** Judges the last message of the conversation. */
    CompletableFuture<Rating> rate(Conversation conversation);

    @Override
    void close();
  }
}
