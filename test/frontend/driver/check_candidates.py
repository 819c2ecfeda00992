"""Checks what `moec plan --algorithm auto --json` says of candidates: check_candidates.py FILE"""

import json
import re
import sys

with open(sys.argv[1]) as file:
    table = json.load(file)["candidates"]
buckets, candidates = table["buckets"], table["candidates"]
fitting = [c for c in candidates if c["fits"]]
assert len(fitting) >= 2, candidates
assert len(buckets) % 4 == 0 and sum(b["counts"] for b in buckets) == 4, buckets



def suits(schedule, tokens):
    """Whether each of its pieces can have a token."""
    pieces = re.search(r"chunks (\d+)", schedule)
    return pieces is None or int(pieces[1]) <= tokens


for number, bucket in enumerate(buckets):
    seconds = {c["schedule"]: c["costs"][number]["seconds"] for c in fitting
               if suits(c["schedule"], bucket["tokens"])}
    assert bucket["seconds"] == min(seconds.values()) == seconds[bucket["best"]], bucket
    for candidate in fitting:
        cost = candidate["costs"][number]
        assert cost["seconds"] >= cost["floor_seconds"] * (1 - 1e-9) > 0, cost
        assert cost["seconds"] >= cost["bound_seconds"] * (1 - 1e-9) > 0, cost
ratios = {}
for candidate in fitting:
    counted = [n for n, bucket in enumerate(buckets) if bucket["counts"]]
    ratios[candidate["schedule"]] = max(
        candidate["costs"][n]["seconds"] / buckets[n]["seconds"] for n in counted
    )
    assert abs(ratios[candidate["schedule"]] - candidate["worst_ratio"]) < 1e-9, candidate
assert ratios[table["chosen"]] <= 1.01 * min(ratios.values()), ratios
