#!/usr/bin/env python3
"""Makes the tiny random models and their golden logits in model/src/test/resources/golden.

Every model is written as safetensors (config.json, tokenizer.json, tokenizer_config.json) and as
GGUF; its golden logits are computed by transformers' LlamaForCausalLM in float32 from exactly the
weights of the file (quantised ones are dequantised by the gguf package). The README beside the
files says what each model is for and how the golden files are laid out.

    python -m venv venv && venv/bin/pip install torch transformers tokenizers safetensors gguf
    venv/bin/python scripts/make_tiny_models.py model/src/test/resources/golden
"""

import json
import shutil
import sys
from pathlib import Path

import gguf
import numpy as np
import torch
from safetensors.torch import save_file
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers
from tokenizers import processors, trainers
from transformers import LlamaConfig, LlamaForCausalLM

SEED = 20261124
TOKENS = 24
LLAMA3_PATTERN = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
CORPUS = [
    "the fort on the hill is safe and the other one is unsafe",
    "Provide your safety assessment: the answer is safe or unsafe.",
    "in the morning the guard of the fortress opens the gate again and again",
]
CHATML = (
    "{% for m in messages %}{{ '<|im_start|>' + m['role'] + '\\n' + m['content'] + '<|im_end|>\\n' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
)
LLAMA3_CHAT = (
    "{{ bos_token }}{% for m in messages %}{{ '<|start_header_id|>' + m['role'] + '<|end_header_id|>\\n\\n'"
    " + m['content'] + '<|eot_id|>' }}{% endfor %}"
)

# name of each block's tensor in GGUF -> in a transformers checkpoint
BLOCK_NAMES = {
    "attn_norm": "input_layernorm",
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_norm": "post_attention_layernorm",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}


def byte_bpe(specials, pre, vocab_size, ignore_merges):
    """A byte-level BPE tokenizer: the 256 bytes, a few merges learnt from CORPUS, then specials."""
    tokenizer = Tokenizer(models.BPE(ignore_merges=ignore_merges))
    if pre == "llama-bpe":
        tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
            pre_tokenizers.Split(Regex(LLAMA3_PATTERN), behavior="isolated", invert=False),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ])
    elif pre == "smollm":
        tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
            pre_tokenizers.Digits(individual_digits=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True),
        ])
    else:
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size - len(specials),
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator(CORPUS, trainer)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken(s, special=True, normalized=False) for s in specials])
    if pre == "llama-bpe":
        bos = specials[0]
        tokenizer.post_processor = processors.TemplateProcessing(
            single=f"{bos} $A", pair=f"{bos} $A {bos} $B",
            special_tokens=[(bos, tokenizer.token_to_id(bos))])
    assert tokenizer.get_vocab_size() == vocab_size, tokenizer.get_vocab_size()
    return tokenizer


def sentencepiece(vocab_size):
    """A tokenizer of Llama 2's kind: control tokens, 256 byte tokens, pieces in merge order, letters."""
    letters = ["\u2581"] + [chr(c) for c in range(ord("a"), ord("z") + 1)]
    vocab = {"<unk>": 0, "<s>": 1, "</s>": 2}
    vocab.update({f"<0x{b:02X}>": 3 + b for b in range(256)})
    pieces = [("\u2581", "t"), ("h", "e"), ("\u2581t", "he"), ("s", "a"), ("f", "e"), ("sa", "fe"),
              ("\u2581", "safe"), ("u", "n"), ("\u2581", "un"), ("\u2581un", "safe")]
    merges = pieces[: vocab_size - len(vocab) - len(letters)]
    for left, right in merges:
        vocab[left + right] = len(vocab)
    for letter in letters:
        vocab[letter] = len(vocab)
    tokenizer = Tokenizer(models.BPE(
        vocab=vocab, merges=merges, unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.Prepend("\u2581"), normalizers.Replace(" ", "\u2581")])
    tokenizer.decoder = decoders.Sequence([
        decoders.Replace("\u2581", " "), decoders.ByteFallback(), decoders.Fuse(),
        decoders.Strip(" ", 1, 0)])
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A", pair="<s> $A <s> $B", special_tokens=[("<s>", 1)])
    tokenizer.add_special_tokens(
        [AddedToken(s, special=True, normalized=False) for s in ("<unk>", "<s>", "</s>")])
    assert tokenizer.get_vocab_size() == vocab_size, tokenizer.get_vocab_size()
    return tokenizer


LLAMA3_SPECIALS = ["<|begin_of_text|>", "<|end_of_text|>", "<|start_header_id|>", "<|end_header_id|>",
                   "<|eot_id|>"]
