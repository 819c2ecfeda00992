# Part of moec, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A checkpoint in three files with their index, and weights of another layer in between.

  shard.py WEIGHTS OUT_FOLDER
"""
import json
import pathlib
import re
import sys

from tensors import read, write

SHARDS = 3


def main(source, folder):
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    weights = read(source)
    others = {re.sub(r"layers\.\d+\.", "layers.99.", name): w for name, w in weights.items()}
    shards = [{} for _ in range(SHARDS)]
    for i, (name, weight) in enumerate(sorted({**weights, **others}.items())):
        shards[i % SHARDS][name] = weight
    index = {}
    for i, shard in enumerate(shards):
        file = f"model-{i + 1:05}-of-{SHARDS:05}.safetensors"
        write(folder / file, shard)
        index.update(dict.fromkeys(shard, file))
    (folder / "model.safetensors.index.json").write_text(
        json.dumps({"metadata": {"total_size": 0}, "weight_map": index}))


if __name__ == "__main__":
    main(*sys.argv[1:])
