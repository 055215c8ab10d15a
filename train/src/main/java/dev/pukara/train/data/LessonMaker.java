package dev.pukara.train.data;

import dev.pukara.guard.Conversation;
import dev.pukara.guard.Role;
import dev.pukara.train.data.Lesson.Question;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** Chooses cases for a batch and makes lessons of them. */
final class LessonMaker {
  /** Kinds of our own rows that say something by themselves, whoever says it. */
  private static final Set<String> STATEMENTS =
      Set.of("post", "comment", "diary", "review", "news", "quote", "document", "email", "chat");

  private final DataOptions options;
  private final Pools pools;

  LessonMaker(DataOptions options, Pools pools) {
    this.options = options;
    this.pools = pools;
  }

  /** A case that is unsafe, or safe, under the variant. */
  Optional<Pools.Drawn> draw(
      Pools.Under under, Variant variant, boolean unsafe, int step, Random random) {
    if (unsafe) {
      List<String> topics = topicsOf(variant);
      boolean onTopic = !topics.isEmpty() && random.nextInt(3) == 0;
      List<String> shelves = onTopic ? topics : pools.unsafeShelves();
      Optional<Pools.Drawn> drawn = under.draw(shelves, Judgement.YES, random);
      return drawn.isPresent()
          ? drawn
          : under.draw(onTopic ? pools.unsafeShelves() : topics, Judgement.YES, random);
    }
    Rates rates = options.rates();
    if (rates.turnedSafe().hits(step, random)) {
      Optional<Pools.Drawn> turned = under.draw(pools.unsafeShelves(), Judgement.NO, random);
      if (turned.isPresent()) {
        return turned;
      }
    }
    boolean near = pools.has(Pools.NEAR) && rates.nearSafe().hits(step, random);
    Optional<Pools.Drawn> drawn =
        under.draw(List.of(near ? Pools.NEAR : Pools.PLAIN), Judgement.NO, random);
    return drawn.isPresent()
        ? drawn
        : under.draw(List.of(near ? Pools.PLAIN : Pools.NEAR), Judgement.NO, random);
  }

  private List<String> topicsOf(Variant variant) {
    boolean any = variant.rules().stream().anyMatch(rule -> rule.scope() instanceof Scope.Topic);
    return any
        ? IntStream.range(0, 100).mapToObj(Pools::topic).filter(pools::has).toList()
        : List.of();
  }

  /** The case with augmentations. */
  Lesson lesson(Case judged, Variant variant, int step, Random random) {
    Rates rates = options.rates();
    Conversation conversation = judged.conversation();
    boolean user = judged.role() == Role.USER;
    if (rates.swapRole().hits(step, random) && isStatement(judged)) {
      conversation = TextChanges.swapRole(conversation);
    } else if (user && rates.wrap().hits(step, random)) {
      conversation = TextChanges.wrap(conversation, random);
    } else if (user && rates.pad().hits(step, random)) {
      conversation = padded(conversation, variant, random);
    } else if (user && rates.obfuscate().hits(step, random)) {
      conversation = obfuscated(judged, variant, random);
    }
    if (conversation.messages().size() <= 2 && rates.context().hits(step, random)) {
      conversation = behindAnother(conversation, variant, random);
    }
    List<Question> questions =
        rates.ask().hits(step, random) ? questions(judged, variant, random) : List.of();
    return make(judged, conversation, variant, questions);
  }

  /** The case as it is, asked for its verdict alone. */
  Lesson plain(Case judged, Variant variant) {
    return make(judged, judged.conversation(), variant, List.of());
  }

  private Lesson make(
      Case judged, Conversation conversation, Variant variant, List<Question> questions) {
    Conversation fitting = TextChanges.shorten(conversation, options.charactersMax());
    boolean unsafe = variant.verdict(judged) == Judgement.YES;
    // Codes are taught where all of them are known.
    List<String> codes = unsafe && variant.certain(judged) ? variant.violated(judged) : List.of();
    return new Lesson(judged.id(), judged.source(), fitting, unsafe, codes, questions);
  }

  private boolean isStatement(Case judged) {
    return options.source(judged.source()).statements() || STATEMENTS.contains(judged.kind());
  }

  /** In disguise, unless that brings in what the policy may rule out, such as capital letters. */
  private static Conversation obfuscated(Case judged, Variant variant, Random random) {
    Conversation disguised = TextChanges.obfuscate(judged.conversation(), random);
    boolean stays =
        variant.verdict(judged) == Judgement.YES
            || variant.verdict(judged.with(disguised)) == Judgement.NO;
    return stays ? disguised : judged.conversation();
  }

  private Conversation padded(Conversation conversation, Variant variant, Random random) {
    if (conversation.last().text().length() > options.charactersMax() / 2) {
      return conversation;
    }
    return ordinary(variant, random)
        .map(ordinary -> TextChanges.pad(conversation, ordinary.text(), random))
        .orElse(conversation);
  }

  private Conversation behindAnother(Conversation conversation, Variant variant, Random random) {
    return ordinary(variant, random)
        .filter(before -> before.role() == Role.AGENT)
        .map(before -> TextChanges.behind(before.conversation(), conversation))
        .orElse(conversation);
  }

  private Optional<Case> ordinary(Variant variant, Random random) {
    return pools
        .under(variant)
        .draw(List.of(Pools.PLAIN), Judgement.NO, random)
        .map(Pools.Drawn::drawn);
  }

  /** All violated categories and some that are not. */
  private List<Question> questions(Case judged, Variant variant, Random random) {
    List<Question> yes = new ArrayList<>();
    List<Rule> others = new ArrayList<>();
    for (Rule rule : variant.rules()) {
      switch (rule.judge(judged)) {
        case YES -> yes.add(new Question(rule.category(), true));
        case NO -> others.add(rule);
        case UNKNOWN -> {}
      }
    }
    Collections.shuffle(others, random);
    Set<Rule> near = new HashSet<>();
    others.stream().filter(rule -> isNear(rule, judged)).forEach(near::add);
    // First those that the case is near to: they are the ones that a model would confuse.
    Stream<Rule> ranked =
        Stream.concat(
            others.stream().filter(near::contains),
            others.stream().filter(rule -> !near.contains(rule)));
    return Stream.concat(
            yes.stream(),
            ranked.limit(options.questions()).map(rule -> new Question(rule.category(), false)))
        .toList();
  }

  private static boolean isNear(Rule rule, Case judged) {
    return rule.scope() instanceof Scope.Harm harm && harm.isNear(judged);
  }
}
