package dev.pukara.train.data;

import dev.pukara.guard.Category;
import dev.pukara.guard.Policies;
import dev.pukara.guard.Policy;
import dev.pukara.train.data.Scope.Harm;
import dev.pukara.train.data.Scope.Reach;
import dev.pukara.train.data.Scope.Topic;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/**
 * Policies to train with and the words that their categories may have: the resource {@code
 * policies.yaml}, and policies of the user.
 */
final class PolicyBook {
  private final List<String> codeStyles;
  private final Map<String, Outline> outlines;
  private final List<Outline.Entry> topics;

  private PolicyBook(
      List<String> codeStyles, Map<String, Outline> outlines, List<Outline.Entry> topics) {
    this.codeStyles = List.copyOf(codeStyles);
    this.outlines = new LinkedHashMap<>(outlines);
    this.topics = List.copyOf(topics);
  }

  /** The book that comes with Pukara. */
  static PolicyBook standard() {
    try (InputStream in = PolicyBook.class.getResourceAsStream("policies.yaml")) {
      if (in == null) {
        throw new IllegalStateException("resource policies.yaml is missing from the jar");
      }
      String yaml = new String(in.readAllBytes(), StandardCharsets.UTF_8);
      return read(Fields.parse(yaml, "policies.yaml"));
    } catch (IOException e) {
      throw new IllegalStateException("resource policies.yaml", e);
    }
  }

  private static PolicyBook read(Fields root) {
    List<String> styles = root.texts("code-styles");
    Map<String, Outline.Entry> concepts = new LinkedHashMap<>();
    root.map("concepts")
        .orElseThrow()
        .entries()
        .forEach((name, fields) -> concepts.put(name, concept(fields)));
    Map<String, Outline> outlines = new LinkedHashMap<>();
    root.map("policies")
        .orElseThrow()
        .entries()
        .forEach((id, fields) -> outlines.put(id, outline(id, fields, concepts)));
    List<Outline.Entry> topics = root.maps("topics").stream().map(PolicyBook::topic).toList();
    root.noOthers();
    return new PolicyBook(styles, outlines, topics);
  }

  private static Outline.Entry concept(Fields fields) {
    Fields covers = fields.map("covers").orElseThrow(() -> fields.bad("covers", "empty", "a map"));
    Set<String> taxonomies = new LinkedHashSet<>(covers.names());
    fields.map("unclear").ifPresent(unclear -> taxonomies.addAll(unclear.names()));
    List<Reach> reaches = new ArrayList<>();
    for (String taxonomy : taxonomies) {
      List<String> unclear = fields.map("unclear").map(f -> f.texts(taxonomy)).orElse(List.of());
      reaches.add(
          new Reach(taxonomy, Set.copyOf(covers.texts(taxonomy)), new LinkedHashSet<>(unclear)));
    }
    return entry(fields, new Harm(reaches));
  }

  private static Outline.Entry topic(Fields fields) {
    return entry(
        fields,
        new Topic(
            fields.text("hits").map(regex -> pattern(fields, "hits", regex)),
            pattern(
                fields,
                "near",
                fields.text("near").orElseThrow(() -> fields.bad("near", "empty", "a regex")))));
  }

  private static Pattern pattern(Fields fields, String name, String regex) {
    try {
      // Capitals count only where the pattern asks for them.
      int flags = regex.contains("[A-Z]") ? 0 : Pattern.CASE_INSENSITIVE;
      return Pattern.compile(regex, flags);
    } catch (PatternSyntaxException e) {
      throw fields.bad(name, "'" + regex + "'", "a regular expression");
    }
  }

  private static Outline.Entry entry(Fields fields, Scope scope) {
    List<String> names = fields.texts("names");
    if (names.isEmpty()) {
      throw fields.bad("names", "empty", "at least one");
    }
    List<String> descriptions = fields.texts("descriptions");
    String description = descriptions.isEmpty() ? "" : descriptions.getFirst();
    Outline.Entry entry =
        new Outline.Entry(
            new Category("X", names.getFirst(), description),
            names.subList(1, names.size()),
            descriptions.subList(Math.min(1, descriptions.size()), descriptions.size()),
            scope);
    fields.noOthers();
    return entry;
  }

  private static Outline outline(String id, Fields fields, Map<String, Outline.Entry> concepts) {
    String style = fields.text("style").orElse("S#");
    List<String> usual = fields.texts("categories");
    List<Outline.Entry> entries = new ArrayList<>();
    for (String name : usual) {
      Outline.Entry concept = concepts.get(name);
      if (concept == null) {
        throw fields.bad("categories", "'" + name + "'", "one of " + concepts.keySet());
      }
      String code = style.replace("#", String.valueOf(entries.size() + 1));
      Category category = new Category(code, concept.usual().name(), concept.usual().description());
      entries.add(
          new Outline.Entry(category, concept.names(), concept.descriptions(), concept.scope()));
    }
    String title = fields.text("title").orElse(id);
    boolean complete = fields.flag("complete", false);
    Outline outline = new Outline(id, title, entries, complete, true, List.of());
    boolean known = fields.flag("words-of-guard", false);
    fields.noOthers();
    return (known ? outline.worded(Policies.find(id).withDescribe(true)) : outline).byOwnCodes();
  }

  /** Ids of all policies. */
  List<String> ids() {
    return List.copyOf(outlines.keySet());
  }

  /** Has it this policy? */
  boolean has(String id) {
    return outlines.containsKey(id);
  }

  /**
   * Adds a policy of the user, whose rows name its codes.
   *
   * @param format of the prompts: the policy may look otherwise there
   */
  void add(Policy whole, String format) {
    Policy policy = whole.underFormat(format);
    List<Outline.Entry> entries = new ArrayList<>();
    for (Category category : policy.categories()) {
      Reach reach = new Reach(policy.id(), Set.of(category.code()), Set.of());
      entries.add(new Outline.Entry(category, List.of(), List.of(), new Harm(List.of(reach))));
    }
    boolean complete = policy.categories().size() == whole.categories().size();
    outlines.put(
        policy.id(),
        new Outline(
            policy.id(),
            policy.title(),
            entries,
            complete,
            policy.describe(),
            policy.demonstrations()));
  }

  /** The policy of that id. */
  Outline outline(String id) {
    Outline outline = outlines.get(id);
    if (outline == null) {
      throw new RecipeException(
          "no policy '"
              + id
              + "' to train with; known are "
              + String.join(", ", outlines.keySet()));
    }
    return outline;
  }

  /** A category beyond harm, in random words, with a code of its own. */
  Rule topic(int index, Random random) {
    return topics.get(index).worded(random, 1).withCode("X" + (index + 1));
  }

  /** Number of categories beyond harm. */
  int topics() {
    return topics.size();
  }

  /** Is the case's message on the topic? */
  boolean topicHit(int index, Case judged) {
    return topics.get(index).scope() instanceof Topic topic && topic.isHit(judged);
  }

  /** A way to write codes. */
  String codeStyle(Random random) {
    return codeStyles.get(random.nextInt(codeStyles.size()));
  }
}
