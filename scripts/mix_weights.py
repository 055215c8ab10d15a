#!/usr/bin/env python3
"""Mixes the weights of two models of the same shape: (1 - share) * A + share * B, in f32.

    scripts/mix_weights.py A B OUT [--share 0.5]

A, B and OUT are folders as transformers keeps them, with f32 weights (scripts/checkpoint_weights.py, `pukara model convert`);
configuration and tokenizer come from B. The mean of two runs from one base is often better than either ("model soups", arXiv
2203.05482). Needs Python 3.10 or later and numpy.
"""

import argparse
import json
import pathlib
import struct

import numpy
import weights_folder


def load(folder):
    """Header and bytes of the weights."""
    with open(folder / "model.safetensors", "rb") as file:
        header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
        header.pop("__metadata__", None)
        return header, file.read()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("a", type=pathlib.Path)
    parser.add_argument("b", type=pathlib.Path)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--share", type=float, default=0.5, help="of B (default: 0.5)")
    options = parser.parse_args()

    (heads_a, bytes_a), (heads_b, bytes_b) = load(options.a), load(options.b)
    folder = weights_folder.WeightsFolder(options.out, options.b)
    for name, head in heads_b.items():
        other = heads_a.get(name)
        if other is None or other["shape"] != head["shape"] or {other["dtype"], head["dtype"]} != {"F32"}:
            raise SystemExit(f"{name}: {other} in {options.a}, {head} in {options.b}; expected the same shape, F32")
        x = numpy.frombuffer(bytes_a[slice(*other["data_offsets"])], numpy.float32)
        y = numpy.frombuffer(bytes_b[slice(*head["data_offsets"])], numpy.float32)
        mixed = ((1 - options.share) * x + options.share * y).astype(numpy.float32)
        folder.add(name, head["shape"], mixed.tobytes())
    folder.write()


if __name__ == "__main__":
    main()
