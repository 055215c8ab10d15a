package dev.pukara.guard;

import dev.pukara.guard.PromptFormat.CategoryQuestion;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

/** Asks about one conversation: the message as a whole, and category by category. */
final class Scorer {
  private final Call call;
  private final PromptFormat format;
  private final Policy policy;
  private final double answerBias;

  /**
   * Asks through {@code call}.
   *
   * @param answerBias log odds added where the agent's answer is judged
   */
  Scorer(Call call, PromptFormat format, Policy policy, double answerBias) {
    this.call = call;
    this.format = format;
    this.policy = policy;
    this.answerBias = answerBias;
  }

  /** Odds that the last message violates the policy: one entry. */
  CompletableFuture<Reading> message(Conversation conversation) {
    CompletableFuture<Reading> asked = call.ask(Question.message(format, policy, conversation));
    return conversation.last().role() == Role.AGENT
        ? asked.thenApply(reading -> reading.plus(answerBias))
        : asked;
  }

  /**
   * Odds of each category by itself, in the policy's order; none if the format cannot ask about one
   * alone.
   */
  CompletableFuture<Reading> categories(Conversation conversation) {
    Role role = conversation.last().role();
    if (!format.carries(policy.only(Set.of(policy.categories().getFirst().code())))) {
      return CompletableFuture.completedFuture(new Reading(List.of(), Cost.NONE));
    }
    return format.question(policy.categories().getFirst(), role).isPresent()
        ? branches(conversation)
        : oneByOne(conversation);
  }

  /** What {@link #categories} gives where nobody answers. */
  Reading noCategories(String reason) {
    Odds odds = Odds.unanswered(reason, false);
    return new Reading(Collections.nCopies(policy.categories().size(), odds), Cost.NONE);
  }

  /** A yes/no branch per category behind one conversation. */
  private CompletableFuture<Reading> branches(Conversation conversation) {
    List<CategoryQuestion> questions = new ArrayList<>();
    for (Category category : policy.categories()) {
      questions.add(format.question(category, conversation.last().role()).orElseThrow());
    }
    CategoryQuestion first = questions.getFirst();
    return call.ask(
        new Question(
            format.render(policy, conversation),
            questions.stream().map(CategoryQuestion::tail).toList(),
            first.noToken(),
            first.yesToken()));
  }

  /** A prompt with one category each (the paper's 1-vs-all), in one batch. */
  private CompletableFuture<Reading> oneByOne(Conversation conversation) {
    List<CompletableFuture<Reading>> asked = new ArrayList<>();
    for (Category category : policy.categories()) {
      Policy alone = policy.only(Set.of(category.code()));
      asked.add(call.ask(Question.message(format, alone, conversation)));
    }
    return Reading.all(asked);
  }
}
