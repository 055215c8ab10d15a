package dev.pukara.train.data;

/**
 * How often each augmentation is applied. Of batches: those that change the policy; of lessons:
 * those that change the conversation.
 *
 * @param dropUnviolated batches whose policy lacks categories that an anchor case does not violate
 * @param dropViolated batches whose policy lacks those that it does violate
 * @param shuffle batches with categories in another order and numbered anew
 * @param restyle batches with codes in another style
 * @param reword categories with another name and description
 * @param namesOnly batches without descriptions
 * @param topics batches with one or two categories beyond harm
 * @param shots batches with demonstrations in the prompt
 * @param flip batches that judge the same texts again under a policy that lets some of them pass
 * @param pairs lessons followed by their contrastive partner
 * @param obfuscate lessons with disguised letters
 * @param wrap lessons inside a jailbreak
 * @param pad lessons with an ordinary text before or behind the user's, or a made-up end between
 * @param swapRole lessons whose text the other role says, where the label holds
 * @param context lessons with an unrelated exchange before
 * @param nearSafe part of safe lessons that are close to a category
 * @param turnedSafe part of safe lessons that only the batch's policy lets pass, if there are any
 * @param ask lessons that are asked about single categories
 */
record Rates(
    Ramp dropUnviolated,
    Ramp dropViolated,
    Ramp shuffle,
    Ramp restyle,
    Ramp reword,
    Ramp namesOnly,
    Ramp topics,
    Ramp shots,
    Ramp flip,
    Ramp pairs,
    Ramp obfuscate,
    Ramp wrap,
    Ramp pad,
    Ramp swapRole,
    Ramp context,
    Ramp nearSafe,
    Ramp turnedSafe,
    Ramp ask) {
  /** Reads the map {@code rates}; what it does not say has a mild default. */
  static Rates read(Fields fields) {
    Rates rates =
        new Rates(
            Ramp.read(fields, "drop-unviolated", 0.3),
            Ramp.read(fields, "drop-violated", 0.15),
            Ramp.read(fields, "shuffle", 0.3),
            Ramp.read(fields, "restyle", 0.0),
            Ramp.read(fields, "reword", 0.0),
            Ramp.read(fields, "names-only", 0.0),
            Ramp.read(fields, "topics", 0.0),
            Ramp.read(fields, "shots", 0.0),
            Ramp.read(fields, "flip", 0.0),
            Ramp.read(fields, "pairs", 0.5),
            Ramp.read(fields, "obfuscate", 0.02),
            Ramp.read(fields, "wrap", 0.02),
            Ramp.read(fields, "pad", 0.0),
            Ramp.read(fields, "swap-role", 0.0),
            Ramp.read(fields, "context", 0.05),
            Ramp.read(fields, "near-safe", 0.5),
            Ramp.read(fields, "turned-safe", 0.3),
            Ramp.read(fields, "ask", 0.5));
    fields.noOthers();
    return rates;
  }

  /** The defaults. */
  static Rates usual() {
    return read(Fields.empty("defaults"));
  }
}
