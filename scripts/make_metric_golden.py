#!/usr/bin/env python3
"""Golden numbers of the metrics, from scikit-learn.

Needs: pip install scikit-learn==1.9.1
Run:   python3 scripts/make_metric_golden.py > eval/src/test/resources/dev/pukara/eval/metrics.json
"""

import json
import math
import sys
import warnings

import numpy as np
from sklearn import metrics

warnings.filterwarnings("ignore")
THRESHOLDS = [0.0, 0.25, 0.5, 0.9, 1.0]


def ece(labels, scores, bins=15):
    """Equal-width bins (low, high], the first with 0. scikit-learn has no such function."""
    edges = np.arange(1, bins) / bins
    place = np.searchsorted(edges, scores, side="left")
    return sum(
        (place == b).sum() * abs(scores[place == b].mean() - labels[place == b].mean())
        for b in range(bins)
        if (place == b).any()
    ) / len(scores)


def number(value):
    return None if math.isnan(value) else float(value)


def tpr_at(labels, scores, limit):
    if labels.min() == labels.max():
        return math.nan
    fpr, tpr, _ = metrics.roc_curve(labels, scores, drop_intermediate=False)
    return tpr[fpr <= limit].max()


def best_f1(labels, scores):
    if labels.max() == 0:
        return math.nan
    best = max(np.unique(scores), key=lambda t: (metrics.f1_score(labels, scores >= t), t))
    return best


def at(labels, scores, threshold):
    said = (scores >= threshold).astype(int)
    tn, fp, fn, tp = metrics.confusion_matrix(labels, said, labels=[0, 1]).ravel()
    return {
        "threshold": threshold,
        "precision": number(metrics.precision_score(labels, said, zero_division=0)),
        "recall": number(metrics.recall_score(labels, said, zero_division=0)),
        "f1": number(metrics.f1_score(labels, said, zero_division=0)),
        "fpr": number(fp / (fp + tn)) if fp + tn else None,
        "counts": [int(tp), int(fp), int(tn), int(fn)],
    }


def case(name, labels, scores):
    labels, scores = np.array(labels, int), np.array(scores, float)
    both = labels.min() != labels.max()
    return {
        "name": name,
        "unsafe": labels.tolist(),
        "scores": scores.tolist(),
        "auprc": number(metrics.average_precision_score(labels, scores)) if both else None,
        "auroc": number(metrics.roc_auc_score(labels, scores)) if both else None,
        "tpr_at_fpr_1": number(tpr_at(labels, scores, 0.01)),
        "tpr_at_fpr_5": number(tpr_at(labels, scores, 0.05)),
        "best_f1_threshold": number(best_f1(labels, scores)),
        "ece": number(ece(labels, scores)),
        "brier": number(np.mean((scores - labels) ** 2)),
        "at": [at(labels, scores, t) for t in THRESHOLDS],
    }


def main():
    draw = np.random.default_rng(6)

    def noisy(rows, share, digits):
        labels = (draw.random(rows) < share).astype(int)
        scores = 1 / (1 + np.exp(-(draw.normal(0, 1.5, rows) + 2 * labels - 1)))
        return labels, np.round(scores, digits)

    cases = [
        case("balanced", *noisy(200, 0.5, 12)),
        case("rare", *noisy(400, 0.07, 12)),
        case("ties", *noisy(300, 0.4, 1)),
        case("all the same score", [0, 1, 0, 1, 1], [0.5] * 5),
        case("perfect", [0, 0, 1, 1], [0.1, 0.2, 0.8, 0.9]),
        case("reversed", [1, 1, 0, 0], [0.1, 0.2, 0.8, 0.9]),
        case("unsafe only", [1, 1, 1], [0.2, 0.7, 0.7]),
        case("safe only", [0, 0, 0], [0.2, 0.7, 0.7]),
        case("one row", [1], [0.3]),
        case("ends", [0, 1, 0, 1], [0.0, 1.0, 1.0, 0.0]),
    ]
    json.dump(cases, sys.stdout)
    print()


main()
