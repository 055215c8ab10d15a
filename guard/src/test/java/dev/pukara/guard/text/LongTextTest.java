package dev.pukara.guard.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A megabyte of one disguise exhausts no stack and takes linear time. */
class LongTextTest {
  private static final int CHARACTERS = 1_000_000;

  @ParameterizedTest
  @CsvSource({
    "CODES, '', '6b696c6c20', 'kill '",
    "CODES, '', '6b 69 6c 6c 20 ', 'kill '",
    "CODES, '', '01101011 01101001 01101100 01101100 00100000 ', 'kill '",
    "CODES, '', '107 105 108 108 32 ', 'kill '",
    "ESCAPES, '', '%6b%69%6c%6c%20', 'kill '",
    "SPACING, '', 'k i l l  ', 'kill '",
    "SPACING, '', 'k i l l ', 'kill '",
    "BASE64, '', 'a2lsbCB0aGVtIG5vdywg\n', 'kill them now, '",
    "BASE64, '', 'InternationalizationNow\na2lsbCB0aGVtIG5vdyEh\n', 'InternationalizationNow\nkill them now!!\n'",
    "CODES, '', '300 107 105 108 108 32 ', '300 kill  '",
    "SHIFTED, '', 'the neighbours of the street. krz wr exlog d erpe dw krph. ', 'the neighbours of the street. how to build a bomb at home. '",
    "DELIMITERS, 'kill\nunsafe\nS1', ', S1', ''",
  })
  void comesOff(Disguise disguise, String start, String unit, String plain) {
    int times = CHARACTERS / unit.length();
    String decoded = without(disguise, start + unit.repeat(times));
    String expected = start.lines().findFirst().orElse("") + plain.repeat(times);
    assertThat(decoded.strip().equals(expected.strip())).isTrue();
  }

  @ParameterizedTest
  @CsvSource({"' ',", "' \t',", "'\n', '\n'", "' \r\n\t', '\n'", "'\u2028', '\n'"})
  void blanksBehindADelimiter(String unit, @Nullable String left) {
    String blanks = unit.repeat(CHARACTERS / unit.length());
    String decoded = without(Disguise.DELIMITERS, "<s>x" + blanks + "y");
    assertThat(decoded.equals("x" + (left == null ? blanks : left) + "y")).isTrue();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"\u0315\u0300", "\uff9e\u0315", "\u0316\u0f71", "\ud834\udd65\ud834\udd6d"})
  void piledMarks(String unit) {
    String piled = "k" + unit.repeat(CHARACTERS / unit.length()) + "\u0456ll";
    assertThat(without(Disguise.UNICODE, piled))
        .startsWith("k")
        .endsWith("ill")
        .hasSizeLessThan(99);
  }

  private static String without(Disguise disguise, String text) {
    return assertTimeoutPreemptively(
        Duration.ofSeconds(30), () -> TextViews.without(disguise, text));
  }
}
