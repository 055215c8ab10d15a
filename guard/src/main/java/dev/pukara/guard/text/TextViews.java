package dev.pukara.guard.text;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The readings of a text beside the one as it stands: one per disguise that it wears, and one with
 * all of them off, however they are nested. Ordinary text has none, so that it costs nothing more.
 *
 * <p>An encoded part is decoded where it stands; the words around it stay.
 */
public final class TextViews {
  /** How deep disguises may be nested; each round takes off at least one. */
  private static final int ROUNDS_MAX = 4;

  private static final Map<Disguise, Decoder> DECODERS = new EnumMap<>(Disguise.class);

  static {
    DECODERS.put(Disguise.UNICODE, new Characters());
    DECODERS.put(Disguise.DELIMITERS, new Delimiters());
    DECODERS.put(Disguise.SPACING, new Spacing());
    DECODERS.put(Disguise.BASE64, new Base64Runs());
    DECODERS.put(Disguise.CODES, new CharacterCodes());
    DECODERS.put(Disguise.ESCAPES, new Escapes());
    DECODERS.put(Disguise.LEET, new Leet());
    DECODERS.put(Disguise.SHIFTED, new Shifted());
    DECODERS.put(Disguise.REVERSED, new Reversed());
    DECODERS.put(Disguise.CAPITALS, new Capitals());
  }

  private TextViews() {}

  /** The text without one disguise; the very same string if it does not wear it. */
  public static String without(Disguise disguise, String text) {
    return DECODERS.getOrDefault(disguise, same -> same).decode(text);
  }

  /**
   * All readings beside the text itself.
   *
   * @param disguises what to look for
   */
  public static List<TextView> of(String text, Set<Disguise> disguises) {
    return ofAll(List.of(text), disguises).stream()
        .map(view -> new TextView(view.name(), view.texts().getFirst()))
        .toList();
  }

  /**
   * The pieces between delimiters of prompt formats, without invisible and look-alike characters,
   * and what is under other disguises of a piece.
   *
   * @return none if the text has no delimiter
   */
  public static List<String> parts(String text, Set<Disguise> disguises) {
    return Delimiters.parts(Characters.folded(text)).stream()
        .flatMap(piece -> Stream.of(piece, bare(List.of(piece), disguises).texts().getFirst()))
        .distinct()
        .toList();
  }

  /**
   * Several texts that are read together.
   *
   * @param name what was taken off at least one of them
   * @param texts all of them, in order
   */
  public record Joint(String name, List<String> texts) {}

  /** All readings of texts that are read together, such as the turns of a conversation. */
  public static List<Joint> ofAll(List<String> texts, Set<Disguise> disguises) {
    List<Joint> views = new ArrayList<>();
    List<String> seen = seen(texts, disguises);
    for (Disguise disguise : DECODERS.keySet()) {
      if (disguises.contains(disguise)) {
        List<String> decoded = each(texts, seen, disguise);
        if (!decoded.equals(texts)) {
          views.add(new Joint(disguise.label(), decoded));
        }
      }
    }
    if (!views.isEmpty()) {
      Joint bare = bare(texts, disguises);
      if (views.stream().noneMatch(view -> view.texts().equals(bare.texts()))) {
        views.add(bare);
      }
    }
    return views;
  }

  /** Takes everything off until nothing more comes off. */
  private static Joint bare(List<String> texts, Set<Disguise> disguises) {
    List<Disguise> off = new ArrayList<>();
    List<String> now = texts;
    List<String> seen = seen(now, disguises);
    for (int round = 0; round < ROUNDS_MAX; round++) {
      List<String> before = now;
      for (Disguise disguise : DECODERS.keySet()) {
        if (disguises.contains(disguise)) {
          List<String> decoded = each(now, seen, disguise);
          if (!decoded.equals(now)) {
            off.add(disguise);
            now = decoded;
            seen = seen(now, disguises);
          }
        }
      }
      if (now.equals(before)) {
        break;
      }
    }
    return new Joint(off.stream().map(Disguise::label).collect(Collectors.joining("+")), now);
  }

  /** What decoders look at: characters that nobody sees keep no other disguise from them. */
  private static List<String> seen(List<String> texts, Set<Disguise> disguises) {
    return disguises.contains(Disguise.UNICODE)
        ? texts.stream().map(Characters::folded).toList()
        : texts;
  }

  /** A text stays as it is written if it is seen without the disguise. */
  private static List<String> each(List<String> texts, List<String> seen, Disguise disguise) {
    List<String> from = disguise == Disguise.UNICODE ? texts : seen;
    List<String> decoded = new ArrayList<>(texts);
    for (int i = 0; i < decoded.size(); i++) {
      String plain = without(disguise, from.get(i));
      if (!plain.equals(from.get(i))) {
        decoded.set(i, plain);
      }
    }
    return decoded;
  }
}
