package dev.pukara.guard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;

/** Which of options, policy and model file decides a number. */
class SetupTest {
  private static final PromptFormat FORMAT = PromptFormats.find("pukara-1");
  private static final Policy PLAIN =
      new Policy("p", "1", "P", List.of(new Category("C1", "Fraud", "")), true);
  private static final GuardMetadata STATED =
      GuardMetadata.of(
          Map.of(
              "pukara.threshold", 0.6f,
              "pukara.temperature", 2f,
              "pukara.answer_bias", -1.5f,
              "pukara.readable_floor", 0.25f),
          "m.gguf");

  private static Setup setup(Policy policy, GuardOptions options) {
    return Setup.of(options.withPolicy(policy), FORMAT, STATED, pieces -> 0, () -> "this model");
  }

  private static GuardOptions options() {
    return GuardOptions.of(Path.of("m.gguf"));
  }

  private static Policy calibrated(String model) {
    PolicyCalibration calibration =
        new PolicyCalibration(
            model,
            FORMAT.digest(),
            PLAIN.promptDigest(),
            1.5,
            3,
            OptionalDouble.of(0.4),
            Map.of("C1", 0.7));
    return PLAIN.withSettings(PLAIN.settings().withCalibration(Optional.of(calibration)));
  }

  @Test
  void modelFileDecidesWhenNobodyElseDoes() {
    Settings settings = setup(PLAIN, options()).settings();
    assertThat(settings.threshold()).isEqualTo(0.6, within(1e-6));
    assertThat(settings.temperature()).isEqualTo(2);
    assertThat(settings.answerBias()).isEqualTo(-1.5);
    assertThat(settings.readableFloor()).isEqualTo(0.25);
  }

  @Test
  void calibrationBeatsTheModelFileAndOptionsBeatAll() {
    Setup setup = setup(calibrated("this model"), options());
    assertThat(setup.settings().threshold()).isEqualTo(0.4);
    assertThat(setup.settings().temperature()).isEqualTo(1.5);
    assertThat(setup.settings().categoryTemperature()).isEqualTo(3);
    assertThat(setup.settings().answerBias()).isEqualTo(-1.5);
    assertThat(setup.policy().categories().getFirst().threshold()).hasValue(0.7);
    assertThat(setup(calibrated("this model"), options().withThreshold(0.9)).settings().threshold())
        .isEqualTo(0.9);
  }

  @Test
  void calibrationOfAnotherModelIsRefused() {
    assertThatThrownBy(() -> setup(calibrated("that model"), options()))
        .isInstanceOf(PolicyException.class)
        .hasMessageContaining("another model")
        .hasMessageContaining("that model")
        .hasMessageContaining("this model")
        .hasMessageContaining("pukara calibrate");
  }

  @Test
  void calibrationOfAnotherTextIsRefused() {
    Policy changed =
        calibrated("this model").withCategories(List.of(new Category("C1", "Other", "")));
    assertThatThrownBy(() -> setup(changed, options())).hasMessageContaining("another policy text");
  }

  @Test
  void metadataOfTheWrongTypeIsTold() {
    assertThatThrownBy(() -> GuardMetadata.of(Map.of("pukara.threshold", "high"), "m.gguf"))
        .isInstanceOf(PolicyException.class)
        .hasMessageContaining("m.gguf")
        .hasMessageContaining("pukara.threshold")
        .hasMessageContaining("expected a number of 0 to 1");
    assertThatThrownBy(() -> GuardMetadata.of(Map.of("pukara.answer_bias", 101f), "m.gguf"))
        .hasMessageContaining("expected a number of -100 to 100");
  }

  @Test
  void metadataComeBack() {
    assertThat(GuardMetadata.of(STATED.toMap(), "m")).isEqualTo(STATED);
  }
}
