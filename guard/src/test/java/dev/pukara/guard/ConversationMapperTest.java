package dev.pukara.guard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

/** Every kind of turn has its place. */
class ConversationMapperTest {
  @Test
  void turnsKeepTheirOrderAndSayWhatTheyAre() {
    Conversation conversation =
        ConversationMapper.withPlaceholders()
            .system("Be kind.")
            .user("What is in this picture?")
            .attachment(Role.USER, "image")
            .toolCall("look", "{\"at\":1}")
            .toolResult("look", "a cat")
            .document("cats.html", "Cats purr.")
            .assistant("A cat.")
            .conversation();
    assertThat(conversation.messages())
        .containsExactly(
            new Message(Role.AGENT, "[system] Be kind."),
            new Message(Role.USER, "What is in this picture?"),
            new Message(Role.USER, "[image, not judged]"),
            new Message(Role.AGENT, "[calls look] {\"at\":1}"),
            new Message(Role.USER, "[result of look] a cat"),
            new Message(Role.USER, "[document cats.html] Cats purr."),
            new Message(Role.AGENT, "A cat."));
  }

  /** Only the last turn is judged: all that a message says must stand in it. */
  @Test
  void messageOfSeveralPartsIsOneTurn() {
    Conversation parts =
        ConversationMapper.withPlaceholders()
            .message(
                user ->
                    user.user("How do I brew this?")
                        .attachment(Role.USER, "image")
                        .document("a.txt", "Boil.")
                        .user("Thanks."))
            .message(nothing -> {})
            .message(agent -> agent.assistant("Let me see.").toolCall("look", "{}"))
            .conversation();
    assertThat(parts)
        .isEqualTo(
            Conversation.user(
                    "How do I brew this?\n[image, not judged]\n[document a.txt] Boil.\nThanks.")
                .agent("Let me see.\n[calls look] {}"));
  }

  @Test
  void whatCannotBeJudgedIsRefused() {
    assertThatThrownBy(() -> ConversationMapper.strict().attachment(Role.USER, "image"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("'image'");
    assertThatThrownBy(() -> ConversationMapper.strict().conversation())
        .isInstanceOf(IllegalArgumentException.class);
  }
}
