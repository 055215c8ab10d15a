package dev.pukara.guard;

import dev.pukara.guard.Prompt.Piece;
import dev.pukara.guard.Prompt.Special;
import dev.pukara.guard.Prompt.Text;
import dev.pukara.guard.remote.RemoteApi;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
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

  static String text(RemoteApi api, Prompt prompt, List<Piece> tail) {
    List<Piece> pieces = new ArrayList<>(prompt.prefix());
    prompt.stem().forEach(piece -> pieces.add(harmless(piece, api)));
    pieces.addAll(tail);
    return switch (api) {
      case COMPLETIONS -> completion(pieces);
      case CHAT -> chat(pieces);
    };
  }

  /** Stems hold the conversation; the frame's own words in them spell no token. */
  private static Piece harmless(Piece piece, RemoteApi api) {
    if (!(piece instanceof Text(String text))) {
      return piece;
    }
    String spelled = SPELLING.matcher(text).replaceAll("$0 ");
    return new Text(api == RemoteApi.CHAT ? BRACKETS.matcher(spelled).replaceAll("$0 ") : spelled);
  }

  /** Without the begin-of-text token, which servers add, and the blank before it. */
  private static String completion(List<Piece> pieces) {
    StringBuilder text = new StringBuilder();
    for (Piece piece : pieces) {
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

  /** The words without special tokens and headers: the server's template has its own. */
  private static String chat(List<Piece> pieces) {
    StringBuilder words = new StringBuilder();
    String before = "";
    for (Piece piece : pieces) {
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
