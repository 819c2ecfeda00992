# Part of moec, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A golden from its config.json to a checked step, on several rank counts.

  golden.py GOLDEN SCRATCH RANKS...
"""
import sys

import compare
from pipeline import Golden, Scratch


def main(folder, scratch, *ranks):
    golden, scratch = Golden(folder), Scratch(scratch)
    source = scratch.import_layer(golden.config, golden.layer)
    for count in ranks:
        module = scratch.compile(source, count)
        output = scratch.step(module, golden.weights, golden.input, "--check", name=f"out-{count}")
        compare.main(golden.folder, output)


if __name__ == "__main__":
    main(*sys.argv[1:])
