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

  @Test
  void whatCannotBeJudgedIsRefused() {
    assertThatThrownBy(() -> ConversationMapper.strict().attachment(Role.USER, "image"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("'image'");
    assertThatThrownBy(() -> ConversationMapper.strict().conversation())
        .isInstanceOf(IllegalArgumentException.class);
  }
}
