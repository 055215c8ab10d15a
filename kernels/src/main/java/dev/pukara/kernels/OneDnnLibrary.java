package dev.pukara.kernels;

import dev.pukara.cache.UserCache;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.net.JarURLConnection;
import java.net.URL;
import java.net.URLConnection;
import java.nio.channels.Channels;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Loads oneDNN's shared library and its OpenMP runtime, once per JVM.
 *
 * <p>They are resources on the class path (the native jar of org.bytedeco:dnnl; its Java classes
 * are not used: they take longer to load and need an OpenCL library besides). The dynamic loader
 * wants files, so these places are tried in turn:
 *
 * <ol>
 *   <li>the directory that {@code -Dpukara.native=} names, which holds both files already;
 *   <li>the {@link UserCache}: kept for the next start, written atomically, used only if nobody
 *       else may write there;
 *   <li>a private temporary directory, deleted again once the libraries are mapped;
 *   <li>anonymous memory (Linux's memfd), for systems without a writable or executable file system.
 * </ol>
 */
final class OneDnnLibrary {
  /** System property: a directory with the shared libraries. */
  static final String PROPERTY = "pukara.native";

  private static final Logger log = LoggerFactory.getLogger(OneDnnLibrary.class);

  private static final String RESOURCES = "/org/bytedeco/dnnl/linux-x86_64/";
  private static final String GOMP = "libgomp.so.1";
  private static final String DNNL = "libdnnl.so.3";

  /** Loaded in this order: the second finds the first by its name. */
  private static final List<String> FILES = List.of(GOMP, DNNL);

  /** The loaded libraries. */
  record Loaded(SymbolLookup gomp, SymbolLookup dnnl, String from) {}

  private static @Nullable Loaded loaded;
  private static @Nullable KernelsException failure;

  private OneDnnLibrary() {}

  /**
   * The loaded libraries.
   *
   * @throws KernelsException if they cannot be loaded here; the message has reason and cure
   */
  static synchronized Loaded load() {
    if (loaded == null && failure == null) {
      long start = System.nanoTime();
      try {
        loaded = loadAnywhere();
        log.debug(
            "oneDNN loaded from {} in {} ms",
            loaded.from(),
            (System.nanoTime() - start) / 1_000_000);
      } catch (KernelsException e) {
        failure = e;
      }
    }
    if (failure != null) {
      throw failure;
    }
    return Objects.requireNonNull(loaded);
  }

  private static Loaded loadAnywhere() {
    String os = System.getProperty("os.name");
    String arch = System.getProperty("os.arch");
    if (!os.equals("Linux") || !arch.equals("amd64")) {
      throw new KernelsException("oneDNN comes for Linux on x86-64, this is " + os + " on " + arch);
    }
    List<String> refusals = new ArrayList<>();
    for (Source source : sources()) {
      try {
        return source.load();
      } catch (IOException | IllegalArgumentException | IllegalCallerException e) {
        refusals.add(source.place() + ": " + e.getMessage());
      }
    }
    throw new KernelsException(
        String.format(
            Locale.ROOT,
            "oneDNN could not be loaded: %s. Put org.bytedeco:dnnl (classifier linux-x86_64) on"
                + " the class path, allow native access (--enable-native-access), or name a"
                + " directory with %s and %s by -D%s=",
            String.join("; ", refusals),
            GOMP,
            DNNL,
            PROPERTY));
  }

  /** One way to load the libraries. */
  private record Source(String place, Loader loader) {
    Loaded load() throws IOException {
      return loader.load();
    }
  }

  @FunctionalInterface
  private interface Loader {
    Loaded load() throws IOException;
  }

  private static List<Source> sources() {
    String named = System.getProperty(PROPERTY);
    if (named != null) {
      return List.of(new Source(named, () -> open(Path.of(named))));
    }
    List<Source> sources = new ArrayList<>();
    UserCache.ofUser()
        .ifPresent(
            cache -> sources.add(new Source(cache.directory().toString(), () -> fromCache(cache))));
    sources.add(new Source(System.getProperty("java.io.tmpdir"), OneDnnLibrary::fromTemporary));
    sources.add(new Source("anonymous memory", OneDnnLibrary::fromMemory));
    return sources;
  }

  /** Opens both libraries in {@code directory}. */
  private static Loaded open(Path directory) {
    return open(directory.resolve(GOMP), directory.resolve(DNNL), directory.toString());
  }

  private static Loaded open(Path gomp, Path dnnl, String from) {
    // By name: what takes paths would resolve the links of /proc, which lead to no file.
    SymbolLookup first = SymbolLookup.libraryLookup(gomp.toString(), Arena.global());
    return new Loaded(first, SymbolLookup.libraryLookup(dnnl.toString(), Arena.global()), from);
  }

  private static Loaded fromCache(UserCache cache) throws IOException {
    Path parent = cache.requireDirectory();
    Path directory =
        parent.resolve(UserCache.LIBRARY + fingerprint(DNNL) + "-" + fingerprint(GOMP));
    if (!Files.isDirectory(directory, LinkOption.NOFOLLOW_LINKS)) {
      Path fresh =
          Files.createTempDirectory(parent, UserCache.LIBRARY); // only the owner may enter it
      try {
        extract(fresh);
        Files.move(fresh, directory, StandardCopyOption.ATOMIC_MOVE);
      } catch (IOException e) {
        delete(fresh);
        if (!Files.isDirectory(directory, LinkOption.NOFOLLOW_LINKS)) { // lost no race
          throw e;
        }
      }
    }
    for (Path path : List.of(directory, directory.resolve(GOMP), directory.resolve(DNNL))) {
      UserCache.requireOwn(path); // what others may change is not loaded
    }
    return open(directory);
  }

  private static Loaded fromTemporary() throws IOException {
    Path directory = Files.createTempDirectory("pukara-onednn-");
    try {
      extract(directory);
      Loaded opened = open(directory);
      return new Loaded(opened.gomp(), opened.dnnl(), "temporary " + directory);
    } finally {
      delete(directory); // what is mapped stays mapped
    }
  }

  private static Loaded fromMemory() throws IOException {
    Path gomp = memoryFile(GOMP);
    return open(gomp, memoryFile(DNNL), "anonymous memory");
  }

  /** A file in memory with the resource's content; it lives as long as the process. */
  private static Path memoryFile(String name) throws IOException {
    Linker linker = Linker.nativeLinker();
    MethodHandle create =
        linker.downcallHandle(
            linker.defaultLookup().findOrThrow("memfd_create"),
            FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.JAVA_INT));
    int descriptor;
    try (Arena arena = Arena.ofConfined()) {
      descriptor = (int) create.invokeExact((MemorySegment) arena.allocateFrom(name), 0);
    } catch (Throwable e) {
      throw new IOException("memfd_create", e);
    }
    if (descriptor < 0) {
      throw new IOException("memfd_create refused");
    }
    Path path = Path.of("/proc/self/fd/" + descriptor);
    try (InputStream in = resource(name).getInputStream();
        var out = Files.newOutputStream(path)) {
      in.transferTo(out);
    }
    return path;
  }

  private static void extract(Path directory) throws IOException {
    for (String name : FILES) {
      try (InputStream in = resource(name).getInputStream();
          OutputStream out = Channels.newOutputStream(UserCache.create(directory.resolve(name)))) {
        in.transferTo(out);
      }
    }
  }

  private static void delete(Path directory) throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      for (Path file : files.toList()) {
        Files.delete(file);
      }
    }
    Files.delete(directory);
  }

  /** Tells versions of a library apart: its checksum in the jar, or its length elsewhere. */
  private static String fingerprint(String name) throws IOException {
    URLConnection resource = resource(name);
    if (resource instanceof JarURLConnection jar && jar.getJarEntry() != null) {
      return Long.toHexString(jar.getJarEntry().getCrc());
    }
    return Long.toString(resource.getContentLengthLong());
  }

  private static URLConnection resource(String name) throws IOException {
    URL url = OneDnnLibrary.class.getResource(RESOURCES + name);
    if (url == null) {
      throw new IOException("no resource " + RESOURCES + name + " on the class path");
    }
    return url.openConnection();
  }
}
