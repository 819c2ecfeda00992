#!/usr/bin/env python3
# Part of moec, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""One step of moec's cpu backend beside the same MoE block of transformers.

Both sides get the same weights, the same tokens and the same cores. Each round times transformers
(eager, batched_mm and grouped_mm experts) and then moec, so that a slow phase of the machine falls
on both. The ratio is transformers' best path over moec: above 1 moec is ahead.

Needs test/goldens/requirements.txt; nothing else of moec does.
"""
import argparse
import gc
import json
import pathlib
import statistics
import subprocess
import sys
import time

import torch
from safetensors.torch import load_file, save_file

import machine

PATHS = ("eager", "batched_mm", "grouped_mm")
TOKENS = (1, 64, 1024)
# batched_mm copies the experts of every token: more than this much is neither fast nor affordable.
MAX_BATCHED_COPY = 2 << 30
DTYPES = {"bf16": torch.bfloat16, "f32": torch.float32}
# Sizes of the released models; what has no bearing on the block is left at its default.
MODELS = {
    "olmoe-1b-7b": {
        "architectures": ["OlmoeForCausalLM"], "model_type": "olmoe", "hidden_act": "silu",
        "hidden_size": 2048, "intermediate_size": 1024, "num_experts": 64,
        "num_experts_per_tok": 8, "num_hidden_layers": 16, "norm_topk_prob": False},
    "qwen3-30b-a3b": {
        "architectures": ["Qwen3MoeForCausalLM"], "model_type": "qwen3_moe", "hidden_act": "silu",
        "hidden_size": 2048, "intermediate_size": 6144, "moe_intermediate_size": 768,
        "num_experts": 128, "num_experts_per_tok": 8, "num_hidden_layers": 48,
        "norm_topk_prob": True, "decoder_sparse_step": 1, "mlp_only_layers": []},
}


def expert_width(config):
    return config.get("moe_intermediate_size", config["intermediate_size"])


def make_block(config, dtype):
    """transformers' block with seeded weights: unit-variance outputs, spread-out logits."""
    if config["model_type"] == "olmoe":
        from transformers.models.olmoe.modeling_olmoe import OlmoeSparseMoeBlock as Block
        from transformers import OlmoeConfig as Config
    else:
        from transformers.models.qwen3_moe.modeling_qwen3_moe import Qwen3MoeSparseMoeBlock as Block
        from transformers import Qwen3MoeConfig as Config
    with torch.device("meta"):
        block = Block(Config(**{k: v for k, v in config.items() if k != "architectures"}))
    block = block.to(dtype).to_empty(device="cpu").eval()
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for name, weight in sorted(block.named_parameters()):
            scale = weight.shape[-1] ** -0.5
            for part in weight if weight.dim() == 3 else [weight]:
                part.copy_(torch.randn(part.shape, generator=generator) * scale)
    return block


def save_checkpoint(block, config, path):
    """The block's weights under their names in the checkpoint (layer 0)."""
    prefix, width, out = "model.layers.0.mlp.", expert_width(config), {}
    out[prefix + "gate.weight"] = block.gate.weight.detach()
    for e in range(config["num_experts"]):
        both = block.experts.gate_up_proj.detach()[e]
        name = f"{prefix}experts.{e}."
        out[name + "gate_proj.weight"] = both[:width].clone()
        out[name + "up_proj.weight"] = both[width:].clone()
        out[name + "down_proj.weight"] = block.experts.down_proj.detach()[e].clone()
    save_file(out, path)


def time_block(block, path, tokens, seconds):
    """Seconds of each of at least three forward passes, after one that is not counted."""
    block.experts.config._experts_implementation = path
    times, start = [], time.perf_counter()
    with torch.inference_mode():
        block(tokens)
        while len(times) < 3 or time.perf_counter() - start < seconds:
            begin = time.perf_counter()
            block(tokens)
            times.append(time.perf_counter() - begin)
    return times


def moec_step(args, module, weights, tokens_file, output, repeat):
    """`step_seconds` of one moe-run; its output is left in `output`."""
    command = [str(args.build / "bin/moe-run"), str(module), "--weights", str(weights), "--input",
               str(tokens_file), "--output", str(output), "--repeat", str(repeat), "--json"]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(command)}: exit {done.returncode}\n{done.stderr}")
    return json.loads(done.stdout)["step_seconds"]


def compile_module(args, config, dtype, folder):
    """config.json -> .moe -> .moex for args.ranks virtual GPUs."""
    moec = str(args.build / "bin/moec")
    source, module = folder / "layer.moe", folder / f"layer-{args.ranks}.moex"
    config_file = folder / "config.json"
    torch_dtype = {"bf16": "bfloat16", "f32": "float32"}[dtype]
    config_file.write_text(json.dumps({**config, "torch_dtype": torch_dtype}, indent=1))
    subprocess.run([moec, "import", "hf", str(config_file), "--layer", "0", "-o", str(source)],
                   check=True)
    subprocess.run([moec, "compile", str(source), "--ranks", str(args.ranks), "-o", str(module)],
                   check=True, stdout=subprocess.DEVNULL)
    return module


def agreement(found, output, indices):
    """Relative difference over the tokens for which both sides chose the same experts, and how many
    they are: near ties of bf16 logits may fall either way, and another expert is another row."""
    same = (found["topk_indices"].sort(-1)[0] == indices.sort(-1)[0]).all(-1)
    ours, theirs = found["output"][same].double(), output[same].double()
    return float((ours - theirs).norm() / theirs.norm()), int(same.sum())


