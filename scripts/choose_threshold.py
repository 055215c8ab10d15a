#!/usr/bin/env python3
"""Chooses temperature and threshold of a guard from the scores that `pukara eval` wrote.

    scripts/choose_threshold.py RUN --ordinary alpaca,mtbench [--fpr-max 0.02]

RUN is the folder of the report, one sub-folder a data set. The temperature is the one with the least log loss, each set
with both classes counting the same and each class half. The threshold is the one with the best mean F1 over those sets
among all that flag at most --fpr-max of the safe messages of the ordinary sets, taken together. Both are meant for
`pukara model state`, which writes them into the model's file; a score is then sigmoid(log odds / temperature).

Needs Python 3.10 or later and nothing else.
"""

import argparse
import bisect
import json
import math
import pathlib
import sys


def log_odds(score):
    clipped = min(max(score, 1e-9), 1 - 1e-9)
    return math.log(clipped / (1 - clipped))


def sigmoid(x):
    return 1 / (1 + math.exp(-x)) if x > -700 else 0.0


def read(run):
    """Log odds of the safe and of the unsafe messages of each set."""
    sets = {}
    for file in sorted(run.glob("*/predictions.jsonl")):
        safe, unsafe = [], []
        for line in file.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            # What cannot be read counts as unsafe, as it does in a guard that fails closed.
            odds = math.inf if row["score"] is None else log_odds(row["score"])
            (unsafe if row["label"] == "unsafe" else safe).append(odds)
        sets[file.parent.name] = (sorted(safe), sorted(unsafe))
    if not sets:
        sys.exit("%s: no */predictions.jsonl in it; expected the report folder of one guard" % run)
    return sets


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


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=pathlib.Path, help="folder with the scores of one guard")
    parser.add_argument("--ordinary", required=True, help="names of the sets of ordinary traffic, joined by commas")
    parser.add_argument("--fpr-max", type=float, default=0.02, help="most false positives on them (default: %(default)s)")
    options = parser.parse_args()
    sets = read(options.run)
    ordinary = options.ordinary.split(",")
    missing = [name for name in ordinary if name not in sets]
    if missing:
        sys.exit("no set %s in %s; it has %s" % (", ".join(missing), options.run, ", ".join(sets)))
    traffic = sorted(odds for name in ordinary for odds in sets[name][0])
    both = {name: pair for name, pair in sets.items() if pair[0] and pair[1]}
    temperature = best_temperature(both)
    print("temperature %.3f: log loss %.4f, was %.4f" % (temperature, log_loss(both, temperature), log_loss(both, 1)))
    print("%9s %9s %9s %9s" % ("threshold", "mean F1", "FPR", "on sets"))
    choices = []
    for percent in range(2, 99):
        threshold = log_odds(percent / 100) * temperature
        mean = sum(f1(safe, unsafe, threshold) for safe, unsafe in both.values()) / len(both)
        share = at_least(traffic, threshold) / len(traffic)
        choices.append((share <= options.fpr_max, mean, percent / 100))
        if percent % 5 == 0:
            print("%9.2f %9.4f %9.4f %9d" % (percent / 100, mean, share, len(both)))
    allowed, mean, threshold = max(choices)
    if not allowed:
        sys.exit("no threshold flags at most %.3f of the ordinary messages" % options.fpr_max)
    print("\npukara model state IN.gguf OUT.gguf --temperature %.3f --threshold %.2f   (mean F1 %.4f)"
          % (temperature, threshold, mean))


if __name__ == "__main__":
    main()
