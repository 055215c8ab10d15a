package dev.pukara.app.cli;

import dev.pukara.engine.EngineException;
import dev.pukara.guard.PolicyException;
import dev.pukara.kernels.KernelsException;
import dev.pukara.model.FormatException;
import dev.pukara.rows.RowException;
import java.io.EOFException;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.file.NoSuchFileException;
import java.util.Objects;
import java.util.concurrent.CompletionException;
import java.util.zip.ZipException;
import picocli.CommandLine;

/** One line on standard error and an exit code for everything that can go wrong. */
final class Failures {
  private Failures() {}

  static int report(Throwable failure, PrintStream err, boolean debug) {
    // What a future failed with says what went wrong; that it was a future does not.
    Throwable reason =
        failure instanceof CompletionException && failure.getCause() != null
            ? failure.getCause()
            : failure;
    err.println("pukara: " + message(reason));
    if (debug) {
      failure.printStackTrace(err);
    }
    return code(reason);
  }

  static int usage(CommandLine.ParameterException failure, String[] args) {
    CommandLine command = failure.getCommandLine();
    command.getErr().println("pukara: " + failure.getMessage());
    command.getErr().println("Try '" + command.getCommandSpec().qualifiedName() + " --help'.");
    return ExitCodes.USAGE;
  }

  private static String message(Throwable failure) {
    String message = String.valueOf(failure.getMessage());
    return switch (failure) {
      case NoSuchFileException e -> e.getFile() + ": there is no such file; check the path";
      case UserException e -> message;
      case FormatException e -> message;
      case PolicyException e -> message;
      case RowException e -> message;
      case EngineException e -> message;
      case KernelsException e -> message;
      case OutOfMemoryError e ->
          "out of memory: " + message + "; give the JVM more with PUKARA_JAVA_OPTS=-Xmx...";
      case EOFException e -> "it ends too early; the file is damaged, get or pack it again";
      case ZipException e -> message + "; the file is damaged, get or pack it again";
      case IOException e -> e.getClass().getSimpleName() + ": " + message;
      case UncheckedIOException e -> where(e) + message(cause(e));
      case UnavailableException e -> message;
      case IllegalArgumentException e -> message;
      default -> "internal error: " + failure + "; run again with --debug and report it";
    };
  }

  private static Throwable cause(UncheckedIOException failure) {
    return Objects.requireNonNull(failure.getCause());
  }

  /** File and line, if the exception says more than its cause. */
  private static String where(UncheckedIOException failure) {
    String message = String.valueOf(failure.getMessage());
    return message.equals(cause(failure).toString()) ? "" : message + ": ";
  }

  private static int code(Throwable failure) {
    return switch (failure) {
      case UserException e -> ExitCodes.USAGE;
      case FormatException e -> ExitCodes.USAGE;
      case PolicyException e -> ExitCodes.USAGE;
      case RowException e -> ExitCodes.USAGE;
      case KernelsException e -> ExitCodes.USAGE;
      case IllegalArgumentException e -> ExitCodes.USAGE;
      case IOException e -> ExitCodes.USAGE;
      case UncheckedIOException e -> ExitCodes.USAGE;
      case EngineException e when e.reason() == EngineException.Reason.TOO_LONG -> ExitCodes.USAGE;
      default -> ExitCodes.INTERNAL;
    };
  }
}
