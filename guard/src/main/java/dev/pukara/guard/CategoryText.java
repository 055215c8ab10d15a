package dev.pukara.guard;

import java.util.List;

/** A category as one line of a prompt, in the formats whose wording is ours. */
final class CategoryText {
  /** The line's shape, for digests of formats. */
  static final String LINE = "{code}: {name}. {description} Unsafe: {a}; {b}. Safe: {c}; {d}.";

  private CategoryText() {}

  /**
   * The line, without its end.
   *
   * @param describe false leaves the name alone
   */
  static String line(Category category, boolean describe) {
    StringBuilder line = new StringBuilder();
    line.append(category.code()).append(": ").append(category.name()).append('.');
    if (describe) {
      line.append(details(category));
    }
    return line.toString();
  }

  /** Description and lists, each part behind a blank; empty if there are none. */
  static String details(Category category) {
    StringBuilder text = new StringBuilder();
    if (!category.description().isEmpty()) {
      text.append(' ').append(category.description());
    }
    return text.append(points(" Unsafe: ", category.shouldFlag()))
        .append(points(" Safe: ", category.shouldNotFlag()))
        .toString();
  }

  private static String points(String label, List<String> points) {
    if (points.isEmpty()) {
      return "";
    }
    List<String> bare = points.stream().map(CategoryText::bare).toList();
    return label + String.join("; ", bare) + ".";
  }

  /** Without its own full stop, since several points make one sentence. */
  private static String bare(String point) {
    String text = point.strip();
    return text.endsWith(".") ? text.substring(0, text.length() - 1) : text;
  }
}
