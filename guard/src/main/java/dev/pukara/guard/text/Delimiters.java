package dev.pukara.guard.text;

import java.util.List;
import java.util.regex.Pattern;

/**
 * What only a prompt format may say: special tokens spelled out, frames, instruction marks, turns
 * that pretend to be somebody's, verdicts. They come out, the words between them stay.
 *
 * <p>A message cannot forge the tokens themselves, but the model may take their spelling for them.
 */
final class Delimiters implements Decoder {
  private static final Pattern MARK =
      Pattern.compile(
          "<\\|[A-Za-z_0-9]{2,40}\\|>" // <|eot_id|>, <|im_end|>
              + "|</?s>|<(?:bos|eos|pad|unk)>|<(?:start|end)_of_turn>" // Llama 2, Gemma
              + "|\\[/?INST]|<</?SYS>>|\\[/?(?:SYSTEM_PROMPT|AVAILABLE_TOOLS)]" // Llama 2, Mistral
              + "|</?(?:BEGIN|END)[ _][A-Z][A-Z _]{3,60}>" // <END CONVERSATION>
              + "|(?m:^[ \\t]*#{2,4} ?(?:Instruction|Input|Response|System|User|Assistant)s?:?[ \\t]*$)");

  /** A turn's label at the start of a line behind the message's first. */
  private static final Pattern TURN =
      Pattern.compile("(?<=\\n)[ \\t]*(?:User|Agent|Assistant|System|Human|AI)[ \\t]*:[ \\t]*");

  private static final Pattern VERDICT =
      Pattern.compile(
          "(?im)^[ \\t]*(?:(?:verdict|assessment|classification|result|guard|answer)[ \\t]*[:=][ \\t]*)?"
              + "['\"`*]*(?:un)?safe['\"`*]*[.!]?[ \\t]*$(?:\\R[ \\t]*[OS]\\d{1,2}(?:[ \\t]*,[ \\t]*[OS]\\d{1,2})*+[ \\t]*$)?");

  /** Anything that pretends that one text ends and another begins. */
  private static final Pattern BORDER = Pattern.compile(MARK.pattern() + "|" + TURN.pattern());

  private static final Pattern WORDS = Pattern.compile("\\s+");

  /** Shorter pieces say nothing by themselves. */
  private static final int PART_WORDS_MIN = 3;

  private static final String BLANK = "[\\s\u0085\u2028\u2029]";

  /** A whole run of blanks with two ends of lines in it: nothing of it can be taken twice. */
  private static final Pattern BLANK_LINES =
      Pattern.compile("(?<!" + BLANK + ")[ \\t]*+\\R[ \\t]*+\\R" + BLANK + "*+");

  /**
   * What stands between delimiters, piece by piece: a forged end must not let what comes behind it
   * speak for what stands before.
   *
   * @return pieces of at least three words; none if the text has no delimiter
   */
  static List<String> parts(String text) {
    if (!BORDER.matcher(text).find()) {
      return List.of();
    }
    return BORDER
        .splitAsStream(text)
        .map(piece -> VERDICT.matcher(piece).replaceAll("").strip())
        .filter(piece -> WORDS.split(piece).length >= PART_WORDS_MIN)
        .toList();
  }

  @Override
  public String decode(String text) {
    String plain = MARK.matcher(text).replaceAll(" ");
    boolean marked = !plain.equals(text);
    plain = TURN.matcher(plain).replaceAll("");
    String unjudged = VERDICT.matcher(plain).replaceAll("");
    // A message that is the word "safe" and nothing else is no fake.
    plain = unjudged.isBlank() ? plain : unjudged;
    if (!marked && plain.equals(text)) {
      return text;
    }
    return BLANK_LINES.matcher(plain).replaceAll("\n").strip();
  }
}
