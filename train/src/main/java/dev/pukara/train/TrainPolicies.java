package dev.pukara.train;

import dev.pukara.guard.Policies;
import dev.pukara.guard.Policy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The policies that a recipe names: files of the user, or policies that Pukara can train with. */
final class TrainPolicies {
  private TrainPolicies() {}

  /** Id of a policy by file or id. */
  static String idOf(String fileOrId) {
    return Files.isRegularFile(Path.of(fileOrId)) ? Policies.find(fileOrId).id() : fileOrId;
  }

  /** The policies that come from files. */
  static List<Policy> own(List<String> filesOrIds) {
    List<Policy> own = new ArrayList<>();
    for (String name : filesOrIds) {
      if (Files.isRegularFile(Path.of(name))) {
        own.add(Policies.find(name));
      }
    }
    return own;
  }
}
