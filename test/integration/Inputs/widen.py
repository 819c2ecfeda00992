# Part of moec, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A copy of a safetensors file with every tensor in f32.

  widen.py FILE OUT
"""
import sys

from tensors import Tensor, read, write

if __name__ == "__main__":
    write(sys.argv[2], {name: Tensor("F32", tensor.shape, tensor.values)
                        for name, tensor in read(sys.argv[1]).items()})
