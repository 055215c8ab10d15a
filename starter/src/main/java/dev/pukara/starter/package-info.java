/**
 * The guard model that comes with Pukara. The door is {@link dev.pukara.starter.Starter}: a jar
 * with the weights and their card, and where to find them; it knows nothing of guards.
 *
 * <p>Sources: SmolLM2-135M-Instruct (Apache-2.0), tuned with Pukara's own trainer; the card tells
 * on what.
 */
@NullMarked
package dev.pukara.starter;

import org.jspecify.annotations.NullMarked;
