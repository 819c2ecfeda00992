# Part of moec, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The first tokens of an input file.

  take_tokens.py INPUT COUNT OUT [flat]     flat: [COUNT, hidden]; otherwise [1, COUNT, hidden]
"""
import sys

from tensors import Tensor, read, write


def main(source, count, out, flat=""):
    tokens, count = read(source)["input"], int(count)
    hidden = tokens.shape[-1]
    shape = (count, hidden) if flat else (1, count, hidden)
    write(out, {"input": Tensor(tokens.dtype, shape, tokens.values[:count * hidden])})


if __name__ == "__main__":
    main(*sys.argv[1:])
