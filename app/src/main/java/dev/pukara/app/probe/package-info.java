/**
 * Probes of a guard: how it holds against attacks, and whether it goes by its policy. Doors: {@link
 * dev.pukara.app.probe.AttackRun}, {@link dev.pukara.app.probe.Adherence}.
 */
@NullMarked
package dev.pukara.app.probe;

import org.jspecify.annotations.NullMarked;
