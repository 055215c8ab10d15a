package dev.pukara.guard.text;

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
              + "['\"`*]*(?:un)?safe['\"`*]*[.!]?[ \\t]*$(?:\\R[ \\t]*[OS]\\d{1,2}(?:[ \\t]*,[ \\t]*[OS]\\d{1,2})*[ \\t]*$)?");

  private static final Pattern BLANK_LINES = Pattern.compile("\\s*\\R\\s*\\R\\s*");

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
