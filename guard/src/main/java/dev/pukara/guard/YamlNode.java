package dev.pukara.guard;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Compose;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;

/**
 * A place in a YAML file, read strictly: whatever is wrong is told with file, line and field. A
 * scalar is taken as it is written, so {@code version: 1} and {@code code: no} are texts.
 */
final class YamlNode {
  private final String file;
  private final String field;
  private final Node node;

  private YamlNode(String file, String field, Node node) {
    this.file = file;
    this.field = field;
    this.node = node;
  }

  /** The root of a document. */
  static YamlNode parse(String yaml, String file) {
    try {
      LoadSettings settings = LoadSettings.builder().setLabel(file).build();
      Node root =
          new Compose(settings)
              .composeString(yaml)
              .orElseThrow(() -> new PolicyException(file + ": the file is empty"));
      return new YamlNode(file, "", root);
    } catch (MarkedYamlEngineException e) {
      int line = e.getProblemMark().map(mark -> mark.getLine() + 1).orElse(0);
      throw new PolicyException(file + ":" + line + ": not YAML: " + e.getProblem(), e);
    } catch (YamlEngineException e) {
      throw new PolicyException(file + ": not YAML: " + e.getMessage(), e);
    }
  }

  /** First line, from 1. */
  int line() {
    return node.getStartMark().map(mark -> mark.getLine() + 1).orElse(0);
  }

  /** A problem at this place. */
  PolicyException problem(String message) {
    String what = field.isEmpty() ? "" : field + ": ";
    return new PolicyException(file + ":" + line() + ": " + what + message);
  }

  boolean isText() {
    return node instanceof ScalarNode;
  }

  /** The fields of a map, checked against those that are known. */
  Fields fields(Set<String> known) {
    Map<String, YamlNode> fields = map();
    List<String> unknown = fields.keySet().stream().filter(name -> !known.contains(name)).toList();
    fields.forEach(
        (name, value) -> {
          if (unknown.contains(name)) {
            throw new YamlNode(file, field, value.node)
                .problem(
                    "unknown field " + unknown + "; known are " + known.stream().sorted().toList());
          }
        });
    return new Fields(this, fields);
  }

  /** The fields of a map with any keys. */
  Map<String, YamlNode> map() {
    if (!(node instanceof MappingNode mapping)) {
      throw problem("expected a map");
    }
    Map<String, YamlNode> fields = new LinkedHashMap<>();
    for (NodeTuple entry : mapping.getValue()) {
      if (!(entry.getKeyNode() instanceof ScalarNode key)) {
        throw problem("expected texts as keys");
      }
      YamlNode value = new YamlNode(file, join(key.getValue()), entry.getValueNode());
      if (fields.put(key.getValue(), value) != null) {
        throw value.problem("stands twice; keep one");
      }
    }
    return fields;
  }

  private String join(String name) {
    return field.isEmpty() ? name : field + "." + name;
  }

  /** The entries of a list. */
  List<YamlNode> list() {
    if (!(node instanceof SequenceNode sequence)) {
      throw problem("expected a list");
    }
    List<YamlNode> entries = new ArrayList<>();
    for (Node entry : sequence.getValue()) {
      entries.add(new YamlNode(file, field + "[" + entries.size() + "]", entry));
    }
    return entries;
  }

  /** A text that is not blank, without blanks around it. */
  String text() {
    if (!(node instanceof ScalarNode scalar) || scalar.getValue().isBlank()) {
      throw problem("is missing or empty; expected text");
    }
    return scalar.getValue().strip();
  }

  List<String> texts() {
    return list().stream().map(YamlNode::text).toList();
  }

  double number() {
    String text = text();
    try {
      return Double.parseDouble(text);
    } catch (NumberFormatException e) {
      throw problem("'" + text + "' is not a number");
    }
  }

  double probability() {
    double value = number();
    if (!(value >= 0 && value <= 1)) {
      throw problem(text() + ", expected 0 to 1");
    }
    return value;
  }

  boolean bool() {
    return switch (text()) {
      case "true" -> true;
      case "false" -> false;
      default -> throw problem("'" + text() + "', expected true or false");
    };
  }

  /** The fields of one map. */
  record Fields(YamlNode owner, Map<String, YamlNode> byName) {
    Optional<YamlNode> get(String name) {
      return Optional.ofNullable(byName.get(name));
    }

    YamlNode required(String name) {
      return get(name)
          .orElseThrow(() -> owner.problem("'" + name + "' is missing; expected it here"));
    }

    Optional<String> text(String name) {
      return get(name).map(YamlNode::text);
    }

    List<String> texts(String name) {
      return get(name).map(YamlNode::texts).orElse(List.of());
    }

    OptionalDouble probability(String name) {
      return get(name).stream().mapToDouble(YamlNode::probability).findFirst();
    }
  }
}
