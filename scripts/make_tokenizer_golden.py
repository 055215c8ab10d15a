#!/usr/bin/env python3
"""Makes the golden files of the tokenizer tests: what Hugging Face tokenizers and sentencepiece
make of 24,000 strings and of every Unicode character.

    venv/bin/python scripts/make_tokenizer_golden.py model/src/test/resources/golden/tokenizers \
        --smollm2 SmolLM2-135M-Instruct.Q4_1.gguf --tokenizers DIR

Needs the packages tokenizers, sentencepiece, protobuf and gguf. Reads strings.json of that folder
and writes beside it

- byte_bpe.json, sentencepiece.json: small vocabularies trained on those strings, as
  TokenizerSpec has them. With --keep they are not trained anew, only the digests are made.
- digests.json: for each vocabulary, of each 100 strings and of each 8,192 characters the first 16
  hex digits of SHA-256 over the ids; `strings` the same over the strings themselves, which tells a
  generator that went astray from a tokenizer that did.
- cases.json: short strings with their ids, to see what differs.

The vocabularies of SmolLM2 and Llama are not written. DIR holds those as NAME/tokenizer.json, NAME
one of llama2, llama3, mistral; what is missing keeps the digests it has. Special tokens are not
known to any of the oracles: text that spells one is ordinary text.
"""

import argparse
import hashlib
import io
import json
import re
import struct
from pathlib import Path

import gguf
import sentencepiece
from sentencepiece import sentencepiece_model_pb2
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

STRINGS = 24_000
BLOCK = 100
CHARACTERS_BLOCK = 8192
SEED = 20261124
CASES = 150
CASE_UNITS = 24
MASK = (1 << 64) - 1
BLANK = "\u2581"
LLAMA3 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)
# Digits of Unicode 17: the oracle's digit splitting knows them, its patterns and JDK 25 do not.
NEW_DIGITS = set(range(0x11DE0, 0x11DEA)) | {0x16FF4, 0x16FF5, 0x16FF6}
# GGUF's token types.
NORMAL, UNKNOWN, CONTROL, USER_DEFINED, BYTE = 1, 2, 3, 4, 6


# --- strings ---------------------------------------------------------------------------------


class Draws:
    """SplitMix64."""

    def __init__(self, seed):
        self.state = seed & MASK

    def below(self, bound):
        self.state = (self.state + 0x9E3779B97F4A7C15) & MASK
        z = self.state
        z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9 & MASK
        z = (z ^ z >> 27) * 0x94D049BB133111EB & MASK
        return ((z ^ z >> 31) >> 33) % bound


def utf16(text):
    return text.encode("utf-16-le", "surrogatepass")


def well_formed(units):
    """Text of UTF-16 units, with U+FFFD for unpaired surrogates."""
    return re.sub("[\ud800-\udfff]", "\ufffd", units.decode("utf-16-le", "surrogatepass"))


def draw(source, lists, draws):
    if source == "#any":
        bound = (0x800, 0x10000, 0x10000, 0x110000)[draws.below(4)]
        code = draws.below(bound)
    elif source == "#plane":
        code = 0x10000 + draws.below(0x30000)
    elif source == "#unit":
        code = 0xD800 + draws.below(0x800)
    else:
        choices = lists[source.removeprefix("_")]
        word = choices[draws.below(len(choices))]
        return utf16(" " + word if source.startswith("_") else word)
    return utf16(chr(0xFFFD if code in NEW_DIGITS else code))


def make_string(index, blocks):
    draws = Draws(SEED + index)
    recipe = blocks["recipes"][index % len(blocks["recipes"])]
    units = b""
    for _ in range(1 + draws.below(recipe["count"])):
        source = recipe["from"][draws.below(len(recipe["from"]))]
        atom = draw(source, blocks["lists"], draws)
        units += atom * (1 + draws.below(recipe.get("times", 1)))
    return well_formed(units)


def make_characters(code):
    """One character in the surroundings that the patterns tell apart."""
    c = chr(code)
    return f"a{c}b {c}1{c}{c}\n{c} '{c}s' {c}"


# --- vocabularies ----------------------------------------------------------------------------


def byte_bpe(vocabulary, merges, pre, ignore_merges=False):
    byte_level = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=pre != "LLAMA3")
    before = {
        "GPT2": [],
        "SMOLLM": [pre_tokenizers.Digits(individual_digits=True)],
        "LLAMA3": [pre_tokenizers.Split(Regex(LLAMA3), behavior="isolated")],
    }[pre]
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=merges, ignore_merges=ignore_merges))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([*before, byte_level])
    return tokenizer


def llama2(vocabulary, merges):
    bpe = models.BPE(
        vocab=vocabulary, merges=merges, unk_token="<unk>", fuse_unk=True, byte_fallback=True
    )
    tokenizer = Tokenizer(bpe)
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.Prepend(BLANK), normalizers.Replace(" ", BLANK)]
    )
    return tokenizer


