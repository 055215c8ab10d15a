package dev.pukara.starter;

import dev.pukara.cache.UserCache;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.JarURLConnection;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Objects;
import java.util.Optional;
import java.util.zip.ZipEntry;

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

  private Starter() {}

  /**
   * Where the model lies, as {@code ModelFile.open} reads it: a file, or {@code
   * pukara-starter.jar!/dev/pukara/starter/pukara-guard-135m.gguf}, an entry that is mapped where
   * it lies. Where a jar was packed anew with compression (a shaded application), or lies where
   * files cannot be mapped, the model is copied once into the user's cache directory.
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

  private static Path copy(URL url) throws IOException {
    Optional<UserCache> cache = UserCache.ofUser();
    Path folder =
        cache.isPresent()
            ? cache.get().requireDirectory()
            : Files.createTempDirectory("pukara-"); // only the owner may enter it
    Path copy = folder.resolve(UserCache.MODEL + text(DIGEST).strip() + ".gguf");
    if (Files.isRegularFile(copy)) {
      UserCache.requireOwn(copy);
      return copy;
    }
    Path partial = Files.createTempFile(folder, UserCache.MODEL, ".partial");
    try (InputStream in = url.openStream()) {
      Files.copy(in, partial, StandardCopyOption.REPLACE_EXISTING);
      Files.move(partial, copy, StandardCopyOption.ATOMIC_MOVE);
    } finally {
      Files.deleteIfExists(partial);
    }
    if (cache.isEmpty()) {
      copy.toFile().deleteOnExit();
      folder.toFile().deleteOnExit();
    }
    return copy;
  }
}
