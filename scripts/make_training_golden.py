#!/usr/bin/env python3
"""Makes the golden numbers of training in train/src/test/resources/golden: ten steps of a tiny Llama
in PyTorch, float32 on the CPU, by transformers' LlamaForCausalLM, torch's AdamW and (for LoRA) peft.

A batch is a tree of token runs there; here every target's path from its root is a sequence of its
own, so that no mask or position of ours is trusted. What is written:

  tiny/                       the model: config.json, model.safetensors
  steps.json                  batches, options, and for "full" and "lora": loss and gradient norm of
                              each step, losses of each target of the first
  full.gradients.safetensors  gradients of the first step, by name
  full.weights.safetensors    weights after the last, by name, and NAME.average
  lora/state.safetensors      where LoRA begins (A random, B zero), as train's State lays it out
  lora.weights.safetensors    A and B after the last step

    python -m venv venv && venv/bin/pip install torch transformers peft safetensors
    venv/bin/python scripts/make_training_golden.py train/src/test/resources/golden
"""

import hashlib
import json
import random
import sys
from pathlib import Path

import torch
from peft import LoraConfig, get_peft_model
from safetensors.torch import save_file
from transformers import LlamaConfig, LlamaForCausalLM

SEED = 20261126
STEPS = 10
VOCABULARY = 96
OPTIONS = {
    "beta1": 0.9, "beta2": 0.98, "eps": 1e-6, "weight_decay": 0.1, "gradient_norm_max": 1.0,
    "average_decay": 0.9, "rank": 4, "alpha": 8.0, "targets": ["q_proj", "v_proj", "gate_proj", "down_proj"],
    "learning_rates": [0.001 * (1 + step % 3) for step in range(STEPS)],
}


def make_model(folder):
    torch.manual_seed(SEED)
    config = LlamaConfig(
        vocab_size=VOCABULARY, hidden_size=32, intermediate_size=64, num_hidden_layers=2,
        num_attention_heads=4, num_key_value_heads=2, head_dim=8, max_position_embeddings=256,
        rms_norm_eps=1e-5, tie_word_embeddings=True, bos_token_id=1, eos_token_id=2,
        rope_parameters={"rope_type": "default", "rope_theta": 10000.0})
    config._attn_implementation = "eager"
    model = LlamaForCausalLM(config).float()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if parameter.dim() == 1:
                parameter.copy_(1 + 0.2 * torch.randn_like(parameter))
            else:
                parameter.copy_(torch.randn_like(parameter) * parameter.shape[1] ** -0.5)
    folder.mkdir(parents=True, exist_ok=True)
    save_file({n: p.detach().clone() for n, p in model.named_parameters()},
              folder / "model.safetensors", metadata={"format": "pt"})
    keys = ["vocab_size", "hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads",
            "num_key_value_heads", "head_dim", "max_position_embeddings", "rms_norm_eps", "tie_word_embeddings"]
    written = {"architectures": ["LlamaForCausalLM"], "model_type": "llama", "rope_theta": 10000.0,
               "hidden_act": "silu", "torch_dtype": "float32"} | {k: getattr(config, k) for k in keys}
    (folder / "config.json").write_text(json.dumps(written, indent=2) + "\n")
    return model


def make_batch(rng):
    """A prefix, conversations behind it, tails behind some of these; one root without a family."""
    tokens = lambda least, most: [rng.randrange(VOCABULARY) for _ in range(rng.randint(least, most))]
    runs = [{"parent": -1, "tokens": tokens(20, 40)}]
    for _ in range(rng.randint(3, 5)):
        runs.append({"parent": 0, "tokens": tokens(4, 20)})
        talk = len(runs) - 1
        for _ in range(rng.randint(0, 2)):
            runs.append({"parent": talk, "tokens": tokens(1, 4)})
    runs.append({"parent": -1, "tokens": tokens(5, 9)})
    targets = []
    for number, run in enumerate(runs):
        if number == 0 or rng.random() < 0.2:
            continue
        candidates = rng.sample(range(VOCABULARY), rng.choice([0, 2, 2, 5]))
        answer = rng.randrange(len(candidates) or VOCABULARY)
        targets.append({"run": number, "offset": rng.choice([len(run["tokens"]) - 1, 0]), "candidates": candidates,
                        "answer": answer, "weight": rng.choice([0.5, 1.0, 2.0])})
    return {"runs": runs, "targets": targets}