def spread(times):
    return {"median": statistics.median(times), "min": min(times), "max": max(times)}


def run_case(args, name, dtype, tokens, block, folder, module):
    config, size = MODELS[name], DTYPES[dtype].itemsize
    expert_bytes = 3 * expert_width(config) * config["hidden_size"] * size
    copied = tokens * config["num_experts_per_tok"] * expert_bytes
    generator = torch.Generator().manual_seed(tokens)
    x = torch.randn(1, tokens, config["hidden_size"], generator=generator).to(DTYPES[dtype])
    x_file, y_file = folder / f"x{tokens}.safetensors", folder / f"y{tokens}.safetensors"
    save_file({"input": x[0].contiguous()}, x_file)
    with torch.inference_mode():
        block.experts.config._experts_implementation = "eager"
        reference, indices = block(x)[0], block.gate(x[0])[2]
    hit = len(torch.unique(indices))
    times = {path: [] for path in PATHS}
    moec = []
    for _ in range(args.rounds):
        for path in PATHS:
            if path != "batched_mm" or copied <= MAX_BATCHED_COPY:
                times[path] += time_block(block, path, x, args.seconds)
        if module:
            repeat = max(3, int(args.seconds / (min(times["grouped_mm"]))))
            moec.append(moec_step(args, module, folder / "weights.safetensors", x_file, y_file,
                                  repeat))
    times = {path: spread(t) for path, t in times.items() if t}
    best = min(times, key=lambda path: times[path]["median"])
    record = {
        "bench": "transformers_block", **machine.describe(), "torch": torch.__version__,
        "transformers": __import__("transformers").__version__, "threads": args.threads,
        "model": name, "dtype": dtype, "tokens": tokens, "experts_hit": hit,
        "weight_bytes": hit * expert_bytes, "flops": 2 * copied // size,
        "transformers_seconds": times, "best_path": best}
    if moec:
        record["ranks"] = args.ranks
        record["moec_seconds"] = {
            "median": statistics.median(m["median"] for m in moec),
            "min": min(m["min"] for m in moec), "max": max(m["max"] for m in moec)}
        record["ratio"] = times[best]["median"] / record["moec_seconds"]["median"]
        record["ratio_of_minima"] = (min(t["min"] for t in times.values()) /
                                     record["moec_seconds"]["min"])
        record["difference"], record["same_choices"] = agreement(load_file(y_file), reference,
                                                                 indices)
    return record


def print_row(record):
    times = record["transformers_seconds"]
    cells = [f"{record['model']:14} {record['dtype']:4} {record['tokens']:5}"]
    cells += [f"{times[p]['median'] * 1e3:9.2f}" if p in times else f"{'-':>9}" for p in PATHS]
    best = times[record["best_path"]]["median"]
    cells += [f"{best_min(record) * 1e3:9.2f}", f"{record['weight_bytes'] / best / 1e9:6.1f}",
              f"{record['flops'] / best / 1e9:6.0f}"]
    if "moec_seconds" in record:
        moec = record["moec_seconds"]["median"]
        cells += [f"{moec * 1e3:9.2f}", f"{record['weight_bytes'] / moec / 1e9:6.1f}",
                  f"{record['flops'] / moec / 1e9:6.0f}", f"{record['ratio']:6.2f}",
                  f"{record['difference']:.1e}", f"{record['same_choices']:5}"]
    print(" ".join(cells), flush=True)


def best_min(record):
    return min(times["min"] for times in record["transformers_seconds"].values())


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    root = pathlib.Path(__file__).resolve().parents[2]
    parser.add_argument("--build", type=pathlib.Path, default=root / "build")
    parser.add_argument("--scratch", type=pathlib.Path, required=True,
                        help="folder for weights, several GB; kept and reused")
    parser.add_argument("--output", type=pathlib.Path, help="append JSON lines here")
    parser.add_argument("--models", nargs="+", default=list(MODELS), choices=list(MODELS))
    parser.add_argument("--dtypes", nargs="+", default=list(DTYPES), choices=list(DTYPES))
    parser.add_argument("--tokens", nargs="+", type=int, default=list(TOKENS))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=1.5, help="per path and round")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--ranks", type=int, default=1)
    parser.add_argument("--transformers-only", action="store_true")
    return parser.parse_args()


def main():
    args = parse_arguments()
    torch.set_num_threads(args.threads)
    print(f"{'model':14} {'':4} {'toks':>5} " + " ".join(f"{p:>9}" for p in PATHS) +
          f" {'best min':>9} {'GB/s':>6} {'GF/s':>6} {'moec ms':>9} {'GB/s':>6} {'GF/s':>6}"
          f" {'ratio':>6} difference over tokens")
    for name in args.models:
        for dtype in args.dtypes:
            folder = args.scratch / f"{name}-{dtype}"
            folder.mkdir(parents=True, exist_ok=True)
            block, module = make_block(MODELS[name], DTYPES[dtype]), None
            if not args.transformers_only:
                if not (folder / "weights.safetensors").exists():
                    save_checkpoint(block, MODELS[name], folder / "weights.safetensors")
                module = compile_module(args, MODELS[name], dtype, folder)
            for tokens in args.tokens:
                record = run_case(args, name, dtype, tokens, block, folder, module)
                print_row(record)
                if args.output:
                    with open(args.output, "a") as lines:
                        lines.write(json.dumps(record) + "\n")
            del block
            gc.collect()


if __name__ == "__main__":
    main()
