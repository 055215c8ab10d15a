package dev.pukara.guard.remote;

/**
 * Log probabilities of the two answers.
 *
 * @param no of the harmless one; of what the server does not list, at most that of the last token
 *     listed, and no more than the listed ones leave
 * @param yes of the other
 * @param mass p(no) + p(yes) as far as listed; both NaN and mass 0 if neither is listed
 * @param tokens of the prompt, as the server counts them; 0 if it does not say
 */
public record TokenOdds(double no, double yes, double mass, int tokens) {}
