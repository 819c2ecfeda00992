# Part of moec, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""safetensors files with Python's own library alone; written apart from the runtime's reader."""
import array
import json
import math
import struct
import sys

assert sys.byteorder == "little", "safetensors are little-endian and so is this reader"
CODES = {"F32": "f", "F64": "d", "I64": "q", "I32": "i", "BF16": "H"}


class Tensor:
    def __init__(self, dtype, shape, values):
        self.dtype, self.shape, self.values = dtype, tuple(shape), values
        assert len(values) == math.prod(self.shape), (self.shape, len(values))

    def rows(self):
        width = self.shape[-1]
        return [self.values[i:i + width] for i in range(0, len(self.values), width)]


def decode(dtype, raw):
    values = array.array(CODES[dtype], raw)
    if dtype != "BF16":
        return values
    return array.array("f", array.array("I", (v << 16 for v in values)).tobytes())


def to_bf16(value):
    """Round to nearest, ties to even."""
    bits = struct.unpack("<I", struct.pack("<f", value))[0]
    return (bits + 0x7FFF + (bits >> 16 & 1)) >> 16


def encode(tensor):
    if tensor.dtype == "BF16":
        return array.array("H", map(to_bf16, tensor.values)).tobytes()
    return array.array(CODES[tensor.dtype], tensor.values).tobytes()


def read_header(path):
    with open(path, "rb") as file:
        size = struct.unpack("<Q", file.read(8))[0]
        header = json.loads(file.read(size))
    header.pop("__metadata__", None)
    return header, 8 + size


def read(path):
    header, base = read_header(path)
    with open(path, "rb") as file:
        data = file.read()
    out = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        raw = data[base + begin:base + end]
        out[name] = Tensor(entry["dtype"], entry["shape"], decode(entry["dtype"], raw))
    return out


def write(path, tensors):
    header, chunks, offset = {}, [], 0
    for name, tensor in tensors.items():
        raw = encode(tensor)
        header[name] = {"dtype": tensor.dtype, "shape": list(tensor.shape),
                        "data_offsets": [offset, offset + len(raw)]}
        chunks.append(raw)
        offset += len(raw)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + b"".join(chunks))
