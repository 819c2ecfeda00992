# Part of moec, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Schedules by hand: each is proven, takes the time that README.md says, runs with a layer to the
result of the reference, and its broken form is refused by the rule that its comment names.

  schedules.py FOLDER SCRATCH

Prints a line a schedule, and exits with 1 where one is not as it says.
"""
import json
import pathlib
import re
import subprocess
import sys

BROKEN = re.compile(r"^// Refused \(rule (\w+)\), since .*:\n//   (sed .*)$", re.MULTILINE)


def run(*command, **options):
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options)


def layer_of(path):
    """The source whose layer it moves."""
    text = path.read_text()
    return path.parent / ("on-boards.moe" if "nodes 2" in text else "with-shared.moe" if "kind shared" in text
                          else "on-box.moe")


def check(path, scratch):
    """What is wrong with it, and how long a step takes."""
    proof = run("moec", "verify", path)
    if proof.returncode:
        return proof.stdout, 0
    machine = path.parent / ("boards.moe" if "nodes 2" in path.read_text() else "box.moe")
    step = run("moec", "simulate", path, "--machine", machine, "--traffic", "lognormal:0.6:1",
               "--tokens", "4000", "--json")
    if step.returncode:
        return step.stdout, 0
    result = run("moec", "run", layer_of(path), "--plan", path, "--random", "1", "--tokens", "64", "--check")
    if result.returncode:
        return result.stdout, 0
    rule, command = BROKEN.search(path.read_text()).groups()
    broken = scratch / path.name
    with open(path) as source, open(broken, "w") as target:
        subprocess.run(["bash", "-c", command], stdin=source, stdout=target, check=True)
    refused = run("moec", "verify", broken)
    if refused.returncode != 1 or rule not in refused.stdout.splitlines()[0]:
        return f"broken, and not refused by rule {rule}: {refused.stdout[:400]}", 0
    return "", json.loads(step.stdout)["seconds"]


def main(folder, scratch):
    folder, scratch = pathlib.Path(folder), pathlib.Path(scratch)
    scratch.mkdir(parents=True, exist_ok=True)
    text, bad = (folder / "README.md").read_text(), False
    for path in sorted(folder.glob("*.mlir")):
        fault, seconds = check(path, scratch)
        said = f"| [{path.stem[:2]}]({path.name}) |"
        row = next((line for line in text.splitlines() if line.startswith(said)), "")
        if not fault and f"| {seconds * 1e6:.0f} |" not in row:
            fault = f"README.md has no line of it with {seconds * 1e6:.0f} us"
        print(f"{path.stem}: {fault or f'proven, {seconds * 1e6:.0f} us'}")
        bad |= bool(fault)
    sys.exit(bad)


if __name__ == "__main__":
    main(*sys.argv[1:])
