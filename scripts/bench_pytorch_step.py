#!/usr/bin/env python3
"""Times full training steps (forward, backward, clipping, AdamW) of the SmolLM2-135M shape in eager
PyTorch with bf16 autocast on the CPU: what TrainStepBench (`./dev bench TrainStepBench`) is compared with.

Weights are random (speed does not depend on them), the loss is cross-entropy on the last token of
every row, and logits are made for those tokens only, as a guard's training does. With --tree the
batch is one row whose mask says what a token sees: a shared prefix, then conversations that see the
prefix and themselves.

On a machine that others use too, compare `least_cpu_s` of --threads 1: processor time hardly depends
on the neighbours.

    venv/bin/python scripts/bench_pytorch_step.py --rows 10 --length 256 --steps 5
    venv/bin/python scripts/bench_pytorch_step.py --tree --prefix 512 --rows 16 --length 128
"""

import argparse
import json
import time

import torch
from transformers import LlamaConfig, LlamaForCausalLM


def smollm2_135m():
    return LlamaConfig(
        vocab_size=49152, hidden_size=576, intermediate_size=1536, num_hidden_layers=30,
        num_attention_heads=9, num_key_value_heads=3, head_dim=64, max_position_embeddings=8192,
        rms_norm_eps=1e-5, tie_word_embeddings=True, bos_token_id=1, eos_token_id=2,
        rope_parameters={"rope_type": "default", "rope_theta": 100000.0})


def tree_mask(prefix, rows, length):
    """Additive mask and positions of one prefix and `rows` conversations that do not see each other."""
    total = prefix + rows * length
    owner = torch.cat([torch.full((prefix,), -1), torch.arange(rows).repeat_interleave(length)])
    index = torch.arange(total)
    seen = (index[None, :] <= index[:, None]) & ((owner[None, :] == -1) | (owner[None, :] == owner[:, None]))
    mask = torch.zeros(total, total).masked_fill(~seen, float("-inf"))
    positions = torch.cat([torch.arange(prefix), torch.arange(prefix, prefix + length).repeat(rows)])
    return mask[None, None], positions[None]


def main():
    arguments = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    arguments.add_argument("--rows", type=int, default=10)
    arguments.add_argument("--length", type=int, default=256)
    arguments.add_argument("--tree", action="store_true")
    arguments.add_argument("--prefix", type=int, default=512)
    arguments.add_argument("--steps", type=int, default=5)
    arguments.add_argument("--threads", type=int, default=0)
    arguments.add_argument("--attention", default="sdpa", choices=["sdpa", "eager"])
    options = arguments.parse_args()
    if options.threads:
        torch.set_num_threads(options.threads)
    torch.manual_seed(1)
    config = smollm2_135m()
    config._attn_implementation = options.attention
    model = LlamaForCausalLM(config).train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-5, weight_decay=0.01, fused=True)
    extra = {}
    if options.tree:
        tokens = options.prefix + options.rows * options.length
        ids = torch.randint(0, config.vocab_size, (1, tokens))
        mask, positions = tree_mask(options.prefix, options.rows, options.length)
        extra = {"attention_mask": mask, "position_ids": positions}
        last = torch.arange(options.prefix + options.length - 1, tokens, options.length)
    else:
        tokens = options.rows * options.length
        ids = torch.randint(0, config.vocab_size, (options.rows, options.length))
    labels = torch.randint(0, config.vocab_size, (options.rows,))
    times = []
    for _ in range(options.steps + 1):
        start = time.perf_counter()
        start_cpu = time.process_time()
        with torch.autocast("cpu", dtype=torch.bfloat16):
            hidden = model.model(input_ids=ids, use_cache=False, **extra).last_hidden_state
            picked = hidden[0, last] if options.tree else hidden[:, -1]
            logits = model.lm_head(picked)
        loss = torch.nn.functional.cross_entropy(logits.float(), labels)
        forward = time.perf_counter()
        loss.backward()
        backward = time.perf_counter()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        end = time.perf_counter()
        cpu = time.process_time() - start_cpu
        times.append((end - start, forward - start, backward - forward, end - backward, cpu))
    best = min(times[1:])  # the first step allocates and compiles
    print(json.dumps({
        "tokens": tokens, "threads": torch.get_num_threads(), "torch": torch.__version__,
        "best_step_s": round(best[0], 3), "tokens_per_s": round(tokens / best[0], 1),
        "least_cpu_s": round(min(t[4] for t in times[1:]), 3),
        "forward_s": round(best[1], 3), "backward_s": round(best[2], 3), "optimizer_s": round(best[3], 3),
        "all_s": [round(t[0], 3) for t in times]}))


if __name__ == "__main__":
    main()
