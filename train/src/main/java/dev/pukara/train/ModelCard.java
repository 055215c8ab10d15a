package dev.pukara.train;

import dev.pukara.model.ModelFile;
import dev.pukara.train.RunListener.PolicyScore;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/** A model's card, filled from its run. */
final class ModelCard {
  private ModelCard() {}

  static String of(
      Recipe recipe, ModelFile base, Lessons lessons, List<PolicyScore> scores, int steps)
      throws IOException {
    StringBuilder card = new StringBuilder();
    card.append("# A guard model made with Pukara\n\n");
    card.append("It judges messages of a conversation by a policy that stands in the prompt.\n\n");
    card.append("    pukara check --model ").append(Run.MODEL);
    recipe.policies().stream().findFirst().ifPresent(p -> card.append(" --policy ").append(p));
    card.append(" \"...\"\n\n## Made from\n\n");
    item(card, "base model", base.path().getFileName() + ", SHA-256 " + base.digest());
    item(card, "prompt format", lessons.format().id() + ", SHA-256 " + lessons.format().digest());
    item(card, "weights trained", tuning(recipe));
    item(
        card,
        "steps",
        String.format(
            Locale.ROOT,
            "%d of %d batches of at most %d tokens, learning rate %s",
            steps,
            recipe.batchesPerStep(),
            recipe.batchTokens(),
            recipe.learningRate()));
    item(card, "policies", String.join(", ", recipe.options().policies().keySet()));
    item(card, "seed", String.valueOf(recipe.options().seed()));
    for (Path file : recipe.data()) {
      item(card, "data", file.getFileName() + ", SHA-256 " + FileDigests.sha256(file));
    }
    item(
        card,
        "long messages",
        String.format(
            Locale.ROOT,
            "%d lost their middle (limit %d characters)",
            lessons.curriculum().shortened(),
            recipe.options().charactersMax()));
    card.append(
        "\nA model may be shared under terms that its base model and all of its data allow;");
    card.append(" the licence tiers of the rows are below.\n\n## Held-out rows\n\n");
    if (scores.isEmpty()) {
      card.append("None were held out.\n");
    } else {
      card.append("Judged by the policy in its usual words, before the weights were stored in the");
      card.append(" file's types. They come from the same sources as the training rows, so they");
      card.append(" say little about other texts.\n\n");
      card.append(
          "| policy | cases | unsafe | AUPRC | F1 at 0.5 | loss |\n|---|---|---|---|---|---|\n");
      for (PolicyScore score : scores) {
        card.append(
            String.format(
                Locale.ROOT,
                "| %s | %d | %d | %.3f | %.3f | %.3f |%n",
                score.policy(),
                score.cases(),
                score.unsafe(),
                score.auprc(),
                score.f1(),
                score.loss()));
      }
    }
    card.append("\n## Limits\n\nA guard errs in both directions. Evaluate it on your own traffic");
    card.append(" (`pukara eval`) and choose the threshold by that before you rely on it.\n\n#");
    return card.append(lessons.corpus().census().markdown()).toString();
  }

  private static void item(StringBuilder card, String name, String value) {
    card.append("- ").append(name).append(": ").append(value).append('\n');
  }

  private static String tuning(Recipe recipe) {
    return switch (recipe.trainer().tuning()) {
      case Tuning.Full(boolean frozen) -> frozen ? "all but the embedding" : "all";
      case Tuning.Lora lora ->
          "LoRA of rank " + lora.rank() + " on " + lora.targets().stream().sorted().toList();
    };
  }
}
