# Part of moec, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Every fusion of goldens' kernels under seeds of the emulator; see test/campaign.sh.

  campaign.py SEEDS SCRATCH RESULTS.jsonl|- GOLDEN...|all
"""
import json
import pathlib
import subprocess
import sys

import compare
from pipeline import Golden, Scratch, run

GOLDENS = pathlib.Path(__file__).resolve().parents[2] / "goldens"
FORMS = {
    "separate": "fuse nothing",
    "dispatch-up": "fuse dispatch + up",
    "down-combine": "fuse down + combine",
    "both": "fuse dispatch + up\n  fuse down + combine",
    "everything": "fuse everything",
}
RANKS = (1, 8)


def compile_forms(golden, scratch, ranks):
    source = scratch.import_layer(golden.config, golden.layer).read_text()
    for form, statement in FORMS.items():
        path, module = scratch.path(f"{form}.moe"), scratch.path(f"{form}-{ranks}.moex")
        path.write_text(source.replace("algorithm auto", statement))
        run("moec", "compile", path, "--ranks", ranks, "--target", "sm_90a", "-o", module)
        yield module


def campaign(golden, scratch, seeds):
    """JSON lines; ends the program if a run failed or the golden is missed."""
    modules = [module for ranks in RANKS for module in compile_forms(golden, scratch, ranks)]
    output = scratch.path("out.safetensors")
    done = subprocess.run(["moec-campaign", "emulator", str(seeds), golden.weights, golden.input,
                           output, *modules], stdout=subprocess.PIPE, text=True)
    lines = [dict(json.loads(line), golden=golden.folder.name) for line in done.stdout.splitlines()]
    for line in lines:
        line["module"] = pathlib.Path(line["module"]).name
        print(json.dumps(line), flush=True)
    if done.returncode:
        sys.exit(f"{golden.folder.name}: runs differ or failed")
    compare.main(golden.folder, output)
    return lines


def main(seeds, scratch, results, *names):
    folders = [GOLDENS / name for name in names]
    if names == ("all",):
        folders = sorted(GOLDENS.glob("*-bf16"))
    lines = []
    for folder in folders:
        lines += campaign(Golden(folder), Scratch(pathlib.Path(scratch) / folder.name), seeds)
        if results != "-":
            text = "".join(json.dumps(line) + "\n" for line in lines)
            pathlib.Path(results).write_text(text)


if __name__ == "__main__":
    main(*sys.argv[1:])
