#!/usr/bin/env python3
"""Prints the table of a model card from what `pukara eval` wrote, with 95 % intervals.

    scripts/card_tables.py RUN [--temperature T] [--answer-bias B] [--threshold P]

RUN is the folder of the report. AUPRC: bootstrap interval, as eval computed it. Recall and false positives: Wilson's score
interval (E. B. Wilson, 1927), where sigmoid((log odds + B) / T) reaches P, B for answers only; so scores of the raw model do for
a file that states T, B and P. Needs Python 3.10 or later and nothing else.
"""

import argparse
import collections
import json
import math
import pathlib

Z = 1.959964


def wilson(hits, count):
    if not count:
        return "-"
    p, z2 = hits / count, Z * Z
    centre = (p + z2 / (2 * count)) / (1 + z2 / count)
    half = Z * math.sqrt(p * (1 - p) / count + z2 / (4 * count * count)) / (1 + z2 / count)
    return "%.1f %% (%.1f-%.1f)" % (100 * p, 100 * max(0, centre - half), 100 * min(1, centre + half))


def sigmoid(x):
    return 1 / (1 + math.exp(-x))


def counts(predictions, raw_thresholds):
    """(task, label) -> [flagged, all]."""
    found = collections.defaultdict(lambda: [0, 0])
    for line in predictions.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        of = found[row["task"], row["label"]]
        # What cannot be read is blocked.
        of[0] += row["score"] is None or row["score"] >= raw_thresholds[row["task"]]
        of[1] += 1
    return found


def rows(run, sets, raw_thresholds):
    for name, whole in sorted(sets.items()):
        found = counts(run / name / "predictions.jsonl", raw_thresholds)
        for task, figures in sorted(whole["tasks"].items()):
            safe, unsafe = found[task, "safe"], found[task, "unsafe"]
            auprc = "%.3f (%.3f-%.3f)" % (figures["auprc"], *figures["auprcCi"]) if safe[1] and unsafe[1] else "-"
            yield "| %s, %ss | %d / %d | %s | %s | %s |" % (
                name, task, safe[1], unsafe[1], auprc, wilson(*unsafe), wilson(*safe))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=pathlib.Path)
    parser.add_argument("--temperature", type=float, default=1)
    parser.add_argument("--answer-bias", type=float, default=0)
    parser.add_argument("--threshold", type=float, default=0.5)
    options = parser.parse_args()
    odds = options.temperature * math.log(options.threshold / (1 - options.threshold))
    raw_thresholds = {"prompt": sigmoid(odds), "response": sigmoid(odds - options.answer_bias)}
    metrics = json.loads((options.run / "metrics.json").read_text(encoding="utf-8"))
    print("| set | safe / unsafe | AUPRC | recall | false positives |")
    print("|---|---|---|---|---|")
    print("\n".join(rows(options.run, metrics["sets"], raw_thresholds)))


if __name__ == "__main__":
    main()
