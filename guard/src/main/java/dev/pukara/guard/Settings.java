package dev.pukara.guard;

/**
 * The numbers that turn odds into a verdict, each from the options, else the policy, else the model
 * file, else a default.
 *
 * @param temperature of the message's score
 * @param categoryTemperature of the categories' scores
 * @param answerBias log odds added to the message's where it is an agent's answer
 * @param threshold score from which a message is unsafe
 * @param readableFloor least p(safe) + p(unsafe) that counts as an answer; 0 = any
 * @param failOpen true if the unreadable is allowed
 * @param categories when they are scored
 */
record Settings(
    double temperature,
    double categoryTemperature,
    double answerBias,
    double threshold,
    double readableFloor,
    boolean failOpen,
    CategoryMode categories) {}
