#!/usr/bin/env python3
# Part of moec, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Dispatch and combine of the plans that moec makes, each by itself, simulated, over what no schedule beats.

  achieved.py [--json] [PART OF A PLACE'S NAME]

DeepSeek-V3's layer in bf16 on each place, each schedule, and 20 draws (--draws) of each law of log-normal loads;
combine with sums. Prints a table, median (worst of the draws), or JSON lines. Needs moec on PATH.
"""
import argparse
import json
import pathlib
import re
import statistics
import subprocess
import tempfile

DRAWS = 20
LAWS = ("lognormal:0.3:{}:ranks", "lognormal:0.6:{}:ranks", "lognormal:0.6:{}:pairs")
STRAIGHT = ("staggered", "staggered; window 0", "staggered; window 0; rates sizes")
TIERS = ("two_tier", "two_tier; chunks 8", "two_tier; chunks 32", "two_tier; chunks 64",
         "two_tier; chunks 32; spray lanes", "birkhoff")
GROUPS = ("staged", "staged; chunks 8", "staged; chunks 32", "staged; rates sizes", "staggered; cross by host",
          "staged; cross by host", "staged; cross by host; chunks 8")
# Name, machine, ranks, tokens of a rank, schedules.
PLACES = (
    ("NVSwitch, 8 GPUs", "hgx-h100", 8, 4096, STRAIGHT),
    ("NVSwitch, 32 GPUs", "gb200-nvl72", 32, 4096, STRAIGHT),
    ("NVSwitch, 72 GPUs", "gb200-nvl72", 72, 1024, STRAIGHT),
    ("rails, 2 nodes of 8", "hgx-h100-ndr", 16, 4096, STRAIGHT[:1] + TIERS),
    ("rails, 4 nodes of 8", "hgx-h100-ndr", 32, 4096, TIERS),
    ("rails, 8 nodes of 8", "hgx-h100-ndr", 64, 2048, (TIERS[2], TIERS[4])),
    ("rails, 16 nodes of 8", "hgx-h100-ndr", 128, 1024, (TIERS[2], TIERS[4])),
    ("PCIe 5, two bridges of 4", "pcie5-8gpu", 8, 4096, STRAIGHT[:1] + GROUPS),
    ("PCIe 4, two bridges of 4", "pcie4-8gpu", 8, 4096, STRAIGHT[:1] + GROUPS),
)
PHASES = ("dispatch", "combine")
LAYER = pathlib.Path(__file__).resolve().parents[2] / "examples/nvlink-10x/deepseek-v3.moe"


def layer_on(place):
    """The layer with a mesh on the place's machine in place of its own."""
    _, machine, ranks, _, _ = place
    inner = "pcie" if machine.startswith("pcie") else "nvlink"
    axes = f"axis gpu {ranks} over {inner}"
    if "ndr" in machine:
        axes = f"axis node {ranks // 8} over rail\n  axis gpu 8 over nvlink"
    text = re.sub(r"^mesh .*?^}\n", f'import machine "{machine}"\n\nmesh place on {machine} {{\n  {axes}\n}}\n',
                  LAYER.read_text(), flags=re.MULTILINE | re.DOTALL)
    return text


def sweep(place, draws):
    """Rows of every schedule, law and draw."""
    _, _, _, tokens, schedules = place
    traffics = [law.format(seed) for law in LAWS for seed in range(1, draws + 1)]
    with tempfile.TemporaryDirectory() as folder:
        table, layer = pathlib.Path(folder) / "table.jsonl", pathlib.Path(folder) / "layer.moe"
        layer.write_text(layer_on(place))
        subprocess.run(["moec", "sweep", layer, "--tokens", str(tokens),
                        "--traffic", ",".join(traffics), "--algorithm", ",".join(schedules), "--combine", "partial",
                        "--phases", "--format", "jsonl", "-o", table], check=True)
        return [json.loads(line) for line in table.read_text().splitlines()]


def cell(ratios):
    return {"median": statistics.median(ratios), "worst": max(ratios)}


def ratios_of(rows, schedules, law, draws):
    """For each schedule and phase the ratio of each draw; then of the best of each draw."""
    lines = {}
    for schedule in schedules:
        for row in rows:
            if row["algorithm"] == schedule and row["traffic"] in [law.format(seed) for seed in range(1, draws + 1)]:
                assert row["why"] is None, row["why"]
                for phase in PHASES:
                    lines.setdefault((schedule, phase), []).append(
                        row[f"{phase}_alone_seconds"] / row[f"{phase}_bound_seconds"])
    for phase in PHASES:
        lines["best of each draw", phase] = [min(draw) for draw in zip(*(lines[s, phase] for s in schedules))]
    return lines


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("place", nargs="?", default="")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--draws", type=int, default=DRAWS)
    options = parser.parse_args()
    for place in PLACES:
        if options.place not in place[0]:
            continue
        rows = sweep(place, options.draws)
        by_law = [ratios_of(rows, place[4], law, options.draws) for law in LAWS]
        if not options.json:
            heads = "".join(f"{phase + ' ' + law.split(':')[-1] + ' ' + law.split(':')[1]:>22}"
                            for phase in PHASES for law in LAWS)
            print(f"\n{place[0] + ' (' + place[1] + ')':38}{heads}")
        for schedule in (*place[4], "best of each draw"):
            cells = [(law, phase, cell(lines[schedule, phase])) for phase in PHASES for law, lines in zip(LAWS, by_law)]
            if options.json:
                for law, phase, found in cells:
                    print(json.dumps({"bench": "achieved", "place": place[0], "machine": place[1], "phase": phase,
                                      "traffic": law.format("SEED"), "schedule": schedule, "draws": options.draws,
                                      **{key: round(value, 3) for key, value in found.items()}}))
            else:
                print(f"  {schedule:36}" + "".join(
                    "{:>22}".format("{median:.3f} ({worst:.3f})".format(**found)) for _, _, found in cells), flush=True)


if __name__ == "__main__":
    main()
