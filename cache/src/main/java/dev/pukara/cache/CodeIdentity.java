package dev.pukara.cache;

import java.io.IOException;
import java.io.InputStream;
import java.net.URISyntaxException;
import java.net.URL;
import java.net.URLConnection;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.CodeSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Tells builds of the code apart, so that nothing made by another build is used. */
public final class CodeIdentity {
  private CodeIdentity() {}

  /**
   * Length and time of the jars (also jars in jars) from which the classes were loaded. Whole
   * seconds: the layers of container images keep no more.
   */
  public static String of(Class<?>... classes) {
    List<String> parts = new ArrayList<>();
    for (Class<?> each : classes) {
      CodeSource source = each.getProtectionDomain().getCodeSource();
      parts.add(source == null ? "jdk" : of(source.getLocation()));
    }
    return String.join(",", parts);
  }

  private static String of(URL location) {
    try {
      if (location.getProtocol().equals("file")) {
        Path path = Path.of(location.toURI());
        return Files.size(path) + "@" + Files.getLastModifiedTime(path).to(TimeUnit.SECONDS);
      }
      URLConnection connection = location.openConnection();
      try (InputStream open = connection.getInputStream()) {
        return connection.getContentLengthLong() + "@" + connection.getLastModified() / 1000;
      }
    } catch (IOException | URISyntaxException e) {
      return "unknown";
    }
  }
}
