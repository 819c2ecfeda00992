# Part of moec, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A copy of a safetensors file with one element changed a little.

  mutate.py FILE TENSOR ELEMENT OUT
"""
import sys

from tensors import read, write


def main(source, name, element, out):
    everything, element = read(source), int(element)
    values = everything[name].values
    values[element] = values[element] ^ 1 if values.typecode == "q" else values[element] + 1e-3
    write(out, everything)


if __name__ == "__main__":
    main(*sys.argv[1:])
