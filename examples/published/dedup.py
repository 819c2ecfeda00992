# Part of moec, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""How much less crosses the rails where a token is sent once to each node, by number of nodes.

  python3 examples/published/dedup.py

The routing that DeepEP's analysis assumes: 256 experts, top 8, no group limit, all equally likely.
moec counts the bytes of its own two-tier plan; exit code 1 where that is not the published share.
"""
import json
import pathlib
import re
import subprocess
import sys
import tempfile

# 1 - D(Q) / k with D(Q) = Q (1 - C(E - E/Q, k) / C(E, k)) distinct targets of Q, as DeepEP V2 counts them.
PUBLISHED = {8: 33.8, 16: 18.5, 32: 9.2, 64: 4.1, 128: 1.4}
LAYER = pathlib.Path(__file__).parent.parent / "05-deepseek-v3" / "deepseek-v3-narrow.moe"
TOP, HIDDEN = 8, 512
SENT = 2 * HIDDEN + 4 * (2 + 3 * TOP)  # a row in bf16 and what a node has to know of it
RETURNED = 4 * HIDDEN  # every slot's row in f32


def layer(nodes):
    text = LAYER.read_text()
    text = re.sub(r"^ *groups 8 keep .*\n", "", text, flags=re.MULTILINE)
    for old, new in ((" + selection_bias", ""), ("axis node 8", f"axis node {nodes}"), ("axis gpu 8", "axis gpu 2"),
                     ("algorithm auto", "algorithm two_tier")):
        assert old in text, old
        text = text.replace(old, new)
    return text


def saved(nodes, folder):
    source = pathlib.Path(folder) / f"{nodes}.moe"
    source.write_text(layer(nodes))
    plan = subprocess.run(["moec", "plan", source, "--json"], check=True, capture_output=True, text=True)
    moved = json.loads(plan.stdout)["bytes"]
    # Rows come back slot by slot, so they say what would go out slot by slot.
    return 100 * (1 - (moved["dispatch"]["rail"] / SENT) / (moved["combine"]["rail"] / RETURNED))


def main():
    print("nodes  published   moec")
    wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        for nodes, published in PUBLISHED.items():
            share = saved(nodes, folder)
            wrong += abs(share - published) > 0.051  # published to one digit
            print(f"{nodes:5}  {published:7.1f} %  {share:4.1f} %")
    print("as published" if not wrong else f"{wrong} differ")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
