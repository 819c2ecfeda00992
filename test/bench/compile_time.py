#!/usr/bin/env python3
# Part of moec, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""From source to module: the whole process, and where its time goes.

Times `moec compile` as a user waits for it: process start, reading the .moe, every phase, the module
on disk. The phases are those that `moec compile --json` reports; `start and exit` is the rest.
"""
import argparse
import itertools
import json
import pathlib
import resource
import statistics
import subprocess
import sys
import time

import machine

# name: ranks, limits in seconds without and with kernels, layer, config.json of the release as far as the layer goes
CASES = {
    "olmoe-1b-7b": (8, {"cpu": 0.5, "sm_90a": 1.0}, 0, {
        "architectures": ["OlmoeForCausalLM"], "model_type": "olmoe", "hidden_act": "silu",
        "hidden_size": 2048, "intermediate_size": 1024, "num_experts": 64,
        "num_experts_per_tok": 8, "num_hidden_layers": 16, "norm_topk_prob": False,
        "torch_dtype": "bfloat16"}),
    "deepseek-v3": (64, {"cpu": 2.0, "sm_90a": 1.0}, 3, {
        "architectures": ["DeepseekV3ForCausalLM"], "model_type": "deepseek_v3",
        "hidden_act": "silu", "hidden_size": 7168, "intermediate_size": 18432,
        "moe_intermediate_size": 2048, "n_routed_experts": 256, "n_shared_experts": 1,
        "num_experts_per_tok": 8, "n_group": 8, "topk_group": 4, "norm_topk_prob": True,
        "routed_scaling_factor": 2.5, "scoring_func": "sigmoid", "topk_method": "noaux_tc",
        "first_k_dense_replace": 3, "moe_layer_freq": 1, "num_hidden_layers": 61,
        "torch_dtype": "bfloat16"}),
}


def processor_seconds():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def compile_once(moec, source, ranks, target, module):
    begin, used = time.perf_counter(), processor_seconds()
    done = subprocess.run([moec, "compile", source, "--ranks", str(ranks), "--target", target,
                           "-o", module, "--json"], capture_output=True, text=True)
    seconds, used = time.perf_counter() - begin, processor_seconds() - used
    if done.returncode:
        sys.exit(f"moec compile {source}: exit {done.returncode}\n{done.stderr}")
    return seconds, used, json.loads(done.stdout)


def measure(args, name, target):
    ranks, limits, layer, config = CASES[name]
    moec, folder = str(args.build / "bin/moec"), args.scratch
    config_file, source = folder / f"{name}.json", folder / f"{name}.moe"
    config_file.write_text(json.dumps(config))
    subprocess.run([moec, "import", "hf", config_file, "--layer", str(layer), "-o", source],
                   check=True)
    module = folder / f"{name}-{ranks}.moex"
    runs = []
    for _ in range(args.repeat + 1):
        time.sleep(args.pause)
        runs.append(compile_once(moec, source, ranks, target, module))
    del runs[0]
    total = [seconds for seconds, _, _ in runs]
    phases = {}
    for _, _, summary in runs:
        for phase in summary["phases"]:
            phases.setdefault(phase["name"], []).append(phase["seconds"])
    medians = {phase: statistics.median(times) for phase, times in phases.items()}
    median = statistics.median(total)
    medians["start and exit"] = median - sum(medians.values())
    return {"bench": "compile_time", **machine.describe(), "model": name, "ranks": ranks,
            "target": target, "processor_seconds": min(used for _, used, _ in runs),
            "seconds": {"median": median, "min": min(total), "max": max(total)},
            "limit_seconds": limits[target], "module_bytes": module.stat().st_size,
            "phase_seconds": medians}


def main():
    root = pathlib.Path(__file__).resolve().parents[2]
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, default=root / "build")
    parser.add_argument("--scratch", type=pathlib.Path, default=pathlib.Path("/tmp/moec-bench"))
    parser.add_argument("--output", type=pathlib.Path, help="append JSON lines here")
    parser.add_argument("--target", nargs="+", choices=("cpu", "sm_90a"),
                        default=["cpu", "sm_90a"])
    parser.add_argument("--repeat", type=int, default=11)
    parser.add_argument("--pause", type=float, default=0,
                        help="seconds before each run: of a real-time task Linux takes a twentieth away")
    args = parser.parse_args()
    args.scratch.mkdir(parents=True, exist_ok=True)
    late = False
    for name, target in itertools.product(CASES, args.target):
        record = measure(args, name, target)
        seconds = record["seconds"]
        late |= seconds["median"] > record["limit_seconds"]
        print(f"{name} on {record['ranks']} ranks for {target}: median {seconds['median'] * 1e3:.0f} ms "
              f"(min {seconds['min'] * 1e3:.0f}, max {seconds['max'] * 1e3:.0f}), "
              f"limit {record['limit_seconds'] * 1e3:.0f} ms; "
              f"at least {record['processor_seconds'] * 1e3:.0f} ms of processors")
        for phase, taken in record["phase_seconds"].items():
            print(f"  {phase:16} {taken * 1e3:8.2f} ms")
        if args.output:
            with open(args.output, "a") as lines:
                lines.write(json.dumps(record) + "\n")
    sys.exit(late)


if __name__ == "__main__":
    main()