def encoder(tokenizer):
    return lambda texts: [e.ids for e in tokenizer.encode_batch(texts, add_special_tokens=False)]


def pairs(merges):
    return [tuple(m.split(" ")) if isinstance(m, str) else tuple(m) for m in merges]


def train_byte_bpe(texts):
    """About 900 tokens; two bytes without one, words that no merges make, special tokens."""
    tokenizer = byte_bpe({}, [], "LLAMA3")
    trainer = trainers.BpeTrainer(
        vocab_size=900, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False
    )
    tokenizer.train_from_iterator(texts, trainer)
    model = json.loads(tokenizer.to_str())["model"]
    # In merges only what is left without the bytes 04 and F2.
    gone = {"\u0104", "\u00f2"}
    kept = [m for m in pairs(model["merges"]) if not gone & set("".join(m))]
    tokens = [t for t in sorted(model["vocab"], key=model["vocab"].get) if not gone & set(t)]
    tokens += ["\u0120supercalifragilistic", "antidisestablishmentarianism", "...\u010a"]
    types = [NORMAL] * len(tokens)
    special = ["<|im_start|>", "<|im_end|>", "<|eot_id|>", "<|synthetic|>", "synthetic"]
    types += [CONTROL, CONTROL, CONTROL, USER_DEFINED, CONTROL]
    return {
        "kind": "BYTE_BPE",
        "pre": "LLAMA3",
        "tokens": tokens + special,
        "types": types,
        "scores": [],
        "merges": [" ".join(m) for m in kept],
        "bos": -1,
        "eos": len(tokens) + 1,
        "unknown": -1,
        "addBos": False,
        "addSpacePrefix": False,
        "ignoreMerges": True,
    }


def train_sentencepiece(texts):
    """About 900 tokens; both scores and the merges that follow from them."""
    out = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter([t for t in texts if "\0" not in t and BLANK not in t]),
        model_writer=out,
        model_type="bpe",
        vocab_size=900,
        byte_fallback=True,
        character_coverage=0.98,
        normalization_rule_name="identity",
        remove_extra_whitespaces=False,
        allow_whitespace_only_pieces=True,
        control_symbols=["[INST]"],
        minloglevel=2,
    )
    proto = sentencepiece_model_pb2.ModelProto.FromString(out.getvalue())
    # Runs of blanks of any length and one score, as in Llama 2: ties, which scores and merges
    # decide in different ways.
    runs = {p.piece: p for p in proto.pieces if set(p.piece) == {BLANK} and len(p.piece) > 1}
    for length in range(2, 12):
        run = runs.get(BLANK * length) or proto.pieces.add(piece=BLANK * length, type=NORMAL)
        run.score = -1e9
    vocabulary = {p.piece: i for i, p in enumerate(proto.pieces)}
    types = [p.type for p in proto.pieces]
    merges = []
    for piece in proto.pieces:
        if piece.type == NORMAL:
            for k in range(1, len(piece.piece)):
                left, right = piece.piece[:k], piece.piece[k:]
                if left in vocabulary and right in vocabulary:
                    merges.append((-piece.score, f"{left} {right}"))
    merges.sort(key=lambda m: m[0])
    return {
        "kind": "SENTENCEPIECE",
        "pre": "NONE",
        "tokens": [p.piece for p in proto.pieces],
        "types": types,
        "scores": [p.score for p in proto.pieces],
        "merges": [line for _, line in merges],
        "bos": vocabulary["<s>"],
        "eos": vocabulary["</s>"],
        "unknown": vocabulary["<unk>"],
        "addBos": True,
        "addSpacePrefix": True,
        "ignoreMerges": False,
    }


def scored(spec):
    """The sentencepiece library on a vocabulary with scores."""
    proto = sentencepiece_model_pb2.ModelProto()
    for piece, kind, score in zip(spec["tokens"], spec["types"], spec["scores"], strict=True):
        proto.pieces.add(piece=piece, type=kind, score=score)
    proto.trainer_spec.model_type = 2
    proto.trainer_spec.byte_fallback = True
    proto.normalizer_spec.name = "identity"
    proto.normalizer_spec.add_dummy_prefix = True
    proto.normalizer_spec.remove_extra_whitespaces = False
    proto.normalizer_spec.escape_whitespaces = True
    processor = sentencepiece.SentencePieceProcessor(model_proto=proto.SerializeToString())
    return lambda texts: [processor.encode(t) for t in texts]


def normal_only(spec):
    """What text can reach."""
    kinds = zip(spec["tokens"], spec["types"], strict=True)
    return {t: i for i, (t, kind) in enumerate(kinds) if kind not in (CONTROL, USER_DEFINED)}


