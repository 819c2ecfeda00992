"""What the numbers of `moec whatif --json` have to do with each other.

  check_whatif.py RAILS_AND_RACK.json THE_SAME_WITH_REST.json
"""
import json
import sys


def close(left, right):
    return abs(left - right) <= 1e-9 * max(abs(left), abs(right))


plain, rested = (json.load(open(path)) for path in sys.argv[1:])
base, rack = plain["rows"]
exposed = base["exposed"]
assert close(rack["communication_factor"], base["communication_seconds"] / rack["communication_seconds"])
f, s = exposed["scheduled"], rack["communication_factor"]
assert close(rack["formula_factor"], 1 / ((1 - f) + f / s))
assert close(rack["machine_factor"], base["seconds"] / rack["seconds"])
assert 0 <= exposed["ideal"] <= exposed["scheduled"] <= exposed["serial"] < 1
for row in plain["rows"]:
    assert close(row["dispatch_seconds"] + row["combine_seconds"], row["communication_seconds"])
    assert row["compute_seconds"] < row["seconds"]
    assert row["seconds"] <= row["communication_seconds"] + row["compute_seconds"] + 1e-9
# NVLink beats rails, its share of the gain shrinks with the time that no link changes.
assert rack["communication_factor"] > 2 and rack["links_factor"] > 1
assert 1 < rested["rows"][1]["links_factor"] < rack["links_factor"]
assert close(rested["rows"][0]["seconds"], base["seconds"] + 1e-3)
assert rested["rest_seconds"] == 1e-3 and any("--rest" in line["what"] for line in rested["assumptions"])
