#!/usr/bin/env python3
"""Rescales the weights of a Llama model so that it computes the same with other numbers, in f32.

    scripts/rescale_weights.py FOLDER OUT [--spread 1.25] [--seed 1]

FOLDER and OUT are folders as transformers keeps them, with f32 weights (scripts/checkpoint_weights.py, `pukara model convert`).
A factor for every channel between two linear steps, drawn between 1/spread and spread, goes into the one and out of the other:
a norm's gain and the columns that read it, rows of up and columns of down, rows of value and columns of output. What for:
weights that were stored as Q4_0 lie on its grid, and small steps of training vanish when they are rounded again (docs/log.md,
"lost in rounding"). Rescaled, they lie between the points of the grid. The embedding stays. Needs Python 3.10 or later and numpy.
"""

import argparse
import json
import pathlib

import mix_weights
import numpy
import weights_folder


def rescale(weights, config, draw):
    """Multiplies and divides in place."""
    heads, shared = config["num_attention_heads"], config["num_key_value_heads"]
    hidden, inner = config["hidden_size"], config["intermediate_size"]
    size = config.get("head_dim") or hidden // heads
    for layer in range(config["num_hidden_layers"]):
        def at(name, prefix=f"model.layers.{layer}."):
            return weights[f"{prefix}{name}.weight"]

        for norm, readers in (
            ("input_layernorm", ("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj")),
            ("post_attention_layernorm", ("mlp.gate_proj", "mlp.up_proj")),
        ):
            factors = draw(hidden)
            at(norm)[:] *= factors
            for reader in readers:
                at(reader)[:] /= factors
        factors = draw(inner)
        at("mlp.up_proj")[:] *= factors[:, None]
        at("mlp.down_proj")[:] /= factors
        factors = draw(shared * size)
        at("self_attn.v_proj")[:] *= factors[:, None]
        # Each key/value head serves heads/shared query heads that lie side by side.
        of_queries = numpy.repeat(factors.reshape(shared, size), heads // shared, axis=0)
        at("self_attn.o_proj")[:] /= of_queries.reshape(-1)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--spread", type=float, default=1.25, help="greatest factor (default: 1.25)")
    parser.add_argument("--seed", type=int, default=1, help="of the factors (default: 1)")
    options = parser.parse_args()

    config = json.loads((options.folder / "config.json").read_text(encoding="utf-8"))
    heads, data = mix_weights.load(options.folder)
    wrong = [f"{name}: {head['dtype']}" for name, head in heads.items() if head["dtype"] != "F32"]
    if wrong:
        raise SystemExit(f"{wrong[0]} in {options.folder}; expected F32 (pukara model quantize FILE out.gguf --type F32)")
    weights = {
        name: numpy.frombuffer(data[slice(*head["data_offsets"])], numpy.float32).reshape(head["shape"]).copy()
        for name, head in heads.items()
    }
    random = numpy.random.default_rng(options.seed)
    rescale(weights, config, lambda n: (options.spread ** random.uniform(-1, 1, n)).astype(numpy.float32))
    folder = weights_folder.WeightsFolder(options.out, options.folder)
    for name, head in heads.items():
        folder.add(name, head["shape"], weights[name].tobytes())
    folder.write()


if __name__ == "__main__":
    main()
