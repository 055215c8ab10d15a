package dev.pukara.guard;

/**
 * One way to read a conversation.
 *
 * @param name what was done to it; {@link Finding#AS_WRITTEN} if nothing
 * @param turn index of the judged message in the conversation as it came
 * @param conversation what is read; its last message is judged
 */
record Form(String name, int turn, Conversation conversation) {
  /** The same reading with more done to it. */
  Form then(String what, Conversation changed) {
    return new Form(name.equals(Finding.AS_WRITTEN) ? what : name + ", " + what, turn, changed);
  }
}
