#!/usr/bin/env python3
# Part of moec, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Writes the goldens: MoE blocks of transformers, run at tiny sizes with seeded weights.

  pip install -r requirements.txt
  python3 make_goldens.py [--only NAME ...] [--output FOLDER]

The blocks are transformers' own classes; nothing here computes a layer. README.md says what a
golden holds. The same versions give the same bytes.
"""
import argparse
import dataclasses
import json
import pathlib

import torch
import transformers
from safetensors.torch import save_file

DTYPES = {"f32": torch.float32, "bf16": torch.bfloat16}
HF_DTYPES = {"f32": "float32", "bf16": "bfloat16"}
TOKENS = (2, 12)  # batch, sequence


# --- Families ------------------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True)
class Family:
    """How transformers spells a family: classes, config and the names in its checkpoints."""
    architecture: str
    model_type: str
    config_class: str
    block: str  # module.class below transformers.models
    mlp: str  # the block's place in the checkpoint's layer
    projections: tuple  # (gate, up, down) of an expert
    fields: dict  # as the released config.json spells them


MIXTRAL = Family("MixtralForCausalLM", "mixtral", "MixtralConfig",
                 "mixtral.modeling_mixtral.MixtralSparseMoeBlock", "block_sparse_moe",
                 ("w1", "w3", "w2"), {"sliding_window": None})
OLMOE = Family("OlmoeForCausalLM", "olmoe", "OlmoeConfig",
               "olmoe.modeling_olmoe.OlmoeSparseMoeBlock", "mlp",
               ("gate_proj", "up_proj", "down_proj"), {"clip_qkv": None, "norm_topk_prob": False})
QWEN2 = Family("Qwen2MoeForCausalLM", "qwen2_moe", "Qwen2MoeConfig",
               "qwen2_moe.modeling_qwen2_moe.Qwen2MoeSparseMoeBlock", "mlp",
               ("gate_proj", "up_proj", "down_proj"),
               {"intermediate_size": 96, "decoder_sparse_step": 1, "norm_topk_prob": False})
QWEN3 = Family("Qwen3MoeForCausalLM", "qwen3_moe", "Qwen3MoeConfig",
               "qwen3_moe.modeling_qwen3_moe.Qwen3MoeSparseMoeBlock", "mlp",
               ("gate_proj", "up_proj", "down_proj"),
               {"intermediate_size": 96, "decoder_sparse_step": 1, "mlp_only_layers": [],
                "norm_topk_prob": True})
DEEPSEEK = Family("DeepseekV3ForCausalLM", "deepseek_v3", "DeepseekV3Config",
                  "deepseek_v3.modeling_deepseek_v3.DeepseekV3MoE", "mlp",
                  ("gate_proj", "up_proj", "down_proj"),
                  {"intermediate_size": 96, "first_k_dense_replace": 3, "moe_layer_freq": 1,
                   "norm_topk_prob": True, "scoring_func": "sigmoid", "topk_method": "noaux_tc",
                   "routed_scaling_factor": 2.5})


DEEPSEEK_V2 = Family("DeepseekV2ForCausalLM", "deepseek_v2", "DeepseekV2Config",
                     "deepseek_v2.modeling_deepseek_v2.DeepseekV2Moe", "mlp",
                     ("gate_proj", "up_proj", "down_proj"),
                     {"intermediate_size": 96, "first_k_dense_replace": 1, "moe_layer_freq": 1,
                      "norm_topk_prob": False, "scoring_func": "softmax",
                      "topk_method": "group_limited_greedy", "routed_scaling_factor": 16.0})
QWEN3_NEXT = dataclasses.replace(
    QWEN2, architecture="Qwen3NextForCausalLM", model_type="qwen3_next",
    config_class="Qwen3NextConfig", block="qwen3_next.modeling_qwen3_next.Qwen3NextSparseMoeBlock",
    fields={**QWEN2.fields, "mlp_only_layers": [], "norm_topk_prob": True})
GLM4 = dataclasses.replace(
    DEEPSEEK, architecture="Glm4MoeForCausalLM", model_type="glm4_moe",
    config_class="Glm4MoeConfig", block="glm4_moe.modeling_glm4_moe.Glm4MoeMoE",
    fields={"intermediate_size": 96, "first_k_dense_replace": 1, "norm_topk_prob": True,
            "n_group": 1, "topk_group": 1, "routed_scaling_factor": 1.0})
MINIMAX_M2 = Family("MiniMaxM2ForCausalLM", "minimax_m2", "MiniMaxM2Config",
                    "minimax_m2.modeling_minimax_m2.MiniMaxM2SparseMoeBlock", "block_sparse_moe",
                    ("w1", "w3", "w2"), {"scoring_func": "sigmoid", "use_routing_bias": True,
                                         "shared_intermediate_size": 0})
JAMBA = Family("JambaForCausalLM", "jamba", "JambaConfig",
               "jamba.modeling_jamba.JambaSparseMoeBlock", "feed_forward",
               ("gate_proj", "up_proj", "down_proj"),
               {"expert_layer_period": 2, "expert_layer_offset": 1})
# Its checkpoints store the experts as transformers packs them.
GPT_OSS = Family("GptOssForCausalLM", "gpt_oss", "GptOssConfig",
                 "gpt_oss.modeling_gpt_oss.GptOssMLP", "mlp", None,
                 {"swiglu_limit": 7.0, "attention_bias": True, "head_dim": 8})


@dataclasses.dataclass(frozen=True)
class Case:
    name: str
    family: Family
    dtypes: tuple
    layer: int
    seed: int
    fields: dict


BOTH = ("f32", "bf16")
CASES = [
    Case("mixtral", MIXTRAL, BOTH, 0, 11,
         {"hidden_size": 32, "intermediate_size": 16, "num_local_experts": 8,
          "num_experts_per_tok": 2}),
    Case("olmoe", OLMOE, BOTH, 5, 12,
         {"hidden_size": 32, "intermediate_size": 12, "num_experts": 10,
          "num_experts_per_tok": 4}),
    Case("qwen2-moe", QWEN2, BOTH, 1, 13,
         {"hidden_size": 40, "moe_intermediate_size": 12, "num_experts": 9,
          "num_experts_per_tok": 3, "shared_expert_intermediate_size": 24}),
    Case("qwen3-moe", QWEN3, BOTH, 23, 14,
         {"hidden_size": 36, "moe_intermediate_size": 12, "num_experts": 11,
          "num_experts_per_tok": 3}),
    Case("deepseek-v3", DEEPSEEK, BOTH, 4, 15,
         {"hidden_size": 32, "moe_intermediate_size": 12, "n_routed_experts": 12, "n_group": 4,
          "topk_group": 2, "num_experts_per_tok": 4, "n_shared_experts": 2}),
    # One thing changed each.
    Case("mixtral-all-experts", MIXTRAL, ("f32",), 0, 21,
         {"hidden_size": 24, "intermediate_size": 8, "num_local_experts": 4,
          "num_experts_per_tok": 4}),
    Case("mixtral-one-expert", MIXTRAL, ("f32",), 0, 22,
         {"hidden_size": 24, "intermediate_size": 8, "num_local_experts": 1,
          "num_experts_per_tok": 1}),
    Case("mixtral-gelu-tanh", MIXTRAL, BOTH, 0, 23,
         {"hidden_size": 24, "intermediate_size": 8, "num_local_experts": 5,
          "num_experts_per_tok": 2, "hidden_act": "gelu_pytorch_tanh"}),
    Case("olmoe-normalized", OLMOE, ("f32",), 0, 24,
         {"hidden_size": 24, "intermediate_size": 8, "num_experts": 7, "num_experts_per_tok": 4,
          "norm_topk_prob": True}),
    Case("qwen2-moe-normalized", QWEN2, ("bf16",), 0, 25,
         {"hidden_size": 24, "moe_intermediate_size": 8, "num_experts": 7,
          "num_experts_per_tok": 3, "shared_expert_intermediate_size": 28,
          "norm_topk_prob": True}),
    Case("qwen3-moe-not-normalized", QWEN3, ("f32",), 0, 26,
         {"hidden_size": 24, "moe_intermediate_size": 8, "num_experts": 7,
          "num_experts_per_tok": 3, "norm_topk_prob": False}),
    Case("deepseek-v3-not-normalized", DEEPSEEK, ("f32",), 3, 27,
         {"hidden_size": 24, "moe_intermediate_size": 8, "n_routed_experts": 9, "n_group": 3,
          "topk_group": 2, "num_experts_per_tok": 3, "n_shared_experts": 1,
          "norm_topk_prob": False}),
    Case("deepseek-v3-one-group", DEEPSEEK, ("f32",), 3, 28,
         {"hidden_size": 24, "moe_intermediate_size": 8, "n_routed_experts": 7, "n_group": 1,
          "topk_group": 1, "num_experts_per_tok": 3, "n_shared_experts": 1,
          "routed_scaling_factor": 1.0}),
    # Families that the importer takes because their layers are of a kind with the above.
    Case("deepseek-v2", DEEPSEEK_V2, ("bf16",), 1, 31,
         {"hidden_size": 32, "moe_intermediate_size": 8, "n_routed_experts": 12, "n_group": 4,
          "topk_group": 2, "num_experts_per_tok": 4, "n_shared_experts": 2}),
    Case("qwen3-next", QWEN3_NEXT, ("bf16",), 2, 32,
         {"hidden_size": 32, "moe_intermediate_size": 8, "num_experts": 10,
          "num_experts_per_tok": 4, "shared_expert_intermediate_size": 16}),
    Case("glm4-moe", GLM4, ("bf16",), 1, 33,
         {"hidden_size": 32, "moe_intermediate_size": 8, "n_routed_experts": 10,
          "num_experts_per_tok": 4, "n_shared_experts": 1}),
    Case("minimax-m2", MINIMAX_M2, ("bf16",), 0, 34,
         {"hidden_size": 32, "intermediate_size": 8, "num_local_experts": 10,
          "num_experts_per_tok": 4}),
    Case("jamba", JAMBA, ("bf16",), 3, 35,
         {"hidden_size": 32, "intermediate_size": 8, "num_experts": 10,
          "num_experts_per_tok": 2}),
    Case("gpt-oss", GPT_OSS, BOTH, 1, 36,
         {"hidden_size": 40, "intermediate_size": 24, "num_local_experts": 9,
          "num_experts_per_tok": 3, "experts_per_token": 3}),
    # A limit that many values pass, on either side.
    Case("gpt-oss-clamped", GPT_OSS, BOTH, 0, 37,
         {"hidden_size": 32, "intermediate_size": 20, "num_local_experts": 6,
          "num_experts_per_tok": 2, "experts_per_token": 2, "swiglu_limit": 0.75}),
]


# --- One golden ----------------------------------------------------------------------------------


def config_json(case, dtype):
    """What `moec import hf` reads; the fields of the released files that bear on the block."""
    config = {"architectures": [case.family.architecture], "model_type": case.family.model_type,
              "hidden_act": "silu", "num_hidden_layers": max(24, case.layer + 1),
              "num_attention_heads": 4, "num_key_value_heads": 4, "torch_dtype": HF_DTYPES[dtype]}
    return {**config, **case.family.fields, **case.fields}


def router(block):
    return block.gate if hasattr(block, "gate") else block.router


def selection_bias(block):
    """The module that holds the bias, or None: it is the router's in some families."""
    holders = (part for part in (router(block), block) if hasattr(part, "e_score_correction_bias"))
    return next(holders, None)


