# Part of moec, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Writes eplb_cases.txt: what the published balancer answers on random loads.

  git clone https://github.com/deepseek-ai/EPLB && git -C EPLB checkout d52c72d
  PYTHONPATH=EPLB python3 make_eplb_cases.py > eplb_cases.txt       (Debian: python3-torch)

A case is three lines: slots groups nodes gpus; the loads; physical_to_logical_map.
The order of equal loads is left to torch's sort, which differs by version: here it is stable.
"""
import random

import eplb
import torch

SIZES = [  # experts, slots, groups, nodes, gpus
    (12, 16, 4, 2, 8), (8, 8, 1, 1, 8), (8, 16, 1, 1, 8), (64, 64, 1, 1, 8), (64, 72, 1, 1, 8),
    (64, 80, 8, 3, 16), (256, 288, 8, 4, 32), (256, 320, 8, 8, 64), (256, 320, 1, 8, 64),
    (128, 128, 4, 4, 16), (60, 64, 1, 1, 8), (16, 64, 1, 2, 32), (256, 256, 8, 1, 8),
]


def loads(kind, experts, draw):
    if kind == "lognormal":
        return [int(1000 * draw.lognormvariate(0, 1)) for _ in range(experts)]
    if kind == "zipf":
        values = [int(10000 / (i + 1)) for i in range(experts)]
        draw.shuffle(values)
        return values
    return [draw.randrange(1, 8) for _ in range(experts)]  # many equals


def main():
    sort = torch.Tensor.sort
    torch.Tensor.sort = lambda self, dim, descending: sort(self, dim=dim, descending=descending, stable=True)
    for number, (experts, slots, groups, nodes, gpus) in enumerate(SIZES):
        for kind in ("lognormal", "zipf", "equals"):
            weight = loads(kind, experts, random.Random(f"{number} {kind}"))
            answer, _, _ = eplb.rebalance_experts(torch.tensor([weight]), slots, groups, nodes, gpus)
            print(slots, groups, nodes, gpus)
            print(*weight)
            print(*answer[0].tolist())


if __name__ == "__main__":
    main()
