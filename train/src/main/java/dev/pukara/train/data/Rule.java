package dev.pukara.train.data;

import dev.pukara.guard.Category;

/**
 * A category as it stands in a prompt, and what it covers.
 *
 * @param category code, name, description
 * @param scope which messages violate it
 */
record Rule(Category category, Scope scope) {
  String code() {
    return category.code();
  }

  Judgement judge(Case judged) {
    return scope.judge(judged);
  }

  Rule withCode(String code) {
    return new Rule(
        new Category(
            code,
            category.name(),
            category.description(),
            category.shouldFlag(),
            category.shouldNotFlag(),
            category.examples(),
            category.threshold(),
            category.action()),
        scope);
  }
}