CHATML_SPECIALS = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]

# heads: (query, key/value, size). "style": how config.json spells RoPE and dtype (transformers 4 or 5).
VARIANTS = {
    "mha-tied": dict(
        heads=(4, 4, 16), width=64, ff=64, vocab=296, tied=True, theta=10000.0, scaling=None,
        dtype="F32", ggufs=["F32"], eps=1e-6, style=4, tokenizer="spm"),
    "gqa2-untied": dict(
        heads=(4, 2, 16), width=64, ff=96, vocab=288, tied=False, theta=500000.0,
        scaling=dict(rope_type="llama3", factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0,
                     original_max_position_embeddings=32),
        dtype="BF16", ggufs=["BF16", "Q8_0", "Q5_1", "Q5_0", "Q4_1", "Q4_0"], eps=1e-5, style=4,
        tokenizer="llama-bpe"),
    "gqa4-tied": dict(
        heads=(4, 1, 24), width=64, ff=96, vocab=288, tied=True, theta=100000.0, scaling=None,
        dtype="F16", ggufs=["F16"], eps=1e-5, style=5, tokenizer="smollm"),
    "gqa4-linear": dict(
        heads=(8, 2, 8), width=64, ff=64, vocab=288, tied=False, theta=10000.0,
        scaling=dict(rope_type="linear", factor=4.0),
        dtype="F16", ggufs=["F16"], eps=1e-5, style=4, tokenizer="gpt2", sharded=True),
    "gqa2-kquants": dict(
        heads=(4, 2, 64), width=256, ff=256, vocab=288, tied=True, theta=10000.0, scaling=None,
        dtype=None, ggufs=["K"], eps=1e-5, style=5, tokenizer="smollm", blocks=1),
}
TORCH = {"F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16}


def config_of(v):
    query, kv, size = v["heads"]
    return LlamaConfig(
        vocab_size=v["vocab"], hidden_size=v["width"], intermediate_size=v["ff"],
        num_hidden_layers=v.get("blocks", 2), num_attention_heads=query, num_key_value_heads=kv,
        head_dim=size, max_position_embeddings=256, rms_norm_eps=v["eps"],
        tie_word_embeddings=v["tied"], bos_token_id=v["bos"], eos_token_id=v["eos"],
        rope_parameters=dict(v["scaling"] or {"rope_type": "default"}, rope_theta=v["theta"]))


def random_weights(v, generator):
    """f32 tensors by transformers name; matrices scaled so that activations stay of order one."""
    query, kv, size = v["heads"]
    width, ff = v["width"], v["ff"]

    def matrix(rows, cols):
        return torch.randn(rows, cols, generator=generator) / cols**0.5

    def norm():
        return 1 + 0.2 * torch.randn(width, generator=generator)

    embedding = 0.25 * torch.randn(v["vocab"], width, generator=generator)
    weights = {"model.embed_tokens.weight": embedding}
    for i in range(v.get("blocks", 2)):
        block = f"model.layers.{i}."
        weights[block + "input_layernorm.weight"] = norm()
        # Queries and keys are large enough for attention to be far from uniform: positions matter.
        weights[block + "self_attn.q_proj.weight"] = 2 * matrix(query * size, width)
        weights[block + "self_attn.k_proj.weight"] = 2 * matrix(kv * size, width)
        weights[block + "self_attn.v_proj.weight"] = 2 * matrix(kv * size, width)
        weights[block + "self_attn.o_proj.weight"] = 2 * matrix(width, query * size)
        weights[block + "post_attention_layernorm.weight"] = norm()
        weights[block + "mlp.gate_proj.weight"] = 2 * matrix(ff, width)
        weights[block + "mlp.up_proj.weight"] = matrix(ff, width)
        weights[block + "mlp.down_proj.weight"] = 2 * matrix(width, ff)
    weights["model.norm.weight"] = norm()
    if not v["tied"]:
        weights["lm_head.weight"] = matrix(v["vocab"], width)
    return weights


def logits_of(v, weights, ids):
    model = LlamaForCausalLM(config_of(v)).eval()
    missing, unexpected = model.load_state_dict(
        {k: t.to(torch.float32) for k, t in weights.items()}, strict=False)
    assert not unexpected and set(missing) <= {"lm_head.weight"}, (missing, unexpected)
    model.tie_weights()
    with torch.no_grad():
        return model(torch.tensor([ids])).logits[0].numpy().astype("<f4")


def write_golden(path, ids, logits):
    """[int32] tokens, [int32] vocabulary, [int32] ids[tokens], [f32] logits[tokens][vocabulary]; LE."""
    with open(path, "wb") as out:
        out.write(np.array([len(ids), logits.shape[1], *ids], "<i4").tobytes())
        out.write(logits.tobytes())


def tokenizer_of(v):
    kind = v["tokenizer"]
    if kind == "spm":
        v.update(bos=1, eos=2, unknown=0, template=None)
        return sentencepiece(v["vocab"])
    specials = LLAMA3_SPECIALS if kind == "llama-bpe" else CHATML_SPECIALS
    tokenizer = byte_bpe(specials, kind, v["vocab"], kind == "llama-bpe")
    first = tokenizer.token_to_id(specials[0])
    if kind == "llama-bpe":
        v.update(bos=first, eos=first + 4, unknown=None, template=LLAMA3_CHAT)
    else:
        v.update(bos=first + 1, eos=first + 2, unknown=first, template=CHATML)
    return tokenizer


def write_folder(folder, v, weights, tokenizer):
    folder.mkdir()
    stored = {k: t.to(TORCH[v["dtype"]]).contiguous() for k, t in weights.items()}
    if v.get("sharded"):
        names = list(stored)
        half = len(names) // 2
        shards = {"model-00001-of-00002.safetensors": names[:half],
                  "model-00002-of-00002.safetensors": names[half:]}
        for file, keys in shards.items():
            save_file({k: stored[k] for k in keys}, folder / file, metadata={"format": "pt"})
        index = {"metadata": {"total_size": sum(t.nbytes for t in stored.values())},
                 "weight_map": {k: file for file, keys in shards.items() for k in keys}}
        (folder / "model.safetensors.index.json").write_text(json.dumps(index, indent=1) + "\n")
    else:
        save_file(stored, folder / "model.safetensors", metadata={"format": "pt"})
    config = json.loads(config_of(v).to_json_string())
    dtype = {"F32": "float32", "F16": "float16", "BF16": "bfloat16"}[v["dtype"]]
    config["architectures"] = ["LlamaForCausalLM"]
    config["dtype" if v["style"] == 5 else "torch_dtype"] = dtype
    if v["style"] == 4:
        config.pop("dtype", None)
        config["rope_theta"] = config.pop("rope_parameters")["rope_theta"]
        config["rope_scaling"] = v["scaling"]
        if v["heads"][0] * v["heads"][2] == v["width"]:
            config.pop("head_dim")
    (folder / "config.json").write_text(json.dumps(config, indent=1) + "\n")
    tokenizer.save(str(folder / "tokenizer.json"), pretty=False)
    tokens = {"tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": 256,
              "bos_token": tokenizer.id_to_token(v["bos"]), "eos_token": tokenizer.id_to_token(v["eos"])}
    if v["unknown"] is not None:
        tokens["unk_token"] = tokenizer.id_to_token(v["unknown"])
    if v["tokenizer"] == "spm":
        tokens.update(add_bos_token=True, add_eos_token=False, legacy=False)
    if v["template"]:
        tokens["chat_template"] = v["template"]
    (folder / "tokenizer_config.json").write_text(json.dumps(tokens, indent=1) + "\n")
    # What transformers makes of the folder must be what the weights say.
    loaded = LlamaForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    return stored, loaded


def permute(array, heads):
    """llama.cpp's order of query and key rows: pairs (j, j + size/2) of a head become neighbours."""
    rows, cols = array.shape
    return array.reshape(heads, 2, rows // heads // 2, cols).swapaxes(1, 2).reshape(rows, cols)


def unpermute(array, heads):
    rows, cols = array.shape
    return array.reshape(heads, rows // heads // 2, 2, cols).swapaxes(1, 2).reshape(rows, cols)


def rope_factors(v):
    """The divisors of rope_freqs.weight for Llama 3.1's rule, as llama.cpp's converter writes them."""
    s, size = v["scaling"], v["heads"][2]
    factors = []
    for i in range(size // 2):
        wavelength = 2 * np.pi * v["theta"] ** (2 * i / size)
        original = s["original_max_position_embeddings"]
        if wavelength < original / s["high_freq_factor"]:
            factors.append(1.0)
        elif wavelength > original / s["low_freq_factor"]:
            factors.append(s["factor"])
        else:
            smooth = (original / wavelength - s["low_freq_factor"]) / (
                s["high_freq_factor"] - s["low_freq_factor"])
            factors.append(1 / ((1 - smooth) / s["factor"] + smooth))
    return np.array(factors, np.float32)


def random_k_blocks(kind, rows, cols, scale, rng):
    """Random bytes as K-quant blocks, their f16 scales set so that the values spread by `scale`."""
    qtype = getattr(gguf.GGMLQuantizationType, kind)
    values, size = gguf.GGML_QUANT_SIZES[qtype]
    blocks = rng.integers(0, 256, (rows * cols // values, size), dtype=np.uint8)
    at, offset = {"Q2_K": (80, 1.5), "Q3_K": (108, None), "Q4_K": (0, 7.5), "Q5_K": (0, 15.5),
                  "Q6_K": (208, None)}[kind]

    def set_scales(unit):
        d = (unit * rng.uniform(0.8, 1.2, len(blocks))).astype("<f2")
        blocks[:, at:at + 2] = d.view(np.uint8).reshape(-1, 2)
        if offset:
            low = (d.astype(np.float32) * offset).astype("<f2")
            blocks[:, at + 2:at + 4] = low.view(np.uint8).reshape(-1, 2)

    set_scales(1.0 / 64)
    spread = gguf.quants.dequantize(blocks.reshape(rows, -1), qtype).std()
    set_scales(scale / spread / 64)
    return blocks.reshape(rows, -1), qtype


def k_quantise(name, tensor, rng):
    """A K-quant stand-in for a tensor: random blocks of the same spread, another type each."""
    kind = {"attn_q": "Q2_K", "attn_k": "Q3_K", "attn_v": "Q4_K", "attn_output": "Q5_K",
            "ffn_gate": "Q6_K", "ffn_up": "Q4_K", "ffn_down": "Q5_K", "token_embd": "Q6_K"}
    key = next(k for k in kind if k in name)
    rows, cols = tensor.shape
    return random_k_blocks(kind[key], rows, cols, float(tensor.std()), rng)


def write_gguf(path, v, weights, tokenizer, kind, rng):
    """Writes the file; returns the weights it holds, dequantised, in transformers' names and order."""
    query, kv, size = v["heads"]
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_name(path.stem)
    writer.add_context_length(256)
    writer.add_embedding_length(v["width"])
    writer.add_block_count(v.get("blocks", 2))
    writer.add_feed_forward_length(v["ff"])
    writer.add_head_count(query)
    writer.add_head_count_kv(kv)
    writer.add_rope_dimension_count(size)
    if size * query != v["width"]:
        writer.add_key_length(size)
        writer.add_value_length(size)
    writer.add_layer_norm_rms_eps(v["eps"])
    writer.add_rope_freq_base(v["theta"])
    writer.add_vocab_size(v["vocab"])
    if v["scaling"] and v["scaling"]["rope_type"] == "linear":
        writer.add_rope_scaling_type(gguf.RopeScalingType.LINEAR)
        writer.add_rope_scaling_factor(v["scaling"]["factor"])
    add_vocabulary(writer, v, tokenizer)

    back = {}
    if v["scaling"] and v["scaling"]["rope_type"] == "llama3":
        writer.add_tensor("rope_freqs.weight", rope_factors(v))
    to_gguf = {"model.embed_tokens": "token_embd", "model.norm": "output_norm", "lm_head": "output"}
    for i in range(v.get("blocks", 2)):
        for theirs, ours in BLOCK_NAMES.items():
            to_gguf[f"model.layers.{i}.{ours}"] = f"blk.{i}.{theirs}"
    for name, tensor in weights.items():
        target = to_gguf[name.removesuffix(".weight")] + ".weight"
        array = tensor.to(torch.float32).numpy()
        if array.ndim == 1:
            writer.add_tensor(target, array)
            back[name] = tensor.to(torch.float32)
            continue
        heads = query if "q_proj" in name else kv if "k_proj" in name else 0
        if heads:
            array = permute(array, heads)
        if kind == "K":
            data, qtype = k_quantise(target, tensor, rng)
        else:
            qtype = getattr(gguf.GGMLQuantizationType, kind)
            data = gguf.quants.quantize(array, qtype)
        if qtype == gguf.GGMLQuantizationType.F16:
            data = data.astype(np.float16)
        writer.add_tensor(target, data, raw_dtype=qtype)
        plain = gguf.quants.dequantize(data, qtype).reshape(array.shape)
        back[name] = torch.from_numpy(np.ascontiguousarray(unpermute(plain, heads) if heads else plain))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return back


def add_vocabulary(writer, v, tokenizer):
    tokens = [tokenizer.id_to_token(i) for i in range(v["vocab"])]
    specials = {i for i, t in tokenizer.get_added_tokens_decoder().items()}
    types = [gguf.TokenType.CONTROL if i in specials else gguf.TokenType.NORMAL
             for i in range(v["vocab"])]
    model = json.loads(tokenizer.to_str())["model"]
    if v["tokenizer"] == "spm":
        types[0] = gguf.TokenType.UNKNOWN
        for i in range(3, 259):
            types[i] = gguf.TokenType.BYTE
        scores = [0.0 if i < 259 else -float(i - 259) for i in range(v["vocab"])]
        writer.add_tokenizer_model("llama")
        writer.add_tokenizer_pre("default")
        writer.add_token_list(tokens)
        writer.add_token_scores(scores)
        writer.add_add_bos_token(True)
        writer.add_add_space_prefix(True)
    else:
        writer.add_tokenizer_model("gpt2")
        writer.add_tokenizer_pre({"gpt2": "gpt-2"}.get(v["tokenizer"], v["tokenizer"]))
        writer.add_token_list(tokens)
        merges = [m if isinstance(m, str) else " ".join(m) for m in model["merges"]]
        writer.add_token_merges(merges)
        writer.add_add_bos_token(v["tokenizer"] == "llama-bpe")
    writer.add_token_types(types)
    writer.add_bos_token_id(v["bos"])
    writer.add_eos_token_id(v["eos"])
    if v["unknown"] is not None:
        writer.add_unk_token_id(v["unknown"])
    if v["template"]:
        writer.add_chat_template(v["template"])


def write_metadata(path):
    """A file without tensors that has a metadata value of every type, edges of their ranges included."""
    kind = gguf.GGUFValueType
    writer = gguf.GGUFWriter(path, "llama")
    for name, values, numbers in [
        ("uint8", kind.UINT8, [0, 255]), ("int8", kind.INT8, [-128, 127]),
        ("uint16", kind.UINT16, [0, 65535]), ("int16", kind.INT16, [-32768, 32767]),
        ("uint32", kind.UINT32, [0, 2**32 - 1]), ("int32", kind.INT32, [-(2**31), 2**31 - 1]),
        ("uint64", kind.UINT64, [0, 2**64 - 1]), ("int64", kind.INT64, [-(2**63), 2**63 - 1]),
        ("float32", kind.FLOAT32, [-1.5, float("inf")]), ("float64", kind.FLOAT64, [0.1, -1e300]),
        ("bool", kind.BOOL, [True, False]), ("string", kind.STRING, ["", "Gr\u00fc\u00dfe \U0001F44B"]),
    ]:
        writer.add_key_value(f"test.{name}", numbers[-1], values)
        writer.add_key_value(f"test.{name}s", numbers, kind.ARRAY, values)
    writer.add_key_value("test.nested", [[1, 2], [3]], kind.ARRAY, kind.ARRAY)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def main():
    target = Path(sys.argv[1])
    target.mkdir(parents=True, exist_ok=True)
    for number, (name, v) in enumerate(VARIANTS.items()):
        generator = torch.Generator().manual_seed(SEED + number)
        rng = np.random.default_rng(SEED + number)
        tokenizer = tokenizer_of(v)
        weights = random_weights(v, generator)
        ids = rng.integers(0, v["vocab"], TOKENS).tolist()
        folder = target / name
        shutil.rmtree(folder, ignore_errors=True)
        for old in target.glob(f"{name}.*"):
            old.unlink()
        if v["dtype"]:
            weights, loaded = write_folder(folder, v, weights, tokenizer)
            logits = logits_of(v, weights, ids)
            with torch.no_grad():
                again = loaded(torch.tensor([ids])).logits[0].numpy()
            assert np.abs(again - logits).max() < 1e-5, name
            write_golden(target / f"{name}.logits.bin", ids, logits)
        for kind in v["ggufs"]:
            path = target / f"{name}.{kind}.gguf"
            held = write_gguf(path, v, weights, tokenizer, kind, rng)
            if kind == v["dtype"]:  # the same values as the folder's: the same golden logits
                assert all(torch.equal(held[k], weights[k].float()) for k in weights), path
                continue
            logits = logits_of(v, held, ids)
            write_golden(target / f"{name}.{kind}.logits.bin", ids, logits)
        print(f"{name}: logits std {logits.std():.3f}, max {np.abs(logits).max():.3f}")
    write_metadata(target / "metadata.gguf")
    size = sum(f.stat().st_size for f in target.rglob("*") if f.is_file())
    print(f"{size:,} bytes in {target}")


if __name__ == "__main__":
    main()
