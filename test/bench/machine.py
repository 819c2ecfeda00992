# Part of moec, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What a benchmark line says about where and from what it was measured."""
import os
import pathlib
import subprocess

# The instruction sets that decide how fast a product can be.
ISA = ("avx2", "avx512f", "avx512_vnni", "avx512_bf16", "amx_bf16")


def cpu():
    fields = {}
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        key, _, value = line.partition(":")
        fields.setdefault(key.strip(), value.strip())
    flags = set(fields.get("flags", "").split())
    return {"device": fields.get("model name", "unknown"),
            "family_model": f"{fields.get('cpu family')}/{fields.get('model')}",
            "cores": len(os.sched_getaffinity(0)), "isa": [i for i in ISA if i in flags]}


def commit():
    here = pathlib.Path(__file__).parent
    done = subprocess.run(["git", "-C", here, "describe", "--always", "--dirty"],
                          capture_output=True, text=True)
    return done.stdout.strip() or "unknown"


def describe():
    return {**cpu(), "commit": commit()}
