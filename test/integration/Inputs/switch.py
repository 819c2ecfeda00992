# Part of moec, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""One input through the exchanges of a switch: multicast gives the bytes of staggered puts, for rows and
for partial sums; sums of the switch are within rounding of partial sums, and all of it agrees with the
reference.

  switch.py GOLDEN SCRATCH

Prints each run's name and how its bytes compare; exit code 1 at the first that is wrong.
"""
import hashlib
import math
import re
import sys

import tensors
from pipeline import Golden, Scratch, layer_name, run

MACHINE = """
machine board {
  gpus 8
  link nvlink {
    rate 450 GB/s
    multicast 0.85
  }
}
"""
RANKS = (1, 2, 3, 8)
SEEDS = (1, 2, 3)
DEEP = "  window 1\n  depth 2\n"


def variants():
    """Name, ranks, algorithm, combine, more of the schedule, the bytes that it must have."""
    for ranks in RANKS:
        for algorithm in ("staggered", "multicast"):
            yield f"{algorithm}-rows-{ranks}", ranks, algorithm, "rows", "", "rows"
            yield f"{algorithm}-partial-{ranks}", ranks, algorithm, "partial", "", f"partial on {ranks}"
        yield f"switch-{ranks}", ranks, "multicast", "switch", "", f"switch on {ranks}"
    yield "multicast-rows-deep", 3, "multicast", "rows", DEEP, "rows"
    yield "multicast-partial-deep", 3, "multicast", "partial", DEEP, "partial on 3"
    yield "switch-deep", 3, "multicast", "switch", DEEP, "switch on 3"


def distance(first, second):
    """Norm of the difference over the norm of the first."""
    difference = math.sqrt(sum((a - b) ** 2 for a, b in zip(first, second)))
    return difference / math.sqrt(sum(a * a for a in first))


def main(folder, scratch):
    golden, scratch = Golden(folder), Scratch(scratch)
    imported = scratch.import_layer(golden.config, golden.layer, "imported").read_text()
    layer = re.search(r"^layer .*?^}$", imported, re.MULTILINE | re.DOTALL).group(0)
    # Of what comes back: the last rounding of a sum of the switch, half a unit in the last place,
    # beside f32 sums of a handful of ranks.
    rounding = 2.0 ** -8 if "type combine bf16" in layer else 2.0 ** -20
    seen, outputs_of = {}, {}
    for name, ranks, algorithm, combine, extra, tree in variants():
        source = scratch.path(f"{name}.moe")
        source.write_text(f"moe 1\n{MACHINE}\nmesh few on board {{\n  axis gpu {ranks}\n}}\n\n{layer}\n\n"
                          f"schedule for {layer_name(layer)} {{\n  algorithm {algorithm}\n"
                          f"  combine {combine}\n{extra}}}\n")
        module = scratch.path(f"{name}.moex")
        run("moec", "compile", source, "-o", module)
        proof = run("moec", "verify", module)
        assert "proven" in proof, proof
        outputs = [scratch.step(module, golden.weights, golden.input, "--check", name=name)]
        for seed in SEEDS if ranks <= 3 and algorithm == "multicast" else ():
            outputs.append(scratch.step(module, golden.weights, golden.input, "--test-seed", seed,
                                        name=f"{name}-seed-{seed}"))
        for output in outputs:
            found = hashlib.sha256(output.read_bytes()).hexdigest()
            if seen.setdefault(tree, found) != found:
                print(f"FAILED: {output.name} differs from the others of tree {tree}")
                sys.exit(1)
        outputs_of[tree] = outputs[0]
        print(f"{name}: {len(outputs)} runs, tree {tree}, {seen[tree][:12]}")
    for ranks in RANKS:
        partial, switch = (tensors.read(outputs_of[f"{tree} on {ranks}"])["output"].values
                           for tree in ("partial", "switch"))
        apart = distance(partial, switch)
        print(f"switch on {ranks}: {apart:.2g} from partial sums, at most {rounding:.2g}")
        if not apart <= rounding:
            print("FAILED: further than its rounding")
            sys.exit(1)
    if len(set(seen.values())) == 1:
        print("FAILED: no sum has other bits than rows: are there any?")
        sys.exit(1)


if __name__ == "__main__":
    main(*sys.argv[1:])
