# Part of moec, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Stops a compilation after each phase and goes on from there: the module computes the same.

  phases.py GOLDEN RANKS SCRATCH
"""
import sys

from pipeline import Golden, Scratch, run

PHASES = ("import", "check", "place", "distribute", "schedule")


def main(folder, ranks, scratch):
    golden, scratch = Golden(folder), Scratch(scratch)
    source = scratch.import_layer(golden.config, golden.layer)
    direct = scratch.step(scratch.compile(source, ranks), golden.weights, golden.input)
    expected = direct.read_bytes()
    for phase in PHASES:
        ir, module = scratch.path(f"{phase}.mlir"), scratch.path(f"{phase}.moex")
        run("moec", "compile", source, "--ranks", ranks, "--emit", phase, "-o", ir)
        run("moec", "compile", ir, "--from", phase, "-o", module)
        output = scratch.step(module, golden.weights, golden.input, name=phase)
        print(f"{phase}: {len(ir.read_text().splitlines())} lines of IR")
        if output.read_bytes() != expected:
            print(f"FAILED: from {phase}: not the bytes of an unbroken compilation")
            sys.exit(1)


if __name__ == "__main__":
    main(*sys.argv[1:])
