package dev.pukara.guard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pukara.guard.Prompt.Special;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Chat templates, on ones of our own that use what guard models' templates use. */
class TemplateFormatTest {
  /** Like Llama Guard 1: content is a text, the policy stands in the template. */
  private static final String FIXED =
      """
      {% if messages|length % 2 == 0 %}{% set role = 'Agent' %}{% else %}{% set role = 'User' %}{% endif %}\
      {{ '[INST] Judge ' + role + ' by these rules.

      O1: Rudeness. \nShould not
      - shout

      Chat

      ' }}{% for message in messages %}\
      {% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('Roles must alternate') }}{% endif %}\
      {% set content = message['content'] %}\
      {% if message['role'] == 'user' %}{% set role = 'User' %}{% elif message['role'] == 'assistant' %}{% set role = 'Agent' %}{% endif %}\
      {{ role + ': ' + content.strip() + '

      ' }}{% endfor %}{{ 'Well, ' + role + '? [/INST]' }}""";

  /** Like Llama Guard 3-1B: content is a list, categories come from outside. */
  private static final String OPEN =
      """
      {%- if messages|length % 2 == 0 -%}
        {%- set role = "Agent" -%}
      {%- else -%}
        {%- set role = "User" -%}
      {%- endif -%}
      {%- if excluded_category_keys is not defined -%}
        {%- set excluded_category_keys = [] -%}
      {%- endif -%}
      {%- if categories is not defined -%}
        {%- set categories = ({"S1": "Rudeness.", "S2": "Noise."}) -%}
      {%- endif -%}
      {{- "<|begin_of_text|><|start_header_id|>user<|end_header_id|>\\n\\n" -}}
      {%- set ns = namespace(contains_image=false) -%}
      {%- for message in messages -%}
        {%- for content in message['content'] | selectattr('type', 'equalto', 'image') -%}
          {%- set ns.contains_image = true -%}
        {%- endfor -%}
      {%- endfor -%}
      {%- if ns.contains_image -%}{{- "IMAGE " -}}{%- endif -%}
      {{- "Judge " + role + ".\\n" -}}
      {%- for key in categories -%}
        {%- if key not in excluded_category_keys -%}{{- key + ": " + categories[key] + "\\n" -}}{%- endif -%}
      {%- endfor -%}
      {{- "Chat\\n\\n" -}}
      {%- for message in messages -%}
        {%- if message['role'] == 'user' -%}{%- set role = 'User' -%}
        {%- elif message['role'] == 'assistant' -%}{%- set role = 'Agent' -%}{%- endif -%}
        {%- for content in message['content'] | selectattr('type', 'equalto', 'text') -%}
      {{- role + ': ' + content['text'] | trim + '\\n\\n' -}}
        {%- endfor -%}
      {%- endfor -%}
      {{- "Well, " + role + "? <|eot_id|><|start_header_id|>assistant<|end_header_id|>" -}}
      """;

  private static final List<String> SPECIALS =
      List.of("<|start_header_id|>", "<|begin_of_text|>", "<|end_header_id|>", "<|eot_id|>", "<s>");
  private static final Conversation TWO = Conversation.user(" Hi\n").agent("<|eot_id|> HELLO");

  private static TemplateModel model(String template, String bos, String lead) {
    return new TemplateModel(
        "m.gguf", template, SPECIALS, bos, "</s>", true, " safe", " unsafe", lead);
  }

  private static TemplateFormat fixed(Optional<PromptFormat> frame) {
    return new TemplateFormat("template", model(FIXED, "<s>", ""), frame, Optional.empty());
  }

  private static TemplateFormat open() {
    return new TemplateFormat(
        "template", model(OPEN, "<|begin_of_text|>", "\n\n"), Optional.empty(), Optional.empty());
  }

  private static TemplateFormat of(String template) {
    return new TemplateFormat(
        "template", model(template, "<s>", ""), Optional.empty(), Optional.empty());
  }

  @Test
  void digitsOfTheLocaleDoNotMatter() {
    Prompt expected = open().render(open().defaultPolicy(), TWO);
    Locale before = Locale.getDefault();
    try {
      Locale.setDefault(Locale.forLanguageTag("ar-EG"));
      assertThat(open().render(open().defaultPolicy(), TWO)).isEqualTo(expected);
    } finally {
      Locale.setDefault(before);
    }
  }

  @Test
  void contentAsText() {
    Prompt prompt = fixed(Optional.empty()).render(fixed(Optional.empty()).defaultPolicy(), TWO);
    assertThat(prompt.text())
        .isEqualTo(
            """
            [INST] Judge Agent by these rules.

            O1: Rudeness. \nShould not
            - shout

            Chat

            User: Hi

            Agent: <|eot_id|> HELLO

            Well, Agent? [/INST]""");
    assertThat(prompt.prefix()).startsWith(new Prompt.Begin());
    assertThat(prompt.prefix().getLast().text()).endsWith("Chat\n\n");
    assertThat(prompt.stem()).noneMatch(Special.class::isInstance);
  }