def make_block(case, config, dtype):
    module, _, name = case.family.block.rpartition(".")
    block_class = getattr(__import__(f"transformers.models.{module}", fromlist=[name]), name)
    settings = {k: v for k, v in config.items() if k not in ("architectures", "torch_dtype")}
    hf_config = getattr(transformers, case.family.config_class)(**settings)
    hf_config._experts_implementation = "eager"
    block = block_class(hf_config).eval()
    generator = torch.Generator().manual_seed(case.seed)
    with torch.no_grad():
        for name, weight in sorted(block.named_parameters()):
            # Logits and outputs of about unit size or more: the router must have something to say.
            gain = 2.0 if weight is router(block).weight else 1.0
            scale = gain * weight.shape[-1] ** -0.5
            weight.copy_(torch.randn(weight.shape, generator=generator) * scale)
    block = block.to(dtype)
    if holder := selection_bias(block):
        # float32 in a bf16 model too. Some negative sums: a rejected group at 0 would show.
        bias = torch.randn(router(block).num_experts, generator=generator) * 0.4 - 0.3
        holder.e_score_correction_bias = torch.nn.Buffer(bias)
    return block


def checkpoint(case, block):
    """The block's weights under the names that the family's files have."""
    prefix = f"model.layers.{case.layer}.{case.family.mlp}."
    out = {}
    for name, weight in list(block.named_parameters()) + list(block.named_buffers()):
        weight = weight.detach().contiguous()
        if not case.family.projections:
            out[prefix + name] = weight
        elif name == "experts.gate_up_proj":
            for e, both in enumerate(weight):
                gate, up = both.chunk(2)
                out[f"{prefix}experts.{e}.{case.family.projections[0]}.weight"] = gate.clone()
                out[f"{prefix}experts.{e}.{case.family.projections[1]}.weight"] = up.clone()
        elif name == "experts.down_proj":
            for e, down in enumerate(weight):
                out[f"{prefix}experts.{e}.{case.family.projections[2]}.weight"] = down.clone()
        else:
            out[prefix + name] = weight
    return out


