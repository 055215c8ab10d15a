package dev.pukara.guard;

import java.util.Optional;

/**
 * A threshold that was reached.
 *
 * @param category code of the category whose own threshold it is; empty = the global one
 * @param threshold where it stands
 * @param score what reached it
 */
public record Crossing(Optional<String> category, double threshold, double score) {}
