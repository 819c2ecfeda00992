"""Throughput of each machine where a MoE layer may take so long and no longer.

  moec sweep .. --format jsonl | budget.py MICROSECONDS ..

Of all sizes, ranks and schedules of a machine the one with most tokens a second and GPU counts that stays
within the budget; ratios are over the first machine.
"""
import json
import sys


def best_of(rows, machine, seconds):
    fits = [row for row in rows if row["machine"] == machine and row["seconds"] and row["seconds"] <= seconds]
    return max(fits, key=lambda row: row["tokens_per_second"] / row["ranks"], default=None)


def main(budgets):
    rows = [json.loads(line) for line in sys.stdin]
    machines = list(dict.fromkeys(row["machine"] for row in rows))
    print(f"{'us':>6}  {'machine':<12}  {'ranks':>5}  {'tokens':>6}  {'tokens/s/GPU':>12}  ratio")
    for budget in budgets:
        base = None
        for machine in machines:
            row = best_of(rows, machine, float(budget) * 1e-6)
            if not row:
                print(f"{budget:>6}  {machine:<12}  {'-':>5}  {'-':>6}  {'-':>12}  -")
                continue
            rate = row["tokens_per_second"] / row["ranks"]
            base = base or (rate if machine == machines[0] else None)
            ratio = f"{rate / base:.1f}" if base else "-"
            print(f"{budget:>6}  {machine:<12}  {row['ranks']:>5}  {row['tokens']:>6}  {rate:>12.0f}  {ratio}")


if __name__ == "__main__":
    main(sys.argv[1:])
