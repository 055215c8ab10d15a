#!/usr/bin/env python3
"""Takes the weights out of a checkpoint of `pukara train`, in f32, for the base model of a next run.

    pukara model convert BASE.gguf base
    scripts/checkpoint_weights.py RUN/checkpoint-1700/state.safetensors base weights --average
    pukara model convert weights next-base.gguf

BASE.gguf is the model that the run began with; configuration and tokenizer come from it. A checkpoint keeps query, key and
value as one matrix, gate and up as another; here they are parted as transformers names them. --average takes the moving
average instead of the last step's weights. Needs Python 3.10 or later and nothing else.
"""

import argparse
import json
import pathlib
import struct

import weights_folder


def parts(name, config):
    """Names and rows of what a matrix of the checkpoint holds."""
    head = config.get("head_dim") or config["hidden_size"] // config["num_attention_heads"]
    if "q_proj" in name:
        rows = [config["num_attention_heads"] * head] + [config["num_key_value_heads"] * head] * 2
        return [(name.replace("q_proj", p), n) for p, n in zip(("q_proj", "k_proj", "v_proj"), rows)]
    if "gate_proj" in name:
        return [(name.replace("gate_proj", p), config["intermediate_size"]) for p in ("gate_proj", "up_proj")]
    return [(name, None)]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("state", type=pathlib.Path)
    parser.add_argument("base", type=pathlib.Path)
    parser.add_argument("target", type=pathlib.Path)
    parser.add_argument("--average", action="store_true")
    options = parser.parse_args()

    config = json.loads((options.base / "config.json").read_text(encoding="utf-8"))
    folder = weights_folder.WeightsFolder(options.target, options.base)
    with open(options.state, "rb") as state:
        length = struct.unpack("<Q", state.read(8))[0]
        tensors = json.loads(state.read(length))
        tensors.pop("__metadata__", None)
        for name in [key for key in tensors if key.endswith(".weight")]:
            kept = name + ".average" if options.average else name
            if kept not in tensors:
                raise SystemExit(f"{options.state}: no '{kept}'; the recipe has no average-decay? Leave --average out")
            begin, end = tensors[kept]["data_offsets"]
            state.seek(8 + length + begin)
            data = state.read(end - begin)
            rows, columns = tensors[name]["shape"]
            at = 0
            for part, count in parts(name, config):
                size = (count or rows) * columns * 4
                shape = [columns] if "norm" in part else [count or rows, columns]
                folder.add(part, shape, data[at : at + size])
                at += size
            if at != len(data):
                raise SystemExit(f"{name}: {len(data)} bytes, expected {at} by {options.base}/config.json; is it the base?")
    folder.write()


if __name__ == "__main__":
    main()
