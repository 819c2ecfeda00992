# Part of moec, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Placement by load beside the published balancer: log-normal and Zipf loads, 8, 32 and 64 GPUs.

  placement.py [--moec PATH] [--draws N] [--output FILE.jsonl]

256 experts, 8 of them a token, 7168 -> 2048 (DeepSeek-V3 without its groups, so that the balancer's
policy is the global one), 4096 tokens a GPU, boards of eight H100. Each case is placed without copies
and with one more slot on every GPU. A case is drawn N times; the table has the median and the worst.
`imbalance` is rows of the fullest GPU over the mean, `step` the slowest rank of dispatch, experts and
combine after one another, `cross` the bytes of a dispatch between nodes, each token once a node.
"""
import argparse
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

import machine

LAYER = """moe 1
import machine "hgx-h100"
mesh m on hgx-h100 {{ {axes} }}
layer l {{
  hidden 7168
  experts 256 {{ width 2048; activation silu(gate) * up }}
  router {{ score sigmoid(logits); choose top 8 of score; weights score / sum(score) }}
}}
"""
RANKS = (8, 32, 64)
LOADS = ("lognormal:0.5", "lognormal:1", "zipf:0.5", "zipf:1")


def source(ranks):
    axes = f"axis node {ranks // 8} over rail; axis gpu 8 over nvlink" if ranks > 8 else "axis gpu 8 over nvlink"
    return LAYER.format(axes=axes)


def place(moec, layer, load, slots):
    start = time.perf_counter()
    done = subprocess.run([moec, "place", layer, "--load", load, "--slots", str(slots), "--json"],
                          stdout=subprocess.PIPE, check=True, text=True)
    report = json.loads(done.stdout)["layers"][0]
    return report, time.perf_counter() - start


def case(moec, layer, ranks, load, slots, draws):
    runs = [place(moec, layer, f"{load}:{seed}", slots) for seed in range(1, draws + 1)]
    result = {"bench": "placement", "ranks": ranks, "load": load, "slots": slots, "draws": draws,
              "process_seconds": round(statistics.median(seconds for _, seconds in runs), 3)}
    for who in ("moec", "eplb"):
        costs = [report[who] for report, _ in runs]
        result[who] = {
            "imbalance": round(statistics.median(cost["imbalance"] for cost in costs), 4),
            "worst_imbalance": round(max(cost["imbalance"] for cost in costs), 4),
            "step_us": round(statistics.median(cost["seconds"] for cost in costs) * 1e6, 1),
            "cross_node_gb": round(statistics.median(cost["cross_node_bytes"] for cost in costs) / 1e9, 2),
        }
    ratios = [report["moec"]["seconds"] / report["eplb"]["seconds"] for report, _ in runs]
    result["step_ratio"] = {"median": round(statistics.median(ratios), 4), "worst": round(max(ratios), 4)}
    return result


def row(result):
    ours, theirs = result["moec"], result["eplb"]
    return (f"| {result['load']} | {result['ranks']} | {result['slots']} | {ours['imbalance']:.3f} "
            f"({ours['worst_imbalance']:.3f}) | {theirs['imbalance']:.3f} ({theirs['worst_imbalance']:.3f}) | "
            f"{result['step_ratio']['median']:.3f} ({result['step_ratio']['worst']:.3f}) | "
            f"{ours['cross_node_gb']:.2f} | {theirs['cross_node_gb']:.2f} | {result['process_seconds']:.2f} s |")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--moec", default="build/bin/moec")
    parser.add_argument("--draws", type=int, default=5)
    parser.add_argument("--output")
    options = parser.parse_args()
    facts = machine.describe()
    results = []
    print("| load | GPUs | slots | imbalance, moec | EPLB | step, moec : EPLB | cross GB, moec | EPLB | process |")
    print("|---|---|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for load in LOADS:
            for ranks in RANKS:
                layer = pathlib.Path(folder) / f"{ranks}.moe"
                layer.write_text(source(ranks))
                for slots in (256 // ranks, 256 // ranks + 1):
                    results.append({**case(options.moec, layer, ranks, load, slots, options.draws), **facts})
                    print(row(results[-1]), flush=True)
    if options.output:
        with open(options.output, "a") as file:
            file.writelines(json.dumps(result) + "\n" for result in results)


if __name__ == "__main__":
    sys.exit(main())
