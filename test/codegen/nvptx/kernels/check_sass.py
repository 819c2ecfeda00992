#!/usr/bin/env python3
"""Holds the machine code of a module's kernels against bounds.

usage: check_sass.py KERNELS.json [KERNEL math=N load=N gather=N tile=N code=N]...

KERNELS.json is what `moec inspect --kernels --json` prints of a module whose kernels
are of one stage each. KERNEL is a name as it prints it; bounds that are not given stay
as they are. Exit code 1, and a line for each bound that is exceeded.
"""
import json
import sys

# Kernels that multiply, by their first stage; the others have no k-loop.
PRODUCTS = {"route", "expert_up", "expert_down", "shared_up", "shared_down"}
# Non-MMA instructions: of a math warp a k-block of 64, of a producer a stage, of a
# gathering thread a stage, of a math warp a tile outside of the k-loop.
# Bytes of the kernel.
USUAL = {"math": 24, "load": 26, "gather": 55, "tile": 240, "code": 14336}
SWAPPED_UP = {"math": 32, "load": 26, "gather": 42, "tile": 240, "code": 14336}  # 8 MMA a block
# 128x256x64 with SwiGLU; 16 copies a gathering thread a block.
AIM = {"math": 24, "load": 26, "gather": 71, "tile": 560, "code": 14336}


def bounds_of(kernel, asked):
    bounds, tile = USUAL, kernel["tile"]
    if kernel["stages"][0].endswith("_up"):
        if tile == "128x256x64":
            bounds = AIM
        elif tile.startswith("swapped"):
            bounds = SWAPPED_UP
    return bounds | asked.get(kernel["name"], {})


def check(kernel, asked, wrong):
    def refuse(text):
        wrong.append(f"{kernel['name']} ({kernel['tile'] or 'no tile'}): {text}")

    mix = kernel["mix"]
    if mix["local_loads"] or mix["local_stores"]:
        refuse(f"{mix['local_loads']} loads and {mix['local_stores']} stores of local memory")
    bounds = bounds_of(kernel, asked)
    if mix["code_bytes"] > bounds["code"]:
        refuse(f"{mix['code_bytes']} bytes of code, at most {bounds['code']}")
    stage = kernel["stages"][0]
    if stage not in PRODUCTS:
        return
    loops = {role: [loop for loop in mix["loops"] if loop["role"] == role]
             for role in ("math", "load", "gather", "tile")}
    for role in ("math", "load", "gather") if stage == "expert_up" else ("math", "load"):
        if not loops[role]:
            refuse(f"no loop of {role}")
    for loop in loops["math"]:
        counts = loop["counts"]
        once = [counts.get(kind, 0) for kind in ("wgmma fence", "wgmma wait", "try_wait", "arrive")]
        if set(once) != {loop["blocks"]}:
            refuse(f"fences, waits, tries and arrivals {once} of {loop['blocks']} blocks")
        for kind in ("barrier", "global", "shared"):
            if counts.get(kind):
                refuse(f"{counts[kind]} x {kind} in the k-loop")
    for loop in loops["load"]:
        # A loop of its own around a TMA load (an election per lane) waits for nothing.
        if not loop["counts"].get("try_wait"):
            refuse("a loop around a TMA load")
    for role in ("math", "load", "gather"):
        for loop in loops[role]:
            if loop["per_block"] > bounds[role]:
                refuse(f"{loop['per_block']} instructions of {role} a block, at most {bounds[role]}")
    if mix["math_per_tile"] > bounds["tile"]:
        refuse(f"{mix['math_per_tile']} instructions a tile, at most {bounds['tile']}")


def main(path, *words):
    asked, name = {}, None
    for word in words:
        bound, equals, value = word.partition("=")
        if equals:
            asked[name][bound] = int(value)
        else:
            name = word
            asked[name] = {}
    with open(path) as file:
        kernels = json.load(file)["kernels"]
    wrong = []
    for kernel in kernels:
        check(kernel, asked, wrong)
    for name in asked.keys() - {kernel["name"] for kernel in kernels}:
        wrong.append(f"no kernel {name}")
    found = {kernel["stages"][0] for kernel in kernels}
    for stage in {"route", "dispatch", "expert_up", "expert_down", "reduce"} - found:
        wrong.append(f"no kernel begins with {stage}")
    print("\n".join(wrong) or f"{len(kernels)} kernels are within their bounds")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
