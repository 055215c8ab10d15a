#!/usr/bin/env python3
"""Chooses temperature, answer bias and threshold of a guard from the scores that `pukara eval` wrote.

    scripts/choose_threshold.py RUN --ordinary alpaca,mtbench [--fpr-max 0.02] [--no-bias]

RUN is the folder of the report, one sub-folder a data set; prompts and answers of a set count as two sets. Messages and
answers get a threshold each: those with the best mean F1 over the sets with unsafe ones, among all that flag at most --fpr-max of
the safe messages and answers of the ordinary sets, taken together. The answers' is stated as a bias, what
has to be added to their log odds so that the messages' threshold serves both. The temperature is the one with the least
log loss then, each set counting the same and each class half. All three are meant for `pukara model state`, which writes
them into the model's file; a score is then sigmoid((log odds + bias) / temperature).

Needs Python 3.10 or later and nothing else.
"""

import argparse
import bisect
import collections
import itertools
import json
import math
import pathlib
import sys

# Thresholds that are tried, in log odds.
GRID = [i / 20 for i in range(-120, 161)]


def log_odds(score):
    clipped = min(max(score, 1e-9), 1 - 1e-9)
    return math.log(clipped / (1 - clipped))


def sigmoid(x):
    return 1 / (1 + math.exp(-x)) if x > -700 else 0.0


def read(run):
    """Log odds of the safe and of the unsafe ones of each (set, task)."""
    sets = collections.defaultdict(lambda: ([], []))
    for file in sorted(run.glob("*/predictions.jsonl")):
        for line in file.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            # What cannot be read counts as unsafe, as it does in a guard that fails closed.
            odds = math.inf if row["score"] is None else log_odds(row["score"])
            sets[file.parent.name, row["task"]][row["label"] == "unsafe"].append(odds)
    if not sets:
        sys.exit("%s: no */predictions.jsonl in it; expected the report folder of one guard" % run)
    return {name: (sorted(safe), sorted(unsafe)) for name, (safe, unsafe) in sets.items()}


def log_loss(sets, temperature):
    total = 0.0
    for safe, unsafe in sets.values():
        total += sum(-math.log(max(1 - sigmoid(o / temperature), 1e-12)) for o in safe) / len(safe)
        total += sum(-math.log(max(sigmoid(o / temperature), 1e-12)) for o in unsafe) / len(unsafe)
    return total / (2 * len(sets))


def best_temperature(sets):
    grid = [1.02 ** i for i in range(-60, 121)]
    return min(grid, key=lambda t: log_loss(sets, t))


def at_least(ordered, threshold):
    return len(ordered) - bisect.bisect_left(ordered, threshold)


def f1(safe, unsafe, threshold):
    hits, alarms = at_least(unsafe, threshold), at_least(safe, threshold)
    return 2 * hits / (hits + alarms + len(unsafe)) if hits else 0.0


def side(sets, ordinary, is_answer):
    """[(threshold in log odds, sum of F1, ordinary ones flagged)] of messages or of answers."""
    mine = [(safe, unsafe) for (_, task), (safe, unsafe) in sets.items()
            if unsafe and (task == "response") == is_answer]
    traffic = sorted(odds for (name, task), (safe, _) in sets.items()
                     if name in ordinary and (task == "response") == is_answer for odds in safe)
    return [(t, sum(f1(safe, unsafe, t) for safe, unsafe in mine), at_least(traffic, t)) for t in GRID]


def choose(pairs, alarms_max):
    """Of pairs of what `side` gives, the one with the greatest sum of F1 that flags few enough, the highest of equals."""
    return max(((a[1] + b[1], a[0], b[0]) for a, b in pairs if a[2] + b[2] <= alarms_max), default=None)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=pathlib.Path, help="folder with the scores of one guard")
    parser.add_argument("--ordinary", required=True, help="names of the sets of ordinary traffic, joined by commas")
    parser.add_argument("--fpr-max", type=float, default=0.02, help="most false positives on them (default: %(default)s)")
    parser.add_argument("--no-bias", action="store_true", help="the same threshold for messages and answers")
    options = parser.parse_args()
    sets = read(options.run)
    names = {name for name, _ in sets}
    ordinary = options.ordinary.split(",")
    missing = [name for name in ordinary if name not in names]
    if missing:
        sys.exit("no set %s in %s; it has %s" % (", ".join(missing), options.run, ", ".join(sorted(names))))
    both = {name: pair for name, pair in sets.items() if pair[0] and pair[1]}
    count = sum(len(safe) for (name, _), (safe, _) in sets.items() if name in ordinary)
    messages, answers = (side(sets, ordinary, is_answer) for is_answer in (False, True))
    pairs = zip(messages, answers) if options.no_bias else itertools.product(messages, answers)
    best = choose(pairs, options.fpr_max * count)
    if best is None:
        sys.exit("no threshold flags at most %.3f of the %d ordinary ones" % (options.fpr_max, count))
    total, threshold, of_answers = best
    bias = threshold - of_answers
    shifted = {(name, task): tuple([odds + bias * (task == "response") for odds in part] for part in pair)
               for (name, task), pair in both.items()}
    temperature = best_temperature(shifted)
    with_unsafe = sum(1 for _, unsafe in sets.values() if unsafe)
    print("log loss %.4f, raw %.4f; mean F1 %.4f over %d sets; log odds %.2f of messages, %.2f of answers"
          % (log_loss(shifted, temperature), log_loss(both, 1), total / with_unsafe, with_unsafe, threshold, of_answers))
    print("pukara model state IN.gguf OUT.gguf --temperature %.3f --answer-bias %.2f --threshold %.3f"
          % (temperature, bias, sigmoid(threshold / temperature)))


if __name__ == "__main__":
    main()
