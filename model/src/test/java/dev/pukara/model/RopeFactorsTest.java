package dev.pukara.model;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RopeFactorsTest {
  @ParameterizedTest
  @CsvSource({"8,8192,128", "32,8192,64", "8,32,16", "16,4096,128"})
  void divisorsTellTheirRule(double factor, int original, int headSize) {
    RopeScaling.Llama3 rule = new RopeScaling.Llama3(factor, 1, 4, original);
    float[] divisors = RopeFactors.of(rule, 500_000, headSize);
    assertThat(RopeFactors.rule(divisors, 500_000)).hasValue(rule);
    // and they do what the rule does
    assertThat(new RopeScaling.Factors(divisors).frequencies(500_000, headSize))
        .usingComparatorWithPrecision(1e-7f)
        .containsExactly(rule.frequencies(500_000, headSize));
  }

  @Test
  void anyOtherDivisorsHaveNone() {
    float[] divisors = RopeFactors.of(new RopeScaling.Llama3(8, 1, 4, 8192), 500_000, 128);
    divisors[40] *= 1.001f;
    assertThat(RopeFactors.rule(divisors, 500_000)).isEmpty();
    assertThat(RopeFactors.rule(divisors, 10_000)).isEmpty();
  }
}
