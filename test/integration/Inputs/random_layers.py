# Part of moec, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Layers of odd sizes on odd rank counts, drawn at random: checked, and the same bytes everywhere.

  random_layers.py FIRST_SEED COUNT SCRATCH

Each seed is a family with sizes, activation and router of its own, on one rank and then on three
more counts under some placement, test seed, repetition and thread count.
"""
import json
import random
import sys

from pipeline import Scratch, random_placement, run, with_placement

HIDDEN = (1, 2, 7, 16, 31, 33, 48, 64, 100, 129, 200, 256, 300)
WIDTH = (1, 3, 8, 15, 17, 32, 50, 64, 96, 130, 257)
EXPERTS = (1, 2, 3, 5, 8, 13, 16, 24, 33, 64)
TOKENS = (0, 1, 2, 5, 17, 40, 100, 333, 700)
RANKS = (1, 2, 3, 4, 5, 6, 7, 8, 13, 16, 40)
FAMILIES = {"mixtral": "Mixtral", "olmoe": "Olmoe", "qwen2_moe": "Qwen2Moe",
            "qwen3_moe": "Qwen3Moe", "deepseek_v3": "DeepseekV3"}


def draw_router(pick, family):
    """Experts and what else the family's config says of the choice."""
    if family != "deepseek_v3":
        experts = pick.choice(EXPERTS)
        count = "num_local_experts" if family == "mixtral" else "num_experts"
        return experts, {count: experts, "norm_topk_prob": pick.random() < 0.5,
                         "num_experts_per_tok": pick.randint(1, min(experts, 12))}
    groups, size = pick.choice((1, 2, 3, 4)), pick.choice((2, 3, 5, 8))
    kept = pick.randint(1, groups)
    return groups * size, {
        "n_routed_experts": groups * size, "n_group": groups, "topk_group": kept,
        "num_experts_per_tok": pick.randint(1, min(kept * size, 12)),
        "norm_topk_prob": pick.random() < 0.7, "scoring_func": "sigmoid",
        "topk_method": "noaux_tc", "routed_scaling_factor": pick.choice((1.0, 2.5))}


def draw_config(pick):
    family = pick.choice(sorted(FAMILIES))
    width = pick.choice(WIDTH)
    experts, router = draw_router(pick, family)
    config = {"architectures": [FAMILIES[family] + "ForCausalLM"], "model_type": family,
              "hidden_act": pick.choice(("silu", "gelu_pytorch_tanh")), "num_hidden_layers": 8,
              "torch_dtype": pick.choice(("float32", "bfloat16")),
              "hidden_size": pick.choice(HIDDEN), "intermediate_size": width, **router}
    if family not in ("mixtral", "olmoe"):
        config.update(moe_intermediate_size=width, intermediate_size=64)
    if family == "qwen2_moe":
        config.update(decoder_sparse_step=1,
                      shared_expert_intermediate_size=pick.choice((1, 20, 64, 100)))
    if family == "qwen3_moe":
        config.update(decoder_sparse_step=1, mlp_only_layers=[])
    if family == "deepseek_v3":
        config.update(n_shared_experts=pick.choice((1, 2)), first_k_dense_replace=1,
                      moe_layer_freq=1)
    return config, experts


def draw_options(pick):
    options = []
    if pick.random() < 0.5:
        options += ["--test-seed", pick.randint(1, 1 << 60)]
    if pick.random() < 0.3:
        options += ["--repeat", pick.randint(1, 4)]
    if pick.random() < 0.3:
        options += ["--threads", pick.choice((1, 2, 3))]
    return options


def check_seed(seed, scratch):
    pick = random.Random(seed)
    config, experts = draw_config(pick)
    tokens = pick.choice(TOKENS)
    print(f"seed {seed}: {json.dumps(config)}, {tokens} tokens", flush=True)
    scratch.path("config.json").write_text(json.dumps(config))
    text = scratch.import_layer(scratch.path("config.json"), 5, "imported").read_text()
    weights, x = scratch.path("weights.safetensors"), scratch.path("x.safetensors")
    first = scratch.path("first.safetensors")
    run("moe-run", scratch.compile(scratch.path("imported.moe"), 1), "--random", seed, "--tokens",
        tokens, "--save-weights", weights, "--save-input", x, "--output", first, "--check")
    for ranks in pick.sample(RANKS, 3):
        kind = pick.choice(("linear", "round_robin", "random"))
        body = random_placement(experts, ranks, seed) if kind == "random" else f"  {kind}\n"
        scratch.path("placed.moe").write_text(with_placement(text, ranks, body))
        options = draw_options(pick)
        module = scratch.compile(scratch.path("placed.moe"), ranks)
        output = scratch.step(module, weights, x, *options)
        if output.read_bytes() != first.read_bytes():
            print(f"FAILED: {ranks} ranks, {kind}, {options}: not the bytes of one rank")
            sys.exit(1)


def main(first, count, scratch):
    for seed in range(int(first), int(first) + int(count)):
        check_seed(seed, Scratch(scratch))


if __name__ == "__main__":
    main(*sys.argv[1:])
