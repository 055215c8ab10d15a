package dev.pukara.eval;

import dev.pukara.guard.Policies;
import dev.pukara.guard.Policy;
import dev.pukara.guard.PolicySettings;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;

/**
 * The policies that benchmarks were labelled by, in our words, each with examples that we made up.
 */
final class TargetPolicies {
  private TargetPolicies() {}

  /** A data set's policy without examples in the prompt. */
  static Policy zeroShot(String id) {
    return fewShot(id).withSettings(PolicySettings.NONE);
  }

  /** The same with its examples in the prompt. */
  static Policy fewShot(String id) {
    return Policies.parse(text(id + ".yaml"), id + ".yaml");
  }

  private static String text(String name) {
    try (InputStream in = TargetPolicies.class.getResourceAsStream("policies/" + name)) {
      if (in == null) {
        throw new IllegalStateException("resource policies/" + name + " is missing from the jar");
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new IllegalStateException(name, e);
    }
  }
}
