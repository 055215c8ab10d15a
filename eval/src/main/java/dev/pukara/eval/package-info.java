/**
 * Measures guards on labelled conversations: data sets, runs, metrics, comparisons, report.
 *
 * <p>Doors: {@code Evaluation} runs a guard, {@code Report} reads what a run left. Model and data
 * do not know each other: a run turns rows into scores, and all metrics are computed from the
 * scores on disk. Method: Llama Guard (arXiv 2312.06674, section 4); Markov et al. (arXiv
 * 2208.03274).
 */
@NullMarked
package dev.pukara.eval;

import org.jspecify.annotations.NullMarked;
