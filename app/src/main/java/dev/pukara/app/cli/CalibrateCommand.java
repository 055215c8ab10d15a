package dev.pukara.app.cli;

import dev.pukara.app.cli.Pukara.Console;
import dev.pukara.eval.ScoreFit;
import dev.pukara.guard.CategoryMode;
import dev.pukara.guard.Guard;
import dev.pukara.guard.GuardOptions;
import dev.pukara.guard.Policies;
import dev.pukara.guard.Policy;
import dev.pukara.guard.PolicyCalibration;
import dev.pukara.guard.PromptFormat;
import dev.pukara.rows.Judgement;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code pukara calibrate}: makes scores probabilities, and thresholds keep a promise. */
@Command(
    name = "calibrate",
    description =
        "Fits temperature and thresholds to labelled rows and writes them into a policy, for this"
            + " model alone.",
    mixinStandardHelpOptions = true,
    footer = {
      "",
      "Use rows that are like what the guard will see and were not trained on. The",
      "format of rows is in docs/data-format.md, the method in docs/calibration.md.",
      "",
      "Example:",
      "  pukara calibrate --data rows.jsonl --target-fpr 0.01 --out mine.yaml"
    })
final class CalibrateCommand implements Callable<Integer> {
  @Mixin private final GuardCliOptions options = new GuardCliOptions();

  @Option(
      names = "--data",
      required = true,
      paramLabel = "FILE",
      description = "Labelled rows, JSON Lines.")
  private Path data = Path.of("");

  @Option(
      names = "--target-fpr",
      paramLabel = "SHARE",
      description =
          "Share of safe rows that may be called unsafe, 0 to 1; default: ${DEFAULT-VALUE}.")
  private double targetFpr = 0.01;

  @Option(
      names = "--per-category",
      description = "Fit a threshold for every category with enough rows too.")
  private boolean perCategory;

  @Option(
      names = "--out",
      required = true,
      paramLabel = "POLICY",
      description = "The policy file to write; may be the one that is read.")
  private Path out = Path.of("");

  private final Console console;

  CalibrateCommand(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() throws IOException {
    if (!(targetFpr >= 0 && targetFpr <= 1)) {
      throw new UserException("--target-fpr " + targetFpr + ", expected 0 to 1");
    }
    if (options.isRemote()) {
      throw new UserException(
          "--remote: a calibration holds for one model file, which a server does not show; give"
              + " --model");
    }
    if (!options.exclude.isEmpty()) {
      throw new UserException(
          "--exclude does not stand in the policy that is written; delete the categories from the"
              + " file instead");
    }
    PromptFormat format = options.format();
    String source = Policies.source(options.policyName(format));
    Policy bare = withoutCalibration(Policies.parse(source, options.policyName(format)));
    GuardOptions guardOptions = options.guardOptions(format).withPolicy(bare);
    if (perCategory) {
      guardOptions = guardOptions.withCategories(CategoryMode.ALWAYS);
    }
    try (Guard guard = Guard.open(guardOptions)) {
      List<Judgement> judgements = CalibrationRows.read(data, guard.policy());
      if (perCategory) {
        CalibrationRows.checkCodes(judgements, data, guard.policy());
      }
      CalibrationRun run = new CalibrationRun(guard, judgements, console.err());
      ScoreFit fit = run.message(targetFpr);
      Optional<CategoryFits> categories =
          perCategory ? Optional.of(run.categories(targetFpr)) : Optional.empty();
      List<String> report = report(fit, categories);
      report.forEach(console.out()::println);
      Map<String, Double> thresholds = new TreeMap<>();
      categories.ifPresent(
          fits -> fits.fits().forEach((code, one) -> thresholds.put(code, one.threshold())));
      PolicyCalibration calibration =
          guard.calibration(
              fit.temperature(),
              categories.map(CategoryFits::temperature).orElse(1.0),
              fit.threshold(),
              thresholds);
      Files.writeString(out, Policies.calibrated(source, calibration, report));
      console.err().println("wrote " + out);
    }
    return ExitCodes.SAFE;
  }

  private static Policy withoutCalibration(Policy policy) {
    return policy.withSettings(policy.settings().withCalibration(Optional.empty()));
  }

  private List<String> report(ScoreFit fit, Optional<CategoryFits> categories) {
    List<String> lines = new ArrayList<>();
    lines.add(
        String.format(
            Locale.ROOT,
            "%d safe and %d unsafe messages; temperature %.4g",
            fit.safe(),
            fit.unsafe(),
            fit.temperature()));
    lines.add(
        String.format(
            Locale.ROOT,
            "calibration error (ECE, 15 bins) before %.4f, after %.4f (cross-fitted)",
            fit.eceBefore(),
            fit.eceAfter()));
    lines.add(
        String.format(
            Locale.ROOT,
            "threshold %.4f: false positives %.4f (aim %.4g), recall %.4f",
            fit.threshold(),
            fit.falsePositiveRate(),
            targetFpr,
            fit.recall()));
    if (fit.safe() * targetFpr < 1) {
      lines.add("few safe rows: the threshold is just above the highest of them");
    }
    categories.ifPresent(fits -> lines.addAll(fits.report()));
    return lines;
  }
}
