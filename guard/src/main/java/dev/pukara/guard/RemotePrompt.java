package dev.pukara.guard;

import dev.pukara.guard.Prompt.Piece;
import dev.pukara.guard.Prompt.Special;
import dev.pukara.guard.Prompt.Text;
import dev.pukara.guard.remote.ChatTurn;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;

/**
 * Prompts as text for servers that tokenize by themselves, special tokens included. So a message
 * must not spell one: a blank goes into each spelling, and what only looks like a token stays text.
 */
final class RemotePrompt {
  private static final Pattern SPELLING =
      Pattern.compile("<(?=\\|)|<(?=/?(?:s|bos|eos|pad|unk|mask)>)|<(?=/?(?:start|end)_of)|<(?=｜)");

  /** Tokens of Mistral's vocabularies, and ordinary text in Llama Guard 2's own frame. */
  private static final Pattern BRACKETS = Pattern.compile("\\[(?=/?[A-Z_]{3,24}])");

  private RemotePrompt() {}

  /**
   * For completions: without the begin-of-text token, which servers add, and the blank before it.
   */
  static String text(Prompt prompt, List<Piece> tail) {
    StringBuilder text = new StringBuilder();
    for (Piece piece : pieces(prompt, tail, RemotePrompt::spelledOut)) {
      if (isBegin(piece)) {
        text.setLength(0);
      } else {
        text.append(piece.text());
      }
    }
    return text.toString();
  }

  private static boolean isBegin(Piece piece) {
    return piece instanceof Special special
        && special.text().toLowerCase(Locale.ROOT).contains("begin_of_text");
  }

  /** Stems hold the conversation; the frame's own words in them spell no token. */
  private static List<Piece> pieces(
      Prompt prompt, List<Piece> tail, UnaryOperator<String> harmless) {
    List<Piece> pieces = new ArrayList<>(prompt.prefix());
    for (Piece piece : prompt.stem()) {
      pieces.add(piece instanceof Text(String text) ? new Text(harmless.apply(text)) : piece);
    }
    pieces.addAll(tail);
    return pieces;
  }

  private static String spelledOut(String text) {
    return SPELLING.matcher(text).replaceAll("$0 ");
  }

  private static String spelledOutInChat(String text) {
    return BRACKETS.matcher(spelledOut(text)).replaceAll("$0 ");
  }

  /** The turns of a prompt of {@link ServerFormat}. */
  static List<ChatTurn> turns(Prompt prompt) {
    List<ChatTurn> turns = new ArrayList<>();
    String role = "";
    for (Piece piece : pieces(prompt, List.of(), RemotePrompt::spelledOutInChat)) {
      if (piece instanceof Special(String name)) {
        role = name;
      } else {
        turns.add(new ChatTurn(role, piece.text()));
      }
    }
    return turns;
  }

  /** The words without special tokens and headers: the server's template has its own. */
  static String words(Prompt prompt, List<Piece> tail) {
    StringBuilder words = new StringBuilder();
    String before = "";
    for (Piece piece : pieces(prompt, tail, RemotePrompt::spelledOutInChat)) {
      if (piece instanceof Text(String text)) {
        words.append(withoutHeader(before, text));
      }
      before = piece.text();
    }
    return words.toString().replaceAll("^\\[INST] | \\[ /INST]$", "").strip();
  }

  private static String withoutHeader(String before, String text) {
    return switch (before) {
      case "<|start_header_id|>" -> "";
      case "<|im_start|>" -> text.substring(text.indexOf('\n') + 1);
      default -> text;
    };
  }
}
