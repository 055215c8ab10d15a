package dev.pukara.rows;

import dev.pukara.guard.Conversation;
import java.util.List;
import java.util.Optional;

/**
 * What is right to say of one message by one policy.
 *
 * @param task what the last message of the conversation is
 * @param conversation ends with the judged message
 * @param label under the policy
 * @param codes violated categories of the policy; none if safe, empty if nobody can say which
 */
public record Judgement(
    Task task, Conversation conversation, Label label, Optional<List<String>> codes) {}
