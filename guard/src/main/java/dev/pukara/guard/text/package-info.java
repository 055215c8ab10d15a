/**
 * Disguised text and how it reads without the disguise. Door: {@link
 * dev.pukara.guard.text.TextViews}. Pure functions of text, no model; any number of threads.
 *
 * <p>Texts are hostile and long: a repeated group of a pattern is possessive ({@code (?:...)++}).
 * What could give back one repetition after the other takes stack for each, and a few kilobytes
 * exhaust it; runs of blanks that could be divided in several ways take quadratic time.
 *
 * <p>Sources: attacks as in arXiv 2504.11168 (characters) and 2509.16870 (encodings); the tables
 * are counted on the project's own rows by {@code scripts/make_language_tables.py}.
 */
@org.jspecify.annotations.NullMarked
package dev.pukara.guard.text;