def digest_of_vocabulary(tokens):
    return hashlib.sha256("\n".join(tokens).encode()).hexdigest()[:16]


def synthetic_oracles(folder):
    spec = json.loads((folder / "byte_bpe.json").read_text())
    tokens, merges = normal_only(spec), pairs(spec["merges"])
    yield "byte_bpe gpt2", encoder(byte_bpe(tokens, merges, "GPT2"))
    yield "byte_bpe smollm", encoder(byte_bpe(tokens, merges, "SMOLLM"))
    yield "byte_bpe llama3", encoder(byte_bpe(tokens, merges, "LLAMA3", ignore_merges=True))
    spec = json.loads((folder / "sentencepiece.json").read_text())
    yield "sentencepiece merges", encoder(llama2(normal_only(spec), pairs(spec["merges"])))
    yield "sentencepiece scores", scored(spec)


def real_oracles(smollm2, tokenizers):
    """Name, digest of the vocabulary, encoder."""
    if smollm2:
        fields = gguf.GGUFReader(smollm2).fields
        tokens = fields["tokenizer.ggml.tokens"].contents()
        merges = pairs(fields["tokenizer.ggml.merges"].contents())
        vocabulary = {t: i for i, t in enumerate(tokens)}
        digest = digest_of_vocabulary(tokens)
        yield "smollm2", digest, encoder(byte_bpe(vocabulary, merges, "SMOLLM"))
    for name in ("llama2", "mistral", "llama3"):
        path = tokenizers / name / "tokenizer.json" if tokenizers else None
        if path and path.exists():
            file = json.loads(path.read_text())
            vocabulary = file["model"]["vocab"]
            digest = digest_of_vocabulary(sorted(vocabulary, key=vocabulary.get))
            # The file's own pipeline, without its special tokens.
            file["added_tokens"] = []
            file["post_processor"] = None
            yield name, digest, encoder(Tokenizer.from_str(json.dumps(file)))


# --- digests ---------------------------------------------------------------------------------


def blocks_of(rows, size):
    digests = []
    for start in range(0, len(rows), size):
        sha = hashlib.sha256()
        for row in rows[start : start + size]:
            sha.update(row)
        digests.append(sha.hexdigest()[:16])
    return " ".join(digests)


def packed(ids):
    return struct.pack(f"<{len(ids) + 1}i", len(ids), *ids)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--smollm2", type=Path)
    parser.add_argument("--tokenizers", type=Path)
    parser.add_argument("--keep", action="store_true")
    args = parser.parse_args()
    blocks = json.loads((args.folder / "strings.json").read_text())
    texts = [make_string(i, blocks) for i in range(STRINGS)]
    if not args.keep:
        # Not the strings that are long or random; for sentencepiece few scripts, so that the others
        # fall back to bytes.
        recipes = len(blocks["recipes"])
        plain = [t for i, t in enumerate(texts) if i % recipes not in (8, 9, 14, 16)]
        western = [t for i, t in enumerate(texts) if i % recipes in (0, 1, 4, 5)]
        write(args.folder / "byte_bpe.json", train_byte_bpe(plain))
        write(args.folder / "sentencepiece.json", train_sentencepiece(western))

    path = args.folder / "digests.json"
    out = json.loads(path.read_text()) if path.exists() else {"ids": {}, "vocabularies": {}}
    out["strings"] = blocks_of([packed(t.encode()) for t in texts], BLOCK)
    out["characters"] = {}
    short = [i for i, t in enumerate(texts) if len(utf16(t)) <= 2 * CASE_UNITS][:CASES]
    cases = {i: {"text": texts[i], "ids": {}} for i in short}

    def compare(name, encode):
        rows = encode(texts)
        out["ids"][name] = blocks_of([packed(r) for r in rows], BLOCK)
        for i in short:
            cases[i]["ids"][name] = rows[i]
        print(name, sum(map(len, rows)), "tokens")

    codes = [c for c in range(0x110000) if not 0xD800 <= c < 0xE000 and c not in NEW_DIGITS]
    characters = [make_characters(c) for c in codes]
    for name, encode in synthetic_oracles(args.folder):
        compare(name, encode)
        rows = [packed(r) for r in encode(characters)]
        out["characters"][name] = blocks_of(rows, CHARACTERS_BLOCK)
    for name, digest, encode in real_oracles(args.smollm2, args.tokenizers):
        compare(name, encode)
        out["vocabularies"][name] = digest
    write(path, out)
    lines = [json.dumps(c, separators=(",", ":")) for c in cases.values()]
    (args.folder / "cases.json").write_text("[\n" + ",\n".join(lines) + "\n]\n")


def write(path, value):
    path.write_text(json.dumps(value, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
