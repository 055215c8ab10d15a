package dev.pukara.cache;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.nio.file.attribute.UserPrincipal;
import java.util.Collections;
import java.util.EnumSet;
import java.util.Set;

/**
 * Who may write where. What another user could have changed is neither run nor believed. Only POSIX
 * systems are looked at: elsewhere a home directory is private by its access list.
 */
final class Ownership {
  private static final Path SELF = Path.of("/proc/self");
  private static final Set<PosixFilePermission> FORBIDDEN =
      EnumSet.of(PosixFilePermission.GROUP_WRITE, PosixFilePermission.OTHERS_WRITE);

  private Ownership() {}

  /** Makes a directory that only the user may enter. */
  static void createPrivate(Path directory) throws IOException {
    Files.createDirectories(directory, permissions(directory, "rwx------"));
  }

  /** Makes a file that only the user may write, even where the umask lets the group write too. */
  static FileChannel create(Path file) throws IOException {
    return FileChannel.open(
        file,
        Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
        permissions(file, "rw-r--r--"));
  }

  /** At most these permissions, or nothing where there are none. */
  private static FileAttribute<?>[] permissions(Path path, String most) throws IOException {
    if (!Files.getFileStore(existing(path)).supportsFileAttributeView("posix")) {
      return new FileAttribute<?>[0];
    }
    return new FileAttribute<?>[] {
      PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(most))
    };
  }

  private static Path existing(Path path) {
    Path at = path.toAbsolutePath();
    while (!Files.exists(at) && at.getParent() != null) {
      at = at.getParent();
    }
    return at;
  }

  /**
   * Refuses a file or directory that another user than root may write.
   *
   * @throws IOException with owner and permissions in the message
   */
  static void requireOwn(Path path) throws IOException {
    PosixFileAttributeView view =
        Files.getFileAttributeView(path, PosixFileAttributeView.class, LinkOption.NOFOLLOW_LINKS);
    if (view == null) {
      return;
    }
    PosixFileAttributes attributes = view.readAttributes();
    UserPrincipal user = user(path);
    boolean open = !Collections.disjoint(attributes.permissions(), FORBIDDEN);
    boolean trusted = attributes.owner().equals(user) || isRoots(path);
    if (attributes.isSymbolicLink() || open || !trusted) {
      throw new IOException(
          path
              + " belongs to "
              + attributes.owner().getName()
              + " or is a link or writable by others, expected to be writable by "
              + user.getName()
              + " only");
    }
  }

  /** What root put there is trusted: a container's image is often root's and run by another. */
  private static boolean isRoots(Path path) throws IOException {
    return Files.getFileStore(path).supportsFileAttributeView("unix")
        && Integer.valueOf(0)
            .equals(Files.getAttribute(path, "unix:uid", LinkOption.NOFOLLOW_LINKS));
  }

  /** The process's user, who need not have a name (in containers, often a mere number). */
  private static UserPrincipal user(Path path) throws IOException {
    return Files.exists(SELF)
        ? Files.getOwner(SELF)
        : path.getFileSystem()
            .getUserPrincipalLookupService()
            .lookupPrincipalByName(System.getProperty("user.name"));
  }
}
