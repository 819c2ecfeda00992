# Part of moec, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Whether a step over fewer tokens gave the first rows of a step over more, to the bit.

  same_rows.py MORE FEWER COUNT
"""
import sys

from tensors import read


def main(more, fewer, count):
    more, fewer, count = read(more), read(fewer), int(count)
    for name in ("output", "topk_indices", "topk_weights"):
        width = more[name].shape[-1]
        if fewer[name].shape != (count, width):
            print(f"FAILED: {name} is {fewer[name].shape}, expected {(count, width)}")
            sys.exit(1)
        if fewer[name].values.tobytes() != more[name].values[:count * width].tobytes():
            print(f"FAILED: {name} differs")
            sys.exit(1)
    print(f"{count} rows are the same")


if __name__ == "__main__":
    main(*sys.argv[1:])
