# Part of moec, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A run's own counts give a placement with copies, which gives the same bytes.

  placed_by_load.py GOLDEN SCRATCH

Eight ranks, random weights and tokens whose experts are skewed. The first run, dealt linearly, says
how often each expert was chosen; `moec place` takes its report; the second run, with copies of the
hot experts, passes the check and writes the same output. Prints the rows of the fullest rank over
the mean, before and after.
"""
import json
import sys

from pipeline import Golden, Scratch, run

RANKS = 8
REPLICAS = 8


def step(source, output):
    report = run("moec", "run", source, "--random", 1, "--tokens", 256, "--check", "--json", "--output", output)
    return json.loads(report)


def imbalance(report):
    """Each copy is taken to serve its part: (token + source) modulo the copies deals them evenly."""
    counts, slots = report["expert_tokens"], report["placement"]
    copies = [sum(expert in held for held in slots) for expert in range(len(counts))]
    rows = [sum(counts[expert] / copies[expert] for expert in held) for held in slots]
    return max(rows) * len(rows) / sum(rows)


def main(folder, scratch):
    golden, scratch = Golden(folder), Scratch(scratch)
    layer = scratch.import_layer(golden.config, golden.layer)
    linear, placed = scratch.path("linear.moe"), scratch.path("placed.moe")
    text = layer.read_text()
    head = text[:text.rindex("\nplacement ")] if "\nplacement " in text else text
    linear.write_text(head + "\nplacement {\n  linear\n}\n")
    before = step(linear, scratch.path("linear.safetensors"))
    report = scratch.path("run.json")
    report.write_text(json.dumps(before))
    run("moec", "place", linear, "--load", report, "--replicas", REPLICAS, "-o", placed)
    after = step(placed, scratch.path("placed.safetensors"))
    for name, found in (("linear", before), ("placed", after)):
        print(f"{name}: {sum(map(len, found['placement']))} slots on {found['ranks']} ranks, "
              f"fullest {imbalance(found):.3f}, check {found['check']['passed']}")
    if after["expert_tokens"] != before["expert_tokens"]:
        sys.exit("FAILED: the tokens chose other experts")
    if scratch.path("placed.safetensors").read_bytes() != scratch.path("linear.safetensors").read_bytes():
        sys.exit("FAILED: the outputs differ")
    print("same bytes")


if __name__ == "__main__":
    main(*sys.argv[1:])
