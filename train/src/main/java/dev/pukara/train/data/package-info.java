/**
 * What a training sees: labelled rows become lessons under sampled policies. Door: {@link
 * dev.pukara.train.data.Curriculum}, which composes one {@link dev.pukara.train.data.Draft} for
 * each step. Texts and policies only; token ids are {@link dev.pukara.train}'s.
 *
 * <p>Everything random is drawn from seeds made of the run's seed and the step, so that a run that
 * stopped goes on with the same drafts.
 *
 * <p>Sources: Llama Guard (arXiv 2312.06674), section 3.4 and appendix, for the augmentations by
 * policy; the policy-flip samples of Llama Guard 2's model card.
 */
@NullMarked
package dev.pukara.train.data;

import org.jspecify.annotations.NullMarked;
