package dev.pukara.rows;

import dev.pukara.guard.Policy;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Whether a policy has all the categories that rows name: all that it lacks, told together. */
public final class CategoryCheck {
  private static final int PLACES_MAX = 3;

  private final Policy policy;

  /** By category: where it stands, in the order of the rows. */
  private final Map<String, List<String>> foreign = new LinkedHashMap<>();

  /** Nothing seen yet. */
  public CategoryCheck(Policy policy) {
    this.policy = policy;
  }

  /**
   * Looks at one row; nobody reads the categories of one that is not unsafe.
   *
   * @param place of the row, such as {@code line 7}
   */
  public void add(Row row, String place) {
    if (!row.isUnsafe()) {
      return;
    }
    for (String code : row.codes().foreign(policy)) {
      foreign.computeIfAbsent(code, unseen -> new ArrayList<>()).add(place);
    }
  }

  /**
   * Ends the check.
   *
   * @param where the file, for the error
   * @throws RowException that lists the categories that the policy lacks
   */
  public void end(String where) {
    if (!foreign.isEmpty()) {
      List<String> listed = new ArrayList<>();
      foreign.forEach((code, places) -> listed.add("'" + code + "' (" + some(places) + ")"));
      throw Codes.foreign(where, String.join(", ", listed), policy);
    }
  }

  private static String some(List<String> places) {
    int shown = Math.min(PLACES_MAX, places.size());
    String text = String.join(", ", places.subList(0, shown));
    return shown == places.size() ? text : text + " and " + (places.size() - shown) + " more";
  }
}
