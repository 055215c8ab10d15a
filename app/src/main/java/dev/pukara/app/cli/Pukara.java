package dev.pukara.app.cli;

import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;

/**
 * The command line: {@code ./pukara COMMAND}. Results go to standard output, everything else to
 * standard error, both UTF-8.
 */
@Command(
    name = "pukara",
    description =
        "Llama Guard for the JVM: judges prompts and answers of LLM applications by a policy.",
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {
      CheckCommand.class,
      PromptCommand.class,
      PolicyCommand.class,
      CalibrateCommand.class,
      ModelCommand.class,
      BenchCommand.class,
      TrainCommand.class,
      CacheCommand.class,
      EvalCommand.class,
      AttacksCommand.class,
      AdherenceCommand.class
    },
    mixinStandardHelpOptions = true,
    version = "pukara 0.1.0-SNAPSHOT",
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:safe, or the command did its work",
      "1:unsafe; or a comparison, a lint or a test found something",
      "2:wrong usage or a bad file",
      "3:unreadable: the model's answer could not be read",
      "4:out of a resource, or an internal error"
    })
public final class Pukara implements Runnable {
  @Option(
      names = "--debug",
      scope = ScopeType.INHERIT,
      description = "Show stack traces and debug logs.")
  boolean debug;

  @Spec private CommandSpec spec;

  private final Console console;

  private Pukara(Console console) {
    this.console = console;
  }

  /** The process's streams. */
  record Console(InputStream in, PrintStream out, PrintStream err) {}

  /**
   * Runs one command.
   *
   * @return the exit code
   */
  public static int run(InputStream in, OutputStream out, OutputStream err, String... args) {
    Results results = new Results(out);
    Console console =
        new Console(
            in,
            new PrintStream(results, false, StandardCharsets.UTF_8),
            new PrintStream(err, true, StandardCharsets.UTF_8));
    Pukara pukara = new Pukara(console);
    int code;
    try {
      code = commands(pukara).execute(args);
    } catch (Throwable failure) { // picocli hands on exceptions only
      code = Failures.report(failure, console.err(), pukara.debug);
    }
    console.out().flush();
    Optional<String> problem = results.problem();
    return problem.isEmpty() ? code : incomplete(problem.get(), console.err());
  }

  private static int incomplete(String problem, PrintStream err) {
    return Failures.report(
        new UnavailableException(
            "standard output: " + problem + "; results are incomplete, make room and run again"),
        err,
        false);
  }

  private static CommandLine commands(Pukara pukara) {
    Console console = pukara.console;
    CommandLine commands = new CommandLine(pukara, new Factory(console));
    commands.setOut(new PrintWriter(console.out(), true, StandardCharsets.UTF_8));
    commands.setErr(new PrintWriter(console.err(), true, StandardCharsets.UTF_8));
    commands.setUsageHelpAutoWidth(true);
    commands.setCaseInsensitiveEnumValuesAllowed(true);
    commands.setExpandAtFiles(false); // a message may begin with @
    commands.setParameterExceptionHandler(Failures::usage);
    commands.setExecutionExceptionHandler(
        (failure, command, parsed) -> Failures.report(failure, console.err(), pukara.debug));
    commands.setExecutionStrategy(
        parsed -> {
          Logs.level(pukara.debug);
          return new CommandLine.RunLast().execute(parsed);
        });
    return commands;
  }

  @Override
  public void run() {
    throw new CommandLine.ParameterException(spec.commandLine(), "a command is missing");
  }

  /** Makes commands; those that talk get the console. */
  private record Factory(Console console) implements CommandLine.IFactory {
    @Override
    public <K> K create(Class<K> type) throws Exception {
      try {
        return type.cast(type.getDeclaredConstructor(Console.class).newInstance(console));
      } catch (NoSuchMethodException e) {
        return CommandLine.defaultFactory().create(type);
      }
    }
  }
}
