# Part of moec, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A layer and tokens of which every one chooses the same expert.

  one_expert_gets_all.py GOLDEN EXPERT SCRATCH    writes config.json and input.safetensors
  one_expert_gets_all.py EXPERT OUT               checks the choices of a step
"""
import json
import pathlib
import sys

from tensors import Tensor, read, write

TOKENS = 40


def make(golden, expert, scratch):
    golden, scratch = pathlib.Path(golden), pathlib.Path(scratch)
    config = json.loads((golden / "config.json").read_text())
    (scratch / "config.json").write_text(json.dumps({**config, "num_experts_per_tok": 1}))
    weights = read(golden / "weights.safetensors")
    gate = next(w for name, w in weights.items() if name.endswith(".gate.weight"))
    row = gate.rows()[int(expert)]
    # Along the expert's own row of the router, each token a little longer than the one before.
    values = type(row)(row.typecode)
    for t in range(TOKENS):
        values.extend(type(row)(row.typecode, (v * (1 + t / TOKENS) for v in row)))
    write(scratch / "input.safetensors", {"input": Tensor("F32", (TOKENS, len(row)), values)})


def check(expert, out):
    found = set(read(out)["topk_indices"].values)
    print(f"experts chosen: {sorted(found)}")
    sys.exit(found != {int(expert)})


if __name__ == "__main__":
    (make if len(sys.argv) == 4 else check)(*sys.argv[1:])
