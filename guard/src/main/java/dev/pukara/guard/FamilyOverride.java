package dev.pukara.guard;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * How a policy differs under one prompt format.
 *
 * @param describe whether descriptions stand in the prompt; empty = as the policy says
 * @param exclude codes left out
 * @param names other names, by code
 */
public record FamilyOverride(
    Optional<Boolean> describe, Set<String> exclude, Map<String, String> names) {
  /** Copies the collections. */
  public FamilyOverride {
    exclude = Set.copyOf(exclude);
    names = Map.copyOf(names);
  }

  Policy apply(Policy policy) {
    List<Category> renamed = new ArrayList<>();
    for (Category category : policy.categories()) {
      renamed.add(category.withName(names.getOrDefault(category.code(), category.name())));
    }
    return policy
        .withCategories(renamed)
        .without(exclude)
        .withDescribe(describe.orElse(policy.describe()));
  }
}
