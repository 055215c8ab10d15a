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

/** Tells builds of the code apart, so that nothing made by another build is used. */
public final class CodeIdentity {
  private CodeIdentity() {}

  /** Length and time of the jars (also jars in jars) from which the classes were loaded. */
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
        return Files.size(path) + "@" + Files.getLastModifiedTime(path).toMillis();
      }
      URLConnection connection = location.openConnection();
      try (InputStream open = connection.getInputStream()) {
        return connection.getContentLengthLong() + "@" + connection.getLastModified();
      }
    } catch (IOException | URISyntaxException e) {
      return "unknown";
    }
  }
}