  @Test
  void contentAsListOfParts() {
    Prompt prompt = open().render(open().defaultPolicy(), TWO);
    assertThat(prompt.text())
        .isEqualTo(
            """
            <|begin_of_text|><|start_header_id|>user<|end_header_id|>

            Judge Agent.
            S1: Rudeness.
            S2: Noise.
            Chat

            User: Hi

            Agent: <|eot_id|> HELLO

            Well, Agent? <|eot_id|><|start_header_id|>assistant<|end_header_id|>""");
    assertThat(prompt.prefix().stream().filter(Special.class::isInstance)).hasSize(3);
    assertThat(prompt.stem().stream().filter(Special.class::isInstance)).hasSize(3);
    assertThat(prompt.lead()).hasSize(1);
  }

  @Test
  void categoriesAreReadFromTheTemplate() {
    assertThat(open().defaultPolicy().categories().stream().map(Category::name))
        .containsExactly("Rudeness", "Noise");
  }

  @Test
  void policyOfOnesOwnWhereTheTemplateTakesOne() {
    Policy mine =
        new Policy("p", "1", "P", List.of(new Category("C1", "Spoilers", "The end.")), true);
    String text = open().render(mine, TWO).text();
    assertThat(text).contains("\nC1: Spoilers.\nThe end.\nChat").doesNotContain("Rudeness");
    assertThat(open().render(open().defaultPolicy().without(Set.of("S1")), TWO).text())
        .contains("Judge Agent.\nS2: Noise.\nChat");
  }

  @Test
  void policyIsTextAndNoTemplate() {
    String braces = "{{ x }}, {{ 7 * 6 }} and {% raw %}";
    Policy mine = new Policy("p", "1", "P", List.of(new Category("C1", "Code", braces)), true);
    assertThat(open().render(mine, TWO).text()).contains("\nC1: Code.\n" + braces + "\nChat");
  }

  @Test
  void policyOfOnesOwnInAFrameOrNotAtAll() {
    Policy mine = new Policy("p", "1", "P", List.of(new Category("C1", "Spoilers", "")), true);
    PromptFormat frame = PromptFormats.find("llama-guard-1");
    assertThat(fixed(Optional.of(frame)).render(mine, TWO)).isEqualTo(frame.render(mine, TWO));
    assertThat(fixed(Optional.empty()).carries(mine)).isFalse();
    assertThatThrownBy(() -> fixed(Optional.empty()).render(mine, TWO))
        .isInstanceOf(PolicyException.class)
        .hasMessageContaining("carries its own policy");
  }

  /**
   * Windows and parts of a conversation may start with an answer, or have two questions in a row.
   */
  @Test
  void judgedRoleIsThatOfTheLastMessageWhateverStandsBefore() {
    Message ask = new Message(Role.USER, "Q");
    Message answer = new Message(Role.AGENT, "A");
    for (TemplateFormat format : List.of(fixed(Optional.empty()), open())) {
      for (List<Message> turns :
          List.of(List.of(answer), List.of(ask, ask), List.of(answer, ask), List.of(ask, answer))) {
        String label = turns.getLast().role().label();
        assertThat(format.render(format.defaultPolicy(), new Conversation(turns)).text())
            .contains("Judge " + label, "Well, " + label + "?");
      }
    }
    Prompt prompt = open().render(open().defaultPolicy(), new Conversation(List.of(answer)));
    assertThat(prompt.text()).contains("Chat\n\nUser: \n\nAgent: A\n\nWell");
    prompt = open().render(open().defaultPolicy(), Conversation.user("a").andUser("b"));
    assertThat(prompt.text()).contains("Chat\n\nUser: a\n\nb\n\nWell");
  }

  @Test
  void templateThatRaisesIsAnError() {
    String template =
        "{{ messages[0].content }}"
            + "{% if messages|length > 1 %}{{ raise_exception('One turn only') }}{% endif %}";
    TemplateFormat format = of(template);
    assertThatThrownBy(() -> format.render(format.defaultPolicy(), TWO))
        .isInstanceOf(PolicyException.class)
        .hasMessageContaining("m.gguf")
        .hasMessageContaining("One turn only");
  }

  @Test
  void loopControlsAndDates() {
    String template =
        "{% for m in messages %}{% if loop.index0 == 1 %}{% break %}{% endif %}{{ m.content }}"
            + "{% endfor %}{{ strftime_now('%Y') }}";
    TemplateFormat format = of(template);
    assertThat(format.render(format.defaultPolicy(), Conversation.user(" Hi ")).text())
        .matches(" Hi 20\\d\\d");
    assertThatThrownBy(() -> format.render(format.defaultPolicy(), TWO))
        .hasMessageContaining("drops message 2");
  }
}
