# Part of moec, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""One input through every schedule, on one node and on several: what has the same summation tree has
the same bytes, and all of it agrees with the reference.

  two_tiers.py GOLDEN SCRATCH

Prints each run's name and how its bytes compare; exit code 1 at the first that is wrong.
"""
import hashlib
import re
import sys

from pipeline import Golden, Scratch, layer_name, run

MACHINE = """
machine rails {
  gpus 4
  nodes 4
  link nvlink {
    rate 450 GB/s
  }
  link rail {
    rate 50 GB/s
  }
}
"""
PCIE = """
machine box {{
  gpus {0}
  host_memory 256 GB at 100 GB/s
  link pcie {{
    rate 63 GB/s
  }}
  link socket {{
    rate 40 GB/s
  }}
  socket 0 holds 0..{1}
  socket 1 holds {2}..{3}
}}

mesh box8 on box {{
  axis gpu {0} over pcie
}}
"""
MESHES = ((2, 2), (2, 4), (3, 2))
SEEDS = (1, 2)
# Schedules that add up partial sums as another does.
TREES = {"staged": "two_tier", "birkhoff": "two_tier"}


def schedule(layer, algorithm, combine, extra=""):
    return f"\nschedule for {layer} {{\n  algorithm {algorithm}\n  combine {combine}\n{extra}}}\n"


def mesh(nodes, lanes):
    name = f"tiers{nodes}x{lanes}"
    return f"{MACHINE}\nmesh {name} on rails {{\n  axis node {nodes} over rail\n  axis gpu {lanes} over nvlink\n}}\n"


def variants():
    """Name, nodes, lanes, algorithm, combine, more of the schedule."""
    yield "one-rank", 1, 1, "staggered", "rows", ""
    for lanes in (1, 3, 4):
        for combine in ("rows", "partial"):
            yield f"copied-{combine}-{lanes}", 1, lanes, "staggered", combine, "  engine copy\n"
            yield f"staggered-{combine}-{lanes}", 1, lanes, "staggered", combine, ""
    for nodes, lanes in MESHES:
        for combine in ("rows", "partial"):
            yield f"staggered-{combine}-{nodes}x{lanes}-sizes", nodes, lanes, "staggered", combine, "  rates sizes\n"
            yield f"staggered-{combine}-{nodes}x{lanes}-pipelined", nodes, lanes, "staggered", combine, "  pipeline experts\n"
            if nodes == 2:
                yield f"staged-{combine}-{nodes}x{lanes}", nodes, lanes, "staged", combine, ""
                yield (f"staged-{combine}-{nodes}x{lanes}-host", nodes, lanes, "staged", combine,
                       "  cross by host\n")
            yield f"two_tier-{combine}-{nodes}x{lanes}-chunks", nodes, lanes, "two_tier", combine, "  chunks 3\n"
            yield (f"two_tier-{combine}-{nodes}x{lanes}-sprayed", nodes, lanes, "two_tier", combine,
                   "  chunks 3\n  spray lanes\n")
            if nodes == 2:
                yield (f"staged-{combine}-{nodes}x{lanes}-chunks", nodes, lanes, "staged", combine,
                       "  chunks 2\n")
            for algorithm in ("staggered", "two_tier", "birkhoff"):
                yield f"{algorithm}-{combine}-{nodes}x{lanes}", nodes, lanes, algorithm, combine, ""
        yield f"two_tier-rows-{nodes}x{lanes}-deep", nodes, lanes, "two_tier", "rows", "  window 1\n  depth 2\n"
        yield (f"birkhoff-partial-{nodes}x{lanes}-deep", nodes, lanes, "birkhoff", "partial",
               "  window 1\n  depth 2\n")
        yield (f"two_tier-partial-{nodes}x{lanes}-deep", nodes, lanes, "two_tier", "partial",
               "  window 1\n  depth 3\n")


def main(folder, scratch):
    golden, scratch = Golden(folder), Scratch(scratch)
    imported = scratch.import_layer(golden.config, golden.layer, "imported").read_text()
    layer = re.search(r"^layer .*?^}$", imported, re.MULTILINE | re.DOTALL).group(0)
    seen = {}
    for name, nodes, lanes, algorithm, combine, extra in variants():
        source = scratch.path(f"{name}.moe")
        machine = mesh(nodes, lanes) if nodes > 1 else f"mesh one {{\n  axis gpu {lanes}\n}}\n"
        if algorithm == "staged":
            machine = PCIE.format(2 * lanes, lanes - 1, lanes, 2 * lanes - 1)
        source.write_text(f"moe 1\n\n{machine}\n{layer}\n"
                          f"{schedule(layer_name(layer), algorithm, combine, extra)}")
        module = scratch.path(f"{name}.moex")
        run("moec", "compile", source, "-o", module)
        proof = run("moec", "verify", module)
        assert "proven" in proof, proof
        tree = "rows" if combine == "rows" else f"{TREES.get(algorithm, algorithm)} on {nodes}x{lanes}"
        outputs = [scratch.step(module, golden.weights, golden.input, "--check", name=name)]
        for seed in SEEDS if nodes * lanes <= 4 else SEEDS[:1]:
            outputs.append(scratch.step(module, golden.weights, golden.input, "--test-seed", seed,
                                        name=f"{name}-seed-{seed}"))
        for output in outputs:
            found = hashlib.sha256(output.read_bytes()).hexdigest()
            if seen.setdefault(tree, found) != found:
                print(f"FAILED: {output.name} differs from the others of tree {tree}")
                sys.exit(1)
        print(f"{name}: {len(outputs)} runs, tree {tree}, {seen[tree][:12]}")
    if len(set(seen.values())) == 1:
        print("FAILED: no partial sum has other bits than rows: are there any?")
        sys.exit(1)


if __name__ == "__main__":
    main(*sys.argv[1:])
