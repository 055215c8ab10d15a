package dev.pukara.guard;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** The built-in policies, and policies from YAML files. */
public final class Policies {
  private static final List<String> BUILT_IN =
      List.of("llama-guard-1", "llama-guard-2", "llama-guard-3", "openai-moderation");

  private Policies() {}

  /** Ids of the built-in policies. */
  public static List<String> builtIn() {
    return BUILT_IN;
  }

  /**
   * A built-in policy by its id, or else a policy file.
   *
   * @throws PolicyException if there is neither, or the file is not a policy
   */
  public static Policy find(String idOrPath) {
    return parse(source(idOrPath), BUILT_IN.contains(idOrPath) ? idOrPath + ".yaml" : idOrPath);
  }

  /**
   * The YAML of a built-in policy, or else of a policy file.
   *
   * @throws PolicyException if there is neither
   */
  public static String source(String idOrPath) {
    if (BUILT_IN.contains(idOrPath)) {
      return resource(idOrPath);
    }
    Path path = Path.of(idOrPath);
    if (!Files.isRegularFile(path)) {
      throw new PolicyException(
          "no policy '"
              + idOrPath
              + "': neither built in ("
              + String.join(", ", BUILT_IN)
              + ") nor a file; check the name");
    }
    try {
      return Files.readString(path);
    } catch (IOException e) {
      throw new PolicyException(path + ": cannot be read as UTF-8 text: " + e.getMessage(), e);
    }
  }

  /**
   * A policy's YAML with a calibration in place of one that may be there; all else stays as it is
   * written.
   *
   * @param notes for people, as comments in the block
   * @throws PolicyException if the YAML is no policy, or no map in block style
   */
  public static String calibrated(String yaml, PolicyCalibration calibration, List<String> notes) {
    return PolicyText.calibrated(yaml, calibration, notes);
  }

  /** YAML of a minimal policy, to start one's own from. */
  public static String template() {
    return resource("template");
  }

  static Policy builtIn(String id) {
    return parse(resource(id), id + ".yaml");
  }

  private static String resource(String name) {
    String resource = "policies/" + name + ".yaml";
    try (InputStream in = Policies.class.getResourceAsStream(resource)) {
      if (in == null) {
        throw new IllegalStateException("resource " + resource + " is missing from the jar");
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new IllegalStateException(resource, e);
    }
  }

  /**
   * Reads a policy from YAML.
   *
   * @param file named in errors
   * @throws PolicyException with file, line and field if it is not a policy
   */
  public static Policy parse(String yaml, String file) {
    return PolicyReader.read(yaml, file);
  }
}
