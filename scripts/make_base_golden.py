#!/usr/bin/env python3
"""Makes base_logits.json: golden logits of the real base model, in float32, by transformers.

Reads the GGUF file of SmolLM2-135M-Instruct, dequantises it with the gguf package, runs
LlamaForCausalLM over a few texts and writes the 20 best logits of the last position of each and
some 50 logits at other positions. With --compare it also checks the model against another file of
cases (tokens, last_top10, last_at) made independently.

    venv/bin/python scripts/make_base_golden.py MODEL.gguf model/src/test/resources/golden/base_logits.json
"""

import argparse
import json
from pathlib import Path

import gguf
import numpy as np
import torch
from make_tiny_models import BLOCK_NAMES, unpermute
from tokenizers import AddedToken, Tokenizer, models, pre_tokenizers
from transformers import LlamaConfig, LlamaForCausalLM

LONG = (
    "A fort of stone stands above the valley. The walls were laid without mortar, block upon block, "
    "and each block was cut so that no blade fits between it and its neighbour. In the year 1536 some "
    "40,000 people stood before it; by the next spring most of them were gone. What is left are three "
    "terraces, a few gates and the foundations of three towers.\n\n"
    "1. The first terrace holds the largest stones (up to 125 tonnes).\n"
    "2. The second one is narrower, with a drain every 12 metres.\n"
    "3. The third carries what the chroniclers called a maze: rooms, stairs, a round cistern.\n\n"
)
TEXTS = [
    "<|im_start|>user\nWhat is the capital of France?<|im_end|>\n<|im_start|>assistant\n"
    "The capital of France is",
    "The quick brown fox jumps over the lazy dog. 12345 + 678 =",
    "Gr\u00fc\u00dfe aus K\u00f6ln! \u4f60\u597d\uff0c\u4e16\u754c\u3002 \u041f\u0440\u0438\u0432\u0435\u0442 "
    "\U0001F44B\U0001F3FD \u2014 na\u00efve caf\u00e9 \u00bd \u20ac\n\n\tEnd",
    LONG * 2 + "def height(stones):\n    return sum(s.height for s in stones if s.height > 0)\n",
    "<|im_start|>system\nAntworte kurz.<|im_end|>\n<|im_start|>user\n\u00bfQu\u00e9 es una fortaleza? "
    "\u0939\u093f\u0928\u094d\u0926\u0940 \u0e44\u0e17\u0e22 \u65e5\u672c\u8a9e \u0627\u0644\u0639\u0631\u0628\u064a\u0629"
    "<|im_end|>\n<|im_start|>assistant\n",
]


def load(path):
    reader = gguf.GGUFReader(path)

    def field(name):
        return reader.fields[name].contents()

    heads, kv = field("llama.attention.head_count"), field("llama.attention.head_count_kv")
    names = {"token_embd": "model.embed_tokens", "output_norm": "model.norm", "output": "lm_head"}
    for i in range(field("llama.block_count")):
        names.update({f"blk.{i}.{theirs}": f"model.layers.{i}.{ours}" for theirs, ours in BLOCK_NAMES.items()})
    weights = {}
    for tensor in reader.tensors:
        name = names[tensor.name.removesuffix(".weight")] + ".weight"
        values = gguf.quants.dequantize(tensor.data, tensor.tensor_type)
        if "q_proj" in name or "k_proj" in name:
            values = unpermute(values, heads if "q_proj" in name else kv)
        weights[name] = torch.from_numpy(np.array(values, np.float32))
    config = LlamaConfig(
        vocab_size=len(field("tokenizer.ggml.tokens")), hidden_size=field("llama.embedding_length"),
        intermediate_size=field("llama.feed_forward_length"),
        num_hidden_layers=field("llama.block_count"), num_attention_heads=heads,
        num_key_value_heads=kv, max_position_embeddings=field("llama.context_length"),
        rms_norm_eps=field("llama.attention.layer_norm_rms_epsilon"),
        tie_word_embeddings="lm_head.weight" not in weights,
        rope_parameters={"rope_type": "default", "rope_theta": field("llama.rope.freq_base")})
    model = LlamaForCausalLM(config).eval()
    missing, unexpected = model.load_state_dict(weights, strict=False)
    assert not unexpected and set(missing) <= {"lm_head.weight"}, (missing, unexpected)
    model.tie_weights()
    return model, tokenizer_of(field)


def tokenizer_of(field):
    tokens, types = field("tokenizer.ggml.tokens"), field("tokenizer.ggml.token_type")
    merges = [tuple(m.split(" ")) for m in field("tokenizer.ggml.merges")]
    tokenizer = Tokenizer(models.BPE(vocab={t: i for i, t in enumerate(tokens)}, merges=merges))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Digits(individual_digits=True),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)])
    tokenizer.add_special_tokens([
        AddedToken(t, special=True, normalized=False)
        for t, kind in zip(tokens, types) if kind == gguf.TokenType.CONTROL])
    return tokenizer


def case(model, tokenizer, text, rng):
    ids = tokenizer.encode(text, add_special_tokens=False).ids
    with torch.no_grad():
        logits = model(torch.tensor([ids])).logits[0].numpy()
    last = logits[-1]
    best = np.argsort(-last, kind="stable")[:20]
    positions = sorted({0, 1, len(ids) // 3, len(ids) // 2, len(ids) - 2})
    points = [[int(p), int(t)] for p in positions for t in rng.integers(0, logits.shape[1], 9)]
    points += [[int(p), int(logits[p].argmax())] for p in positions]
    return {
        "text": text,
        "tokens": ids,
        "last_top": [[int(i), round(float(last[i]), 5)] for i in best],
        "points": [[p, t, round(float(logits[p, t]), 5)] for p, t in points],
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("model", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--compare", type=Path, help="cases with last_top10 and last_at to check against")
    args = parser.parse_args()
    model, tokenizer = load(args.model)
    rng = np.random.default_rng(20261124)
    cases = [case(model, tokenizer, text, rng) for text in TEXTS]
    lines = ",\n  ".join(json.dumps(c, ensure_ascii=True) for c in cases)
    args.out.write_text(
        '{"model": "SmolLM2-135M-Instruct.Q4_1.gguf", "made with": "scripts/make_base_golden.py",\n'
        f' "cases": [\n  {lines}\n ]}}\n')
    if args.compare:
        for i, known in enumerate(json.loads(args.compare.read_text())["cases"]):
            with torch.no_grad():
                last = model(torch.tensor([known["tokens"]])).logits[0, -1]
            pairs = known["last_top10"] + [[int(k), x] for k, x in known["last_at"].items()]
            gap = max(abs(float(last[t]) - x) for t, x in pairs)
            same = "same" if known["tokens"] in [c["tokens"] for c in cases] else "other"
            print(f"case {i}: {len(pairs)} logits, max difference {gap:.2e}, {same} tokens")
    print([len(c["tokens"]) for c in cases], "tokens;", args.out.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
