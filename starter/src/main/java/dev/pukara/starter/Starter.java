package dev.pukara.starter;

import dev.pukara.cache.UserCache;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.JarURLConnection;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URL;
import java.net.URLConnection;
import java.nio.channels.Channels;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Optional;
import java.util.zip.ZipEntry;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The guard model that comes with Pukara.
 *
 * <pre>{@code
 * try (Guard guard = Guard.open(GuardOptions.of(Starter.model()))) { ... }
 * }</pre>
 *
 * <p>Threads: free.
 */
public final class Starter {
  private static final String MODEL = "pukara-guard-135m.gguf";
  private static final String DIGEST = MODEL + ".sha256";
  private static final String CARD = "MODEL_CARD.md";
  private static final Logger log = LoggerFactory.getLogger(Starter.class);

  /** Holds the copy of a process that cannot use the user's cache. */
  private static @Nullable Path temporary;

  private Starter() {}

  /**
   * Where the model lies, as {@code ModelFile.open} reads it: a file, or {@code
   * pukara-starter.jar!/dev/pukara/starter/pukara-guard-135m.gguf}, an entry that is mapped where
   * it lies. Where a jar was packed anew with compression (a shaded application), or lies where
   * files cannot be mapped, the model is copied once into the user's cache directory; without one,
   * into the temporary directory, where it stays as long as the process.
   *
   * @throws UncheckedIOException if the copy cannot be written
   */
  public static Path model() {
    URL url = resource(MODEL);
    try {
      Optional<Path> inPlace = inPlace(url);
      return inPlace.isPresent() ? inPlace.get() : copy(url);
    } catch (IOException e) {
      throw new UncheckedIOException(
          "the bundled model "
              + url
              + " can be neither mapped nor copied: "
              + e.getMessage()
              + "; name a model file of your own, or a writable directory for copies with"
              + " the environment variable "
              + UserCache.VARIABLE,
          e);
    }
  }

  /** The model's card in Markdown: what it was made of, how well it does, what it cannot. */
  public static String card() {
    return text(CARD);
  }

  private static String text(String name) {
    try (InputStream in = resource(name).openStream()) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static URL resource(String name) {
    return Objects.requireNonNull(
        Starter.class.getResource(name), () -> "pukara-starter.jar has lost " + name);
  }

  private static Optional<Path> inPlace(URL url) throws IOException {
    if (url.getProtocol().equals("file")) {
      return Optional.of(path(url));
    }
    if (url.openConnection() instanceof JarURLConnection jar
        && jar.getJarFileURL().getProtocol().equals("file")
        && jar.getJarEntry().getMethod() == ZipEntry.STORED) {
      Path archive = path(jar.getJarFileURL());
      return Optional.of(
          archive.resolveSibling(archive.getFileName() + "!").resolve(jar.getEntryName()));
    }
    return Optional.empty();
  }

  private static Path path(URL url) throws IOException {
    try {
      return Path.of(new URI(url.toString()));
    } catch (URISyntaxException e) {
      throw new IOException(url + " names no file", e);
    }
  }

  private static synchronized Path copy(URL url) throws IOException {
    Optional<UserCache> cache = UserCache.ofUser();
    if (cache.isPresent()) {
      try {
        return copyInto(cache.get().requireDirectory(), url);
      } catch (IOException e) {
        log.info("the bundled model is copied into the temporary directory: {}", e.toString());
      }
    }
    if (temporary == null || !Files.isDirectory(temporary)) {
      temporary = Files.createTempDirectory("pukara-"); // only the owner may enter it
      temporary.toFile().deleteOnExit();
    }
    Path copy = copyInto(temporary, url);
    copy.toFile().deleteOnExit(); // before the folder: the last to be registered is the first to go
    return copy;
  }

  private static Path copyInto(Path folder, URL url) throws IOException {
    URLConnection source = url.openConnection();
    Path copy = folder.resolve(UserCache.MODEL + text(DIGEST).strip() + ".gguf");
    long bytes = source.getContentLengthLong(); // negative if it is not known
    if (Files.isRegularFile(copy) && (bytes < 0 || Files.size(copy) == bytes)) {
      UserCache.requireOwn(copy);
      return copy;
    }
    try (InputStream in = source.getInputStream()) {
      UserCache.write(copy, channel -> in.transferTo(Channels.newOutputStream(channel)));
    }
    return copy;
  }
}
