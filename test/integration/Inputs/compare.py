# Part of moec, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Compares a step's output with a golden of test/goldens.

  compare.py GOLDEN OUT.safetensors

Checks the choices wherever the selection margin exceeds the rounding of the dtype, the weights
expert by expert (some families leave the slots' order open), the order of the slots, and the
output's rows. Prints what it found; exit code 1 at the first disagreement.
"""
import json
import math
import pathlib
import struct
import sys

import tensors

# Relative to the reference's norm; the last is the part of the tokens that may be too close to call.
OUTPUT_LIMIT = {"F32": 1e-5, "BF16": 2e-2}
WEIGHTS_LIMIT = {"F32": 1e-5, "BF16": 1e-3}  # tight enough to show a rounding left out
UNDECIDED_LIMIT = 0.1


def fail(message):
    print(f"FAILED: {message}")
    sys.exit(1)


def norm(values):
    return math.sqrt(math.fsum(v * v for v in values))


def difference(found, wanted):
    return norm(f - w for f, w in zip(found, wanted)) / max(norm(wanted), 1e-30)


def gap(scores, count):
    """How far the last chosen is above the first not chosen; infinite when all are chosen."""
    order = sorted(scores, reverse=True)
    return order[count - 1] - order[count] if count < len(order) else math.inf


class Router:
    """How a golden's router decides, and by how little a right one may decide otherwise."""

    def __init__(self, config, weights, logits):
        self.k = config["num_experts_per_tok"]
        self.groups, self.kept = config.get("n_group", 1), config.get("topk_group", 1)
        self.best_of_group = 1 if config["model_type"] == "deepseek_v2" else 2
        self.has_bias = any(name.endswith("e_score_correction_bias") for name in weights)
        # Some families take the product in f32 in a bf16 model too.
        self.is_bf16 = all(struct.pack("<f", z)[:2] == b"\0\0" for z in logits)

    def unit(self, logits):
        """Of the rounding of these logits."""
        largest = max(abs(z) for z in logits)
        if self.is_bf16:
            return 2.0 ** (math.frexp(largest)[1] - 8)  # one in the last place
        return max(largest, 1.0) * 2.0 ** -18  # f32 products of a few dozen terms

    def scores(self, logits, choosing):
        """What the decisions hang on, and what two of them may be apart without being wrong.
        A softmax keeps the order of the logits; a sigmoid is nowhere steeper than 1/4."""
        if self.has_bias:
            slack = max(self.unit(logits) / 4, 2.0 ** -18)
            return choosing, lambda *scores: slack
        return logits, lambda *scores: self.unit(scores)

    def is_decided(self, scores, slack):
        """Whether every decision on this token's way hangs on more than rounding."""
        size = len(scores) // self.groups
        parts = [scores[g * size:(g + 1) * size] for g in range(self.groups)]
        group_scores = [sum(sorted(part)[-self.best_of_group:]) for part in parts]
        kept = sorted(range(self.groups), key=lambda g: -group_scores[g])[:self.kept]
        steps = ((group_scores, len(kept)), ([s for g in kept for s in parts[g]], self.k))
        return all(gap(values, count) > slack(*sorted(values)[-count - 1:][:2])
                   for values, count in steps)


def check_shapes(found, wanted):
    for name, dtype in (("output", "F32"), ("topk_indices", "I64"), ("topk_weights", "F32")):
        if name not in found:
            fail(f"no tensor '{name}' in the output file")
        if (found[name].dtype, found[name].shape) != (dtype, wanted[name].shape):
            fail(f"{name} is {found[name].dtype} {found[name].shape}, "
                 f"expected {dtype} {wanted[name].shape}")


def check_choice(token, found, wanted):
    if len(set(found)) != len(found):
        fail(f"token {token} chose an expert twice: {list(found)}")
    if set(found) != set(wanted):
        fail(f"token {token} chose {sorted(found)}, expected {sorted(wanted)}")


def check_order(token, experts, scores, slack):
    for better, worse in zip(experts, experts[1:]):
        if scores[better] < scores[worse] - slack(scores[better], scores[worse]):
            fail(f"token {token} has expert {better} ({scores[better]}) before "
                 f"{worse} ({scores[worse]})")


def main(golden, out):
    golden = pathlib.Path(golden)
    config = json.loads((golden / "config.json").read_text())
    dtype = tensors.read(golden / "input.safetensors")["input"].dtype
    wanted, found = tensors.read(golden / "expected.safetensors"), tensors.read(out)
    check_shapes(found, wanted)
    rows = {name: tensor.rows() for name, tensor in wanted.items()}
    got = {name: tensor.rows() for name, tensor in found.items()}
    decided, outputs, weights = [], ([], []), ([], [])
    weight_names = tensors.read_header(golden / "weights.safetensors")[0]
    router = Router(config, weight_names, wanted["router_logits"].values)
    for t, (logits, choosing) in enumerate(zip(rows["router_logits"], rows["choosing"])):
        scores, slack = router.scores(logits, choosing)
        if not router.is_decided(scores, slack):
            continue
        decided.append(t)
        experts = list(got["topk_indices"][t])
        check_choice(t, experts, rows["topk_indices"][t])
        check_order(t, experts, scores, slack)
        by_expert = dict(zip(rows["topk_indices"][t], rows["topk_weights"][t]))
        weights[0].extend(got["topk_weights"][t])
        weights[1].extend(by_expert[e] for e in experts)
        outputs[0].extend(got["output"][t])
        outputs[1].extend(rows["output"][t])
    total = len(rows["output"])
    output, weight = difference(*outputs), difference(*weights)
    print(f"{golden.name}: {len(decided)} of {total} tokens decided, "
          f"output differs by {output:.2e}, weights by {weight:.2e}")
    if len(decided) < total * (1 - UNDECIDED_LIMIT):
        fail(f"only {len(decided)} of {total} tokens have a margin above the rounding")
    if not output <= OUTPUT_LIMIT[dtype]:
        fail(f"output differs by {output:.3e}, limit {OUTPUT_LIMIT[dtype]:.0e}")
    if not weight <= WEIGHTS_LIMIT[dtype]:
        fail(f"weights differ by {weight:.3e}, limit {WEIGHTS_LIMIT[dtype]:.0e}")


if __name__ == "__main__":
    main(*sys.argv[1:])
