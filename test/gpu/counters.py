"""Where the time of a kernel goes: counters.py OUT MODULE TOKENS

Runs one step of MODULE under Nsight Compute (ncu) and writes one object a kernel to OUT, a JSON list:
{"kernel", "seconds", "dram_bytes_per_second", "l2_to_sm_bytes_per_second", "tensor_active", ...}.
Shares are of the peak of that unit. A counter that this ncu does not know is left out.
"""
import csv
import io
import json
import re
import subprocess
import sys

# What the field is called, and ncu's name of it (docs: Nsight Compute, Metrics Reference).
METRICS = {
    "seconds": "gpu__time_duration.sum",
    "dram_bytes": "dram__bytes.sum",
    "dram_of_peak": "dram__throughput.avg.pct_of_peak_sustained_elapsed",
    "l2_bytes": "lts__t_bytes.sum",
    "l2_of_peak": "lts__t_sectors.avg.pct_of_peak_sustained_elapsed",
    "l2_hit": "lts__t_sector_hit_rate.pct",
    "l2_to_sm_bytes": "l1tex__m_xbar2l1tex_read_bytes.sum",
    "l2_to_xbar_active": "lts__lts2xbar_cycles_active.avg.pct_of_peak_sustained_elapsed",
    "xbar_to_l2_active": "lts__xbar2lts_cycles_active.avg.pct_of_peak_sustained_elapsed",
    "sm_to_l2_bytes": "l1tex__m_l1tex2xbar_write_bytes.sum",
    "tensor_active": "sm__pipe_tensor_cycles_active.avg.pct_of_peak_sustained_elapsed",
    "tensor_hmma_active":
        "sm__pipe_tensor_op_hmma_cycles_active.avg.pct_of_peak_sustained_elapsed",
    "gmma_issued": "sm__inst_executed_pipe_tensor_op_gmma.avg.pct_of_peak_sustained_elapsed",
    "issue_active": "sm__issue_active.avg.pct_of_peak_sustained_elapsed",
    "sm_hertz": "sm__cycles_elapsed.avg.per_second",
}
SCALE = {"second": 1, "s": 1, "msecond": 1e-3, "ms": 1e-3, "usecond": 1e-6, "us": 1e-6,
         "nsecond": 1e-9, "ns": 1e-9, "byte": 1, "Kbyte": 1e3, "Mbyte": 1e6, "Gbyte": 1e9,
         "hz": 1, "Khz": 1e3, "Mhz": 1e6, "Ghz": 1e9, "%": 1e-2, "": 1}


def scale_of(unit):
    """Of `Mbyte/second`, `cycle/usecond` and the like: of the first word, by that of the second."""
    parts = unit.split("/")
    value = SCALE.get(parts[0], 1)
    return value / SCALE.get(parts[1], 1) if len(parts) > 1 else value


def profile(metrics, command):
    ncu = ["ncu", "--csv", "--page", "raw", "--clock-control", "none", "--metrics", ",".join(metrics),
           "-c", "8"]
    return subprocess.run(ncu + command, capture_output=True, text=True)


def kernels(text):
    lines = [line for line in text.splitlines() if line.startswith('"')]
    rows = list(csv.DictReader(io.StringIO("\n".join(lines))))
    units, rows = rows[0], rows[1:]
    for row in rows:
        kernel = {"kernel": row["Kernel Name"]}
        for field, metric in METRICS.items():
            value = (row.get(metric) or "").replace(",", "")
            if re.fullmatch(r"[-+.\deE]+", value):
                kernel[field] = float(value) * scale_of(units.get(metric) or "")
        yield kernel


def main(out, module, tokens):
    command = ["bin/moe-run", module, "--random", "1", "--tokens", tokens, "--backend", "cuda"]
    wanted = list(METRICS.values())
    for _ in range(len(METRICS)):
        run = profile(wanted, command)
        unknown = [metric for metric in wanted
                   if any("find metric" in line and metric in line
                          for line in (run.stdout + run.stderr).splitlines())]
        if not unknown:
            break
        wanted = [metric for metric in wanted if metric not in unknown]
    if run.returncode != 0:
        sys.exit((run.stdout + run.stderr)[-2000:])
    with open(out, "w") as file:
        json.dump(list(kernels(run.stdout)), file, indent=1)


if __name__ == "__main__":
    main(*sys.argv[1:])
