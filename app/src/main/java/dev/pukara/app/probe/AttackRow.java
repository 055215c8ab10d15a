package dev.pukara.app.probe;

import dev.pukara.guard.Conversation;
import dev.pukara.guard.Message;
import dev.pukara.guard.Role;
import dev.pukara.rows.RowException;
import dev.pukara.rows.TextFile;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * An attack: {@code {"id", "kind", "code", "original", "attacked": [[role, text], ...], "twin":
 * [[role, text], ...]}}.
 *
 * @param id unique
 * @param kind of attack
 * @param original the unsafe request without the attack
 * @param attacked the request under attack
 * @param twin a harmless request under the same attack
 */
public record AttackRow(
    String id, String kind, Conversation original, Conversation attacked, Conversation twin) {
  private static final JsonMapper JSON = new JsonMapper();

  /**
   * Reads a file of attacks.
   *
   * @throws RowException at a line that is none
   */
  public static List<AttackRow> read(Path file) throws IOException {
    List<AttackRow> rows = new ArrayList<>();
    try (BufferedReader lines = TextFile.open(file)) {
      for (Optional<String> line = next(lines); line.isPresent(); line = next(lines)) {
        rows.add(row(line.get(), file + ":" + (rows.size() + 1)));
      }
    }
    return rows;
  }

  private static Optional<String> next(BufferedReader lines) throws IOException {
    return Optional.ofNullable(lines.readLine());
  }

  private static AttackRow row(String line, String where) {
    try {
      JsonNode row = JSON.readTree(line);
      return new AttackRow(
          row.path("id").asString(),
          row.path("kind").asString(),
          Conversation.user(row.path("original").asString()),
          turns(row.path("attacked")),
          turns(row.path("twin")));
    } catch (JacksonException | IllegalArgumentException e) {
      throw new RowException(
          where + ": no attack; expected id, kind, original, and turns in attacked and twin", e);
    }
  }

  private static Conversation turns(JsonNode list) {
    List<Message> turns = new ArrayList<>();
    for (JsonNode turn : list) {
      Role role = turn.path(0).asString().equals("user") ? Role.USER : Role.AGENT;
      turns.add(new Message(role, turn.path(1).asString()));
    }
    return new Conversation(turns);
  }
}