def path_of(runs, target):
    """The tokens from the root to the target's row."""
    run = runs[target["run"]]
    path = run["tokens"][:target["offset"] + 1]
    while run["parent"] >= 0:
        run = runs[run["parent"]]
        path = run["tokens"] + path
    return path


def target_losses(model, batch):
    losses = []
    for target in batch["targets"]:
        logits = model(input_ids=torch.tensor([path_of(batch["runs"], target)]), use_cache=False).logits[0, -1]
        if target["candidates"]:
            logits = logits[target["candidates"]]
        losses.append(torch.logsumexp(logits, 0) - logits[target["answer"]])
    return losses


def train(model, steps, named):
    """Ten steps; named: parameter -> name in what is written."""
    matrices = [p for p in named if p.dim() > 1]
    gains = [p for p in named if p.dim() == 1]
    optimizer = torch.optim.AdamW(
        [{"params": matrices, "weight_decay": OPTIONS["weight_decay"]}, {"params": gains, "weight_decay": 0.0}],
        betas=(OPTIONS["beta1"], OPTIONS["beta2"]), eps=OPTIONS["eps"])
    average = {p: p.detach().clone() for p in named}
    result = {"losses": [], "norms": []}
    first = {}
    for step, batches in enumerate(steps):
        optimizer.zero_grad()
        total = sum(t["weight"] for batch in batches for t in batch["targets"])
        loss = 0.0
        for batch in batches:
            losses = target_losses(model, batch)
            if step == 0:
                result.setdefault("first_losses", []).extend(x.item() for x in losses)
            part = sum(t["weight"] * x for t, x in zip(batch["targets"], losses)) / total
            part.backward()
            loss += part.item()
        if step == 0:
            first = {name: p.grad.detach().clone() for p, name in named.items()}
        norm = torch.nn.utils.clip_grad_norm_(list(named), OPTIONS["gradient_norm_max"])
        for group in optimizer.param_groups:
            group["lr"] = OPTIONS["learning_rates"][step]
        optimizer.step()
        keep = min(OPTIONS["average_decay"], (2.0 + step) / (11.0 + step))
        with torch.no_grad():
            for p in named:
                average[p].mul_(keep).add_(p, alpha=1 - keep)
        result["losses"].append(loss)
        result["norms"].append(norm.item())
    weights = {name: p.detach().clone() for p, name in named.items()}
    weights |= {name + ".average": average[p] for p, name in named.items()}
    return result, first, weights


def as_matrices(tensors):
    """Vectors as matrices of one row, as train's files have them."""
    return {n: t.reshape(1, -1) if t.dim() == 1 else t.contiguous() for n, t in sorted(tensors.items())}


def folder_digest(folder):
    lines = "".join(f"{hashlib.sha256(f.read_bytes()).hexdigest()}  {f.name}\n" for f in sorted(folder.iterdir()))
    return hashlib.sha256(lines.encode()).hexdigest()


def lora(folder, model, steps):
    config = LoraConfig(r=OPTIONS["rank"], lora_alpha=OPTIONS["alpha"], lora_dropout=0.0, bias="none",
                        target_modules=OPTIONS["targets"])
    tuned = get_peft_model(model, config)
    named = {p: n.removeprefix("base_model.model.").replace(".default", "")
             for n, p in tuned.named_parameters() if p.requires_grad}
    state = {}
    for p, name in named.items():
        state |= {name: p.detach().clone(), name + ".average": p.detach().clone(),
                  name + ".mean": torch.zeros_like(p), name + ".square": torch.zeros_like(p)}
    (folder / "lora").mkdir(exist_ok=True)
    save_file(state, folder / "lora" / "state.safetensors",
              metadata={"steps": "0", "base_sha256": folder_digest(folder / "tiny")})
    result, _, weights = train(tuned, steps, named)
    save_file(as_matrices(weights), folder / "lora.weights.safetensors")
    return result


def main():
    folder = Path(sys.argv[1])
    rng = random.Random(SEED)
    steps = [[make_batch(rng), make_batch(rng)] for _ in range(STEPS)]
    model = make_model(folder / "tiny")
    named = {p: n for n, p in model.named_parameters()}
    full, gradients, weights = train(model, steps, named)
    save_file(as_matrices(gradients), folder / "full.gradients.safetensors")
    save_file(as_matrices(weights), folder / "full.weights.safetensors")
    written = {"options": OPTIONS, "steps": steps, "full": full,
               "lora": lora(folder, make_model(folder / "tiny"), steps)}
    (folder / "steps.json").write_text(json.dumps(written) + "\n")


if __name__ == "__main__":
    main()
