package dev.pukara.train;

/** Hears how a run goes on, in the run's thread. */
public interface RunListener {
  /** Hears nothing. */
  RunListener NONE = new RunListener() {};

  /** Something that people should know. */
  default void note(String text) {}

  /** A step was done. */
  default void step(StepReport report) {}

  /** The held-out cases were judged. */
  default void validated(ValidationReport report) {}

  /**
   * A step.
   *
   * @param step steps done
   * @param steps of the whole run
   * @param loss mean cross entropy of all targets
   * @param verdictLoss of the verdicts alone
   * @param verdictsRight part of the verdicts that were right
   * @param gradientNorm before clipping
   * @param learningRate of the step
   * @param lessons conversations in the step
   * @param tokens of the step, without padding
   * @param seconds that the step took
   */
  record StepReport(
      int step,
      int steps,
      double loss,
      double verdictLoss,
      double verdictsRight,
      double gradientNorm,
      double learningRate,
      int lessons,
      int tokens,
      double seconds) {}

  /**
   * A validation.
   *
   * @param step steps done before
   * @param policies what was found, policy by policy
   * @param best true if the mean of all policies was never better
   */
  record ValidationReport(int step, java.util.List<PolicyScore> policies, boolean best) {
    /** Copies the list. */
    public ValidationReport {
      policies = java.util.List.copyOf(policies);
    }

    /**
     * Mean of the area under the precision-recall curve over the policies that have one; NaN if
     * none has.
     */
    public double auprc() {
      return policies.stream()
          .mapToDouble(PolicyScore::auprc)
          .filter(area -> !Double.isNaN(area))
          .average()
          .orElse(Double.NaN);
    }
  }

  /**
   * How well held-out cases were judged by one policy.
   *
   * @param policy id
   * @param cases number of cases
   * @param unsafe how many of them violate the policy
   * @param loss mean cross entropy of the verdicts
   * @param auprc area under the precision-recall curve; NaN unless there are cases of both verdicts
   * @param f1 at threshold 0.5
   */
  record PolicyScore(String policy, int cases, int unsafe, double loss, double auprc, double f1) {}
}
