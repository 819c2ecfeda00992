# Part of moec, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""One input on 1, 2, 3, 5 and 8 ranks under every kind of placement: one output file.

  same_bytes.py GOLDEN SCRATCH

Prints each run's name; exit code 1 at the first file that differs.
"""
import json
import sys

from pipeline import Golden, Scratch, random_placement, with_placement

RANKS = (1, 2, 3, 5, 8)
RANDOM_PLACEMENTS = 3


def expert_count(config):
    for field in ("num_local_experts", "num_experts", "n_routed_experts"):
        if field in config:
            return config[field]
    raise KeyError("no expert count in config.json")


def placements(experts, ranks):
    yield "linear", "  linear\n"
    yield "round-robin", "  round_robin\n"
    everywhere = ", ".join(map(str, range(ranks)))
    yield "replicated", f"  linear\n  pin expert 0 -> gpu {everywhere}\n"
    for seed in range(RANDOM_PLACEMENTS):
        yield f"random-{seed}", random_placement(experts, ranks, seed)


def main(folder, scratch):
    golden, scratch = Golden(folder), Scratch(scratch)
    experts = expert_count(json.loads(golden.config.read_text()))
    text = scratch.import_layer(golden.config, golden.layer, "imported").read_text()
    first = None
    for ranks in RANKS:
        for kind, body in placements(experts, ranks):
            name = f"{kind}-{ranks}"
            source = scratch.path(f"{name}.moe")
            source.write_text(with_placement(text, ranks, body))
            module = scratch.compile(source, ranks)
            output = scratch.step(module, golden.weights, golden.input, name=name)
            found = output.read_bytes()
            print(f"{name}: {len(found)} bytes")
            first = first or found
            if found != first:
                print(f"FAILED: {name} differs from linear-{RANKS[0]}")
                sys.exit(1)


if __name__ == "__main__":
    main(*sys.argv[1:])
