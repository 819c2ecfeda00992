# Part of moec, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The three lists of an EPLB map agree, as rebalance_experts makes them.

  check_eplb.py MAP EXPERTS
"""
import json
import sys


def main(path, experts):
    with open(path) as file:
        maps = json.load(file)
    for forward, backward, counts in zip(maps["physical_to_logical_map"], maps["logical_to_physical_map"],
                                         maps["expert_count"], strict=True):
        assert len(backward) == len(counts) == experts
        most = max(counts)
        for expert in range(experts):
            slots = [slot for slot, found in enumerate(forward) if found == expert]
            assert counts[expert] == len(slots)
            assert backward[expert] == slots + [-1] * (most - len(slots))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