def route(block, x):
    """Logits, weights and indices as the block's router returns them, and the scores that it
    chooses by, before any group is rejected."""
    holder = selection_bias(block)
    if holder is block:
        routed = router(block)(x, holder.e_score_correction_bias)
    else:
        routed = router(block)(x)
    if holder:
        return *routed, routed[0].float().sigmoid() + holder.e_score_correction_bias
    return *routed, torch.softmax(routed[0].float(), dim=-1)


def write_golden(case, dtype, folder):
    folder.mkdir(parents=True, exist_ok=True)
    config = config_json(case, dtype)
    (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n")
    (folder / "layer").write_text(f"{case.layer}\n")
    block = make_block(case, config, DTYPES[dtype])
    generator = torch.Generator().manual_seed(100 + case.seed)
    x = torch.randn(*TOKENS, config["hidden_size"], generator=generator).to(DTYPES[dtype])
    with torch.no_grad():
        output = block(x.clone())
        output = output[0] if isinstance(output, tuple) else output
        logits, weights, indices, choosing = route(block, x.view(-1, x.shape[-1]))
    save_file(checkpoint(case, block), folder / "weights.safetensors")
    save_file({"input": x}, folder / "input.safetensors")
    save_file({"output": output.float().reshape(-1, x.shape[-1]), "topk_indices": indices,
               "topk_weights": weights.float(), "router_logits": logits.float(),
               "choosing": choosing}, folder / "expected.safetensors",
              # One key: safetensors writes several in any order.
              metadata={"made with": f"torch {torch.__version__.split('+')[0]}, "
                                     f"transformers {transformers.__version__}"})
    for file in folder.iterdir():
        file.chmod(0o644)  # safetensors leaves them readable by the owner alone


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=pathlib.Path, default=pathlib.Path(__file__).parent)
    parser.add_argument("--only", nargs="*", help="names of cases, without the dtype")
    args = parser.parse_args()
    for case in CASES:
        if args.only and case.name not in args.only:
            continue
        for dtype in case.dtypes:
            write_golden(case, dtype, args.output / f"{case.name}-{dtype}")


if __name__ == "__main__":
    main()
