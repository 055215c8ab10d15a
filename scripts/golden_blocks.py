"""Makes the golden files of BlockFormatTest with ggml's own Python package as the oracle.

    pip install gguf numpy
    python scripts/golden_blocks.py kernels/src/test/resources/blocks

FORMAT.blocks   random blocks with sane scales
FORMAT.values   the f32 values that the oracle reads from them
input.values    f32 values to encode: normal, constant, zero, one-sided and tiny runs
FORMAT.encoded  the blocks that the oracle makes of them
"""

import sys
from pathlib import Path

import numpy as np
from gguf.constants import GGML_QUANT_SIZES, GGMLQuantizationType as Type
from gguf.quants import dequantize, quantize

# Offsets of the f16 fields (scales, minima), which must not be random bits: those may be NaN.
F16_FIELDS = {
    "Q4_0": [0], "Q4_1": [0, 2], "Q5_0": [0], "Q5_1": [0, 2], "Q8_0": [0],
    "Q2_K": [80, 82], "Q3_K": [108], "Q4_K": [0, 2], "Q5_K": [0, 2], "Q6_K": [208],
}
ENCODED = ["F16", "BF16", "Q8_0", "Q5_0", "Q4_1", "Q4_0"]


def blocks(name: str, rng: np.random.Generator) -> np.ndarray:
    values, size = GGML_QUANT_SIZES[Type[name]]
    count = 1024 // values
    raw = rng.integers(0, 256, (count, size), dtype=np.uint8)
    for offset in F16_FIELDS[name]:
        scale = rng.normal(0, 0.02, count).astype("<f2")
        scale[0] = np.float16(3e-7)  # a subnormal f16
        raw[:, offset : offset + 2] = scale.view(np.uint8).reshape(count, 2)
    return raw


def q8_k(rng: np.random.Generator) -> tuple[bytes, np.ndarray]:
    """The oracle cannot read Q8_K: f32 scale, 256 signed bytes, 16 sums of 16."""
    raw, values = b"", []
    for _ in range(4):
        scale = rng.normal(0, 0.02, 1).astype("<f4")
        q = rng.integers(-128, 128, 256).astype("<i1")
        sums = q.astype("<i2").reshape(16, 16).sum(axis=1).astype("<i2")
        raw += scale.tobytes() + q.tobytes() + sums.tobytes()
        values.append(scale * q.astype("<f4"))
    return raw, np.concatenate(values).astype("<f4")


def inputs(rng: np.random.Generator) -> np.ndarray:
    runs = [rng.normal(0, 0.05, 512), rng.uniform(-1, 1, 256), np.full(32, 0.25), np.zeros(32)]
    runs += [rng.uniform(1, 2, 32), rng.uniform(-2, -1, 32), rng.normal(0, 1e-6, 64)]
    runs += [rng.normal(0, 100, 64)]
    return np.concatenate(runs).astype("<f4")


def main(target: Path) -> None:
    rng = np.random.default_rng(20261124)
    target.mkdir(parents=True, exist_ok=True)
    for name in F16_FIELDS:
        raw = blocks(name, rng)
        raw.tofile(target / f"{name}.blocks")
        dequantize(raw, Type[name]).astype("<f4").tofile(target / f"{name}.values")
    raw, values = q8_k(rng)
    (target / "Q8_K.blocks").write_bytes(raw)
    values.tofile(target / "Q8_K.values")
    source = inputs(rng)
    source.tofile(target / "input.values")
    for name in ENCODED:
        quantize(source, Type[name]).tofile(target / f"{name}.encoded")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
