package dev.pukara.train.data;

import dev.pukara.guard.Category;
import dev.pukara.guard.Policy;
import dev.pukara.rows.Codes;
import dev.pukara.rows.Row;
import dev.pukara.rows.RowException;
import dev.pukara.rows.Task;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** What unsafe rows say of the categories that they violate, by the policies to train with. */
final class RowCodes {
  /** Nothing is said, so that the label alone counts. */
  static final Said NOTHING = new Said(Map.of(), Set.of());

  private final Set<String> trained;

  /** Codes by policy: policies of the user, then those that Pukara knows. */
  private final Map<String, Set<String>> own = new LinkedHashMap<>();

  private final Map<String, Set<String>> known = new LinkedHashMap<>();

  /**
   * What one side of a row violates.
   *
   * @param codes by taxonomy (policy id); no entry: nobody knows
   * @param foreign policies that the label says nothing of, since it was given by another one
   */
  record Said(Map<String, List<String>> codes, Set<String> foreign) {}

  /**
   * Reads rows for some policies.
   *
   * @param own policies of the user
   * @param trained ids of the policies to train with
   */
  RowCodes(List<Policy> own, PolicyBook book, Collection<String> trained) {
    this.trained = Set.copyOf(trained);
    for (Policy policy : own) {
      this.own.put(policy.id(), codes(policy.categories()));
    }
    for (String id : trained) {
      if (book.has(id) && !this.own.containsKey(id) && !Codes.isLlamaGuard(id)) {
        known.put(id, codes(book.outline(id).usual().policy().categories()));
      }
    }
  }

  private static Set<String> codes(List<Category> categories) {
    return categories.stream().map(Category::code).collect(Collectors.toCollection(TreeSet::new));
  }

  /**
   * What the row's prompt or response violates, if it is unsafe.
   *
   * @throws RowException if the row's categories are codes of none of the policies to train with,
   *     which are all the user's
   */
  Said of(Row row, Task task) {
    Codes said = row.codesOf(task);
    List<String> named = said.categories();
    if (named.isEmpty()) {
      return new Said(said.byPolicy(), Set.of());
    }
    Map<String, List<String>> codes = new HashMap<>(said.byPolicy());
    boolean byOwn = false;
    for (Map.Entry<String, Set<String>> policy : own.entrySet()) {
      List<String> violated = named.stream().filter(policy.getValue()::contains).toList();
      if (!violated.isEmpty()) {
        codes.putIfAbsent(policy.getKey(), violated);
        byOwn = true;
      }
    }
    if (!byOwn && own.keySet().containsAll(trained)) {
      throw foreign(row, named);
    }
    known.forEach(
        (id, all) -> {
          // Beside Llama Guard's codes they are words of the row's source.
          if (row.codes().byPolicy().isEmpty() && all.containsAll(named)) {
            codes.putIfAbsent(id, named);
          }
        });
    boolean byOwnAlone = byOwn && said.byPolicy().isEmpty();
    Set<String> foreign =
        trained.stream()
            .filter(id -> !codes.containsKey(id) && (byOwnAlone || own.containsKey(id)))
            .collect(Collectors.toSet());
    return new Said(codes, foreign);
  }

  private RowException foreign(Row row, List<String> named) {
    return new RowException(
        own.entrySet().stream()
            .map(policy -> "policy " + policy.getKey() + ", which has " + policy.getValue())
            .collect(
                Collectors.joining(
                    ", nor of ",
                    "row " + row.id() + ": categories " + named + " are no codes of ",
                    "; rename them, or train with the policy that the row was labelled by")));
  }
}
