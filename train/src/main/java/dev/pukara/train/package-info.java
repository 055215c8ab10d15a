/**
 * Fine-tuning of a model as a guard. Door for whole runs: {@code FineTune.run}; door of the
 * numerics: {@link dev.pukara.train.Trainer}, which knows token ids only.
 *
 * <p>Threads: a trainer is used by one thread at a time, which spreads the work over a team of its
 * own.
 *
 * <p>Sources: Llama Guard (arXiv 2312.06674) for the recipe, llm.c for training without an autograd
 * engine, LoRA (arXiv 2106.09685), AdamW (arXiv 1711.05101).
 */
@NullMarked
package dev.pukara.train;

import org.jspecify.annotations.NullMarked;
