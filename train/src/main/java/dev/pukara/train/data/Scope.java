package dev.pukara.train.data;

import dev.pukara.guard.Message;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/** Which messages violate a category, whatever its code and wording. */
sealed interface Scope {
  /** Does the case's last message violate the category? */
  Judgement judge(Case judged);

  /**
   * Codes of one taxonomy.
   *
   * @param taxonomy id of the policy that the codes are of
   * @param covered codes that violate the category
   * @param unclear codes that may or may not
   */
  record Reach(String taxonomy, Set<String> covered, Set<String> unclear) {
    public Reach {
      covered = Set.copyOf(covered);
      unclear = Set.copyOf(unclear);
    }

    Judgement judge(List<String> codes) {
      if (codes.stream().anyMatch(covered::contains)) {
        return Judgement.YES;
      }
      return codes.stream().anyMatch(unclear::contains) ? Judgement.UNKNOWN : Judgement.NO;
    }
  }

  /**
   * A category of harm, judged by the codes of the row.
   *
   * @param reaches by taxonomy; the first that the row has codes of decides
   */
  record Harm(List<Reach> reaches) implements Scope {
    public Harm {
      reaches = List.copyOf(reaches);
    }

    /**
     * Is a safe case close to it? Such rows name codes of Llama Guard 3, or of the user's policy.
     */
    boolean isNear(Case safe) {
      return reaches.stream()
          .filter(reach -> reaches.size() == 1 || reach.taxonomy().equals("llama-guard-3"))
          .anyMatch(reach -> safe.near().stream().anyMatch(reach.covered()::contains));
    }

    @Override
    public Judgement judge(Case judged) {
      if (!judged.unsafe()) {
        return Judgement.NO;
      }
      for (Reach reach : reaches) {
        List<String> codes = judged.codes().get(reach.taxonomy());
        if (codes != null) {
          return reach.judge(codes);
        }
      }
      return Judgement.UNKNOWN;
    }
  }

  /**
   * A subject that a policy may rule out though there is no harm in it, judged by words.
   *
   * @param hits words of a message that is on the subject; empty: no message of the data is
   * @param near words of a conversation that may be
   */
  record Topic(Optional<Pattern> hits, Pattern near) implements Scope {
    boolean isHit(Case judged) {
      return hits.isPresent() && hits.get().matcher(judged.text()).find();
    }

    @Override
    public Judgement judge(Case judged) {
      if (isHit(judged)) {
        return Judgement.YES;
      }
      for (Message message : judged.conversation().messages()) {
        if (near.matcher(message.text()).find()
            || (hits.isPresent() && hits.get().matcher(message.text()).find())) {
          return Judgement.UNKNOWN;
        }
      }
      return Judgement.NO;
    }
  }
}
