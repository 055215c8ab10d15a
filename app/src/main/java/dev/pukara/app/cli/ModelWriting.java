package dev.pukara.app.cli;

import dev.pukara.kernels.BlockFormat;
import dev.pukara.model.StorageTypes;
import dev.pukara.model.WrittenModel;
import java.io.PrintStream;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What the commands that write model files share. */
final class ModelWriting {
  private ModelWriting() {}

  static StorageTypes types(@Nullable String all) {
    return types(all, null, null);
  }

  /** What is not named is as {@code linear}. */
  static StorageTypes types(
      @Nullable String linear, @Nullable String embedding, @Nullable String down) {
    Optional<BlockFormat> all = Optional.ofNullable(linear).map(ModelWriting::format);
    Optional<BlockFormat> ends = Optional.ofNullable(embedding).map(ModelWriting::format);
    return new StorageTypes(
        all, ends.or(() -> all), Optional.ofNullable(down).map(ModelWriting::format));
  }

  private static BlockFormat format(String name) {
    List<BlockFormat> writable =
        Arrays.stream(BlockFormat.values()).filter(BlockFormat::canEncode).toList();
    return writable.stream()
        .filter(format -> format.name().equalsIgnoreCase(name))
        .findFirst()
        .orElseThrow(() -> new UserException("type '" + name + "', expected one of " + writable));
  }

  static void report(WrittenModel written, PrintStream err) {
    err.println(
        String.format(
            Locale.ROOT,
            "%s: %.1f MB, tensors %s",
            written.path(),
            written.bytes() / 1e6,
            written.tensors()));
    written.notes().forEach(note -> err.println("note: " + note));
  }
}
