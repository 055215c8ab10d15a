package dev.pukara.guard.text;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

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
    // In the order in which they come off: characters first, what is made of them later.
    DECODERS.put(Disguise.UNICODE, new Characters());
    DECODERS.put(Disguise.DELIMITERS, new Delimiters());
    DECODERS.put(Disguise.SPACING, new Spacing());
    DECODERS.put(Disguise.LEET, new Leet());
    DECODERS.put(Disguise.BASE64, new Base64Runs());
    DECODERS.put(Disguise.CODES, new CharacterCodes());
    DECODERS.put(Disguise.ESCAPES, new Escapes());
    DECODERS.put(Disguise.SHIFTED, new Shifted());
    DECODERS.put(Disguise.REVERSED, new Reversed());
    // Last, since encodings are not the same in other letters.
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
   * The pieces between delimiters of prompt formats, without invisible and look-alike characters.
   *
   * @return none if the text has no delimiter
   */
  public static List<String> parts(String text) {
    return Delimiters.parts(without(Disguise.UNICODE, text));
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
    for (Map.Entry<Disguise, Decoder> entry : DECODERS.entrySet()) {
      if (disguises.contains(entry.getKey())) {
        List<String> decoded = each(texts, entry.getValue());
        if (!decoded.equals(texts)) {
          views.add(new Joint(entry.getKey().label(), decoded));
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
    for (int round = 0; round < ROUNDS_MAX; round++) {
      List<String> before = now;
      for (Map.Entry<Disguise, Decoder> entry : DECODERS.entrySet()) {
        if (disguises.contains(entry.getKey())) {
          List<String> decoded = each(now, entry.getValue());
          if (!decoded.equals(now)) {
            off.add(entry.getKey());
            now = decoded;
          }
        }
      }
      if (now.equals(before)) {
        break;
      }
    }
    return new Joint(off.stream().map(Disguise::label).collect(Collectors.joining("+")), now);
  }

  private static List<String> each(List<String> texts, Decoder decoder) {
    return texts.stream().map(decoder::decode).toList();
  }
}
