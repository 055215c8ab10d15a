"""Writes a folder of f32 weights as transformers keeps it; used by the scripts beside it."""

import json
import shutil
import struct


class WeightsFolder:
    """A new folder: tensors one by one, configuration and tokenizer from another folder."""

    def __init__(self, target, base):
        self.target, self.base = target, base
        self.header, self.chunks, self.position = {}, [], 0

    def add(self, name, shape, data):
        """A tensor, as the bytes of its f32 values."""
        self.header[name] = {
            "dtype": "F32",
            "shape": shape,
            "data_offsets": [self.position, self.position + len(data)],
        }
        self.chunks.append(data)
        self.position += len(data)

    def write(self):
        self.target.mkdir(parents=True)
        for file in self.base.iterdir():
            if file.suffix != ".safetensors":
                shutil.copy(file, self.target)
        text = json.dumps(self.header).encode()
        text += b" " * (-len(text) % 8)
        with open(self.target / "model.safetensors", "xb") as out:
            out.write(struct.pack("<Q", len(text)) + text)
            out.writelines(self.chunks)
