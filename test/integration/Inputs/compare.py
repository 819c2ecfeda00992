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


def is_decided(config, scores, slack):
    """Whether every decision on this token's way hangs on more than rounding."""
    k, groups = config["num_experts_per_tok"], config.get("n_group", 1)
    size = len(scores) // groups
    parts = [scores[g * size:(g + 1) * size] for g in range(groups)]
    group_scores = [sum(sorted(part)[-2:]) for part in parts]
    kept = sorted(range(groups), key=lambda g: -group_scores[g])[:config.get("topk_group", 1)]
    steps = ((group_scores, len(kept)), ([score for g in kept for score in parts[g]], k))
    return all(gap(values, count) > slack(*sorted(values)[-count - 1:][:2])
               for values, count in steps)


def rounding(config, dtype, scores):
    """What an order of these scores may hang on without being wrong."""
    largest = max(abs(score) for score in scores)
    if dtype == "BF16" and config["model_type"] != "deepseek_v3":
        return 2.0 ** (math.frexp(largest)[1] - 8)  # one unit in the last place of a bf16 logit
    return max(largest, 1.0) * 2.0 ** -18  # f32 products of a few dozen terms


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
    # The softmax keeps the order of z, and z is what gets rounded.
    deciding = "choosing" if config["model_type"] == "deepseek_v3" else "router_logits"
    slack = lambda *scores: rounding(config, dtype, scores)
    for t, scores in enumerate(rows[deciding]):
        if not is_decided(config, scores, slack):
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
