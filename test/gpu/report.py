"""Results of on-device.sh as JSON lines, and as a table at the end.

  report.py begin|check|conformance|missing|timing|counters|end RESULTS ...
"""
import json
import os
import sys

BF16 = 2
PASS, FAIL, SKIP = "pass", "FAIL", "skip"


def read_json(path):
    try:
        with open(path) as file:
            return json.load(file)
    except (OSError, ValueError):
        return None


def last_line(path):
    """What a log ends with, for the table."""
    try:
        with open(path, errors="replace") as file:
            lines = [line.strip() for line in file if line.strip()]
    except OSError:
        return ""
    errors = [line for line in lines if "error" in line.lower() or "FAILED" in line]
    return (errors or lines or [""])[0 if errors else -1][:160]


def why(code, log):
    if code in (124, 137):
        return "took too long: " + last_line(log)
    return last_line(log)


class Results:
    def __init__(self, path):
        self.path = path
        with open(path) as file:
            self.lines = [json.loads(line) for line in file]
        self.run = self.lines[0] if self.lines else {}

    def add(self, **fields):
        common = {key: self.run.get(key) for key in ("device", "driver", "commit")}
        with open(self.path, "a") as file:
            file.write(json.dumps({**common, **fields}) + "\n")


def begin(results, device_file, commit_file):
    with open(device_file) as file:
        fields = [field.strip() for field in file.read().strip().split(",")] + ["", ""]
    with open(commit_file) as file:
        commit = file.read().strip()
    with open(results.path, "a") as file:
        file.write(json.dumps({"what": "run", "device": fields[0], "driver": fields[1],
                               "commit": commit}) + "\n")


def check(results, name, code, log):
    state = PASS if code == "0" else FAIL
    results.add(what=name, state=state, note=why(int(code), log))


def missing(results, name, reason):
    results.add(what=name, state=SKIP, note=reason)


def conformance(results, code, report, log):
    suite = read_json(report)
    if suite is None:  # it did not come to its end
        results.add(what="conformance", state=FAIL, note=why(int(code), log))
        return
    cases = [case for tests in suite["testsuites"] for case in tests["testsuite"]]
    failed = [case["name"] for case in cases if case.get("failures")]
    skipped = [case["name"] for case in cases if case.get("result") == "SKIPPED"]
    passed = len(cases) - len(failed) - len(skipped)
    state = PASS if code == "0" and passed and not failed else FAIL
    note = f"{passed} passed, {len(skipped)} skipped, {len(failed)} failed"
    results.add(what="conformance", state=state, note=note, failed=failed, skipped=skipped)


def expert_floor(layer, rows, experts_used, copy_rate):
    """Seconds to move each weight that is used once, and rows in and out."""
    width, hidden = layer["intermediate"], layer["hidden"]
    weights = 3 * width * hidden * experts_used * BF16
    moved = rows * (hidden + 2 * width + hidden) * BF16
    return (weights + moved) / copy_rate


def timing(results, name, tokens, code, run_file, rates_file):
    run = read_json(run_file)
    if code != "0" or run is None:
        results.add(what="timing", shape=f"{name} {tokens}", state=FAIL, note=why(int(code), run_file))
        return
    layer, seconds = run["layer"], run["step_seconds"]
    rows = sum(run["expert_tokens"])
    used = sum(1 for count in run["expert_tokens"] if count)
    phases = {phase["name"]: phase["seconds"] for phase in run["phases"]}
    gpu = sum(phases.values())
    experts = sum(time for phase, time in phases.items() if "up" in phase or "down" in phase)
    line = {"what": "timing", "shape": f"{name} {tokens}", "state": PASS, "tokens": run["tokens"],
            "ranks": run["ranks"], "median": seconds["median"],
            "spread": seconds["max"] - seconds["min"], "gpu_seconds": gpu,
            "expert_seconds": experts, "phases": phases,
            "tflops": 6e-12 * rows * layer["hidden"] * layer["intermediate"] / max(experts, 1e-9)}
    rates = read_json(rates_file)
    if rates:
        width, hidden = layer["intermediate"], layer["hidden"]
        products = (f"{rows}x{2 * width}x{hidden}", f"{rows}x{hidden}x{width}")
        dense = [rates["dense"].get(product) for product in products]
        if all(dense):
            line["dense_seconds"] = sum(dense)
            line["of_dense"] = sum(dense) / max(experts, 1e-9)
        floor = expert_floor(layer, rows, used, rates["copy_bytes_per_second"])
        line["floor_seconds"] = floor
        line["of_floor"] = floor / max(experts, 1e-9)
    results.add(**line)


def counters(results, name, tokens, code, log, counters_file):
    """One line a kernel, with bytes a second of device memory and from the L2 cache to the SMs."""
    kernels = read_json(counters_file) if code == "0" else None
    if kernels is None:
        results.add(what="counters", shape=f"{name} {tokens}", state=FAIL, note=why(int(code), log))
        return
    for kernel in kernels:
        seconds = kernel.get("seconds", 0)
        rates = {f"{key}_per_second": kernel[key] / seconds for key in sorted(kernel)
                 if key.endswith("_bytes") and seconds}
        results.add(what="counters", shape=f"{name} {tokens}", state=PASS, **kernel, **rates)


def percent(line, key):
    return f"{100 * line[key]:.0f} %" if key in line else "-"


def table(lines, head, row):
    """Prints `head` and a row of each line, if there are any; of one that failed, why."""
    if lines:
        print(f"  {head}")
    for line in lines:
        print("  " + (f"{line['shape']:20} {FAIL}: {line['note']}" if line["state"] == FAIL else row(line)))


def timing_row(line):
    return (f"{line['shape']:20} {1e3 * line['gpu_seconds']:9.3f} {1e3 * line['expert_seconds']:10.3f} "
            f"{line['tflops']:8.1f} {percent(line, 'of_dense'):>9} {percent(line, 'of_floor'):>9}")


def counters_row(line):
    return (f"{line['kernel'][:36]:36} {1e3 * line.get('seconds', 0):8.3f} "
            f"{1e-12 * line.get('dram_bytes_per_second', 0):11.2f} "
            f"{1e-12 * line.get('l2_to_sm_bytes_per_second', 0):13.2f} "
            f"{percent(line, 'tensor_active'):>7}")


def end(results):
    run = results.run
    print(f"{run.get('device')}, driver {run.get('driver')}, commit {run.get('commit')}")
    checks = [line for line in results.lines if line["what"] not in ("run", "timing", "counters")]
    for line in checks:
        print(f"  {line['state']:4}  {line['what']:16} {line['note']}")
    table([line for line in results.lines if line["what"] == "timing"],
          f"{'layer, tokens':20} {'layer ms':>9} {'experts ms':>10} {'TFLOP/s':>8} {'of dense':>9} {'of floor':>9}",
          timing_row)
    table([line for line in results.lines if line["what"] == "counters"],
          f"{'kernel':36} {'ms':>8} {'memory TB/s':>11} {'L2 to SM TB/s':>13} {'tensor':>7}", counters_row)
    failed = [line for line in results.lines if line.get("state") == FAIL]
    print(f"{len(failed)} failed" if failed else "all passed")
    return 1 if failed else 0


ACTIONS = {"begin": begin, "check": check, "missing": missing, "conformance": conformance,
           "timing": timing, "counters": counters, "end": end}

if __name__ == "__main__":
    action, path, *rest = sys.argv[1:]
    if not os.path.exists(path):
        open(path, "w").close()
    sys.exit(ACTIONS[action](Results(path), *rest) or 0)
