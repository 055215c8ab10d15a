package dev.pukara.rows;

import dev.pukara.guard.Category;
import dev.pukara.guard.Policy;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Which categories the unsafe part of a row violates, by several policies.
 *
 * @param byPolicy policy id to codes; an empty list says that this policy does not cover what makes
 *     the row unsafe; no entry says that nobody knows
 * @param categories in the words of the row's source, which are the codes of any policy that is not
 *     one of Llama Guard's; none says that nobody knows
 */
public record Codes(Map<String, List<String>> byPolicy, List<String> categories) {
  /** Nobody knows. */
  public static final Codes UNKNOWN = new Codes(Map.of(), List.of());

  static final String LLAMA_GUARD_1 = "llama-guard-1";
  static final String LLAMA_GUARD_2 = "llama-guard-2";
  static final String LLAMA_GUARD_3 = "llama-guard-3";
  private static final Set<String> FAMILY = Set.of(LLAMA_GUARD_1, LLAMA_GUARD_2, LLAMA_GUARD_3);

  /** Llama Guard 3's code to Llama Guard 2's; S5, S13 and S14 are new in 3. */
  private static final Map<String, String> THREE_TO_TWO =
      Map.ofEntries(
          Map.entry("S1", "S1"),
          Map.entry("S2", "S2"),
          Map.entry("S3", "S3"),
          Map.entry("S4", "S4"),
          Map.entry("S6", "S5"),
          Map.entry("S7", "S6"),
          Map.entry("S8", "S7"),
          Map.entry("S9", "S8"),
          Map.entry("S10", "S9"),
          Map.entry("S11", "S10"),
          Map.entry("S12", "S11"));

  /** Copies map and lists. */
  public Codes {
    Map<String, List<String>> copy = new LinkedHashMap<>();
    byPolicy.forEach((policy, codes) -> copy.put(policy, List.copyOf(codes)));
    byPolicy = Map.copyOf(copy);
    categories = List.copyOf(categories);
  }

  /** The same with the codes of one more policy. */
  public Codes with(String policyId, List<String> codes) {
    Map<String, List<String>> more = new LinkedHashMap<>(byPolicy);
    more.put(policyId, codes);
    return new Codes(more, categories);
  }

  /** Is it a policy of the Llama Guard family, whose codes have fields of their own? */
  public static boolean isLlamaGuard(String policyId) {
    return FAMILY.contains(policyId);
  }

  /** Does any policy's list hold a code? */
  boolean namesAny() {
    return byPolicy.values().stream().anyMatch(list -> !list.isEmpty());
  }

  /**
   * Codes under a policy: some, none (the policy does not cover it), or empty (nobody knows). Codes
   * that a policy of the Llama Guard family leaves out count as not covered.
   *
   * @throws RowException if another policy lacks one of the row's categories
   */
  Optional<List<String>> under(Policy policy, String where) {
    Set<String> known =
        policy.categories().stream().map(Category::code).collect(Collectors.toSet());
    Optional<List<String>> stated = stated(policy.id());
    if (stated.isPresent()) {
      return stated.map(codes -> codes.stream().filter(known::contains).toList());
    }
    if (isLlamaGuard(policy.id()) || categories.isEmpty()) {
      return Optional.empty();
    }
    List<String> foreign = foreign(policy);
    if (!foreign.isEmpty()) {
      throw foreign(where, foreign.toString(), policy);
    }
    return Optional.of(categories);
  }

  /** Categories by which a policy cannot be read, since it has no such codes. */
  List<String> foreign(Policy policy) {
    if (isLlamaGuard(policy.id()) || stated(policy.id()).isPresent()) {
      return List.of();
    }
    return categories.stream().filter(code -> policy.category(code).isEmpty()).toList();
  }

  static RowException foreign(String where, String codes, Policy policy) {
    return new RowException(
        where
            + ": categories "
            + codes
            + " are no codes of policy "
            + policy.id()
            + ", which has "
            + policy.categories().stream().map(Category::code).toList()
            + "; rename them, or choose the policy that the rows were labelled by, or leave"
            + " 'categories' out: the label alone is enough for the global threshold");
  }

  private Optional<List<String>> stated(String policyId) {
    List<String> codes = byPolicy.get(policyId);
    if (codes == null && policyId.equals(LLAMA_GUARD_2)) {
      return Optional.ofNullable(byPolicy.get(LLAMA_GUARD_3)).map(Codes::ofTwo);
    }
    return Optional.ofNullable(codes);
  }

  private static List<String> ofTwo(List<String> codesOfThree) {
    List<String> codes = new ArrayList<>();
    for (String code : codesOfThree) {
      String two = THREE_TO_TWO.get(code);
      if (two != null) {
        codes.add(two);
      }
    }
    return codes;
  }
}
