package dev.pukara.train;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * What a checkpoint holds besides weights and moments.
 *
 * @param step steps done
 * @param best greatest mean AUPRC of a validation so far; negative before the first
 * @param worse validations since then
 * @param position of the curriculum
 */
record RunState(int step, double best, int worse, Map<String, Long> position) {
  static final RunState START = new RunState(0, -1, 0, Map.of());

  private static final String FILE = "run.json";
  private static final JsonMapper JSON = new JsonMapper();

  RunState {
    position = Map.copyOf(position);
  }

  void write(Path folder) throws IOException {
    Map<String, Object> state = new LinkedHashMap<>();
    state.put("step", step);
    state.put("best", best);
    state.put("worse", worse);
    state.put("position", new TreeMap<>(position));
    Files.writeString(folder.resolve(FILE), JSON.writeValueAsString(state));
  }

  static RunState read(Path folder) throws IOException {
    JsonNode state = JSON.readTree(Files.readString(folder.resolve(FILE)));
    Map<String, Long> position = new TreeMap<>();
    state.path("position").forEachEntry((name, drawn) -> position.put(name, drawn.asLong()));
    return new RunState(
        state.path("step").asInt(),
        state.path("best").asDouble(),
        state.path("worse").asInt(),
        position);
  }
}
