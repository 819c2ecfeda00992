"""What the GPU reaches by itself: rates.py OUT MODULES

Writes {"copy_bytes_per_second", "dense": {"ROWSxCOLSxDEPTH": seconds}} for the products of the timed
layers: those of all experts together, as one dense product.
"""
import json
import statistics
import sys

import torch

# Layer, width, hidden and rows a token of the layers of run.sh.
LAYERS = {"olmoe": (1024, 2048, 8), "qwen3-30b": (768, 2048, 8), "mixtral": (14336, 4096, 2)}
TOKENS = (128, 8192)


def median_seconds(run, repeats=20):
    for _ in range(3):
        run()
    times = []
    for _ in range(repeats):
        begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        begin.record()
        run()
        end.record()
        torch.cuda.synchronize()
        times.append(begin.elapsed_time(end) * 1e-3)
    return statistics.median(times)


def copy_rate():
    source = torch.empty(1 << 31, dtype=torch.uint8, device="cuda")
    target = torch.empty_like(source)
    return 2 * source.numel() / median_seconds(lambda: target.copy_(source))


def dense_seconds(rows, columns, depth):
    a = torch.randn(rows, depth, device="cuda", dtype=torch.bfloat16)
    b = torch.randn(columns, depth, device="cuda", dtype=torch.bfloat16)
    return median_seconds(lambda: torch.matmul(a, b.T))


def main(out):
    dense = {}
    for width, hidden, rows_a_token in LAYERS.values():
        for tokens in TOKENS:
            rows = tokens * rows_a_token
            for columns, depth in ((2 * width, hidden), (hidden, width)):
                dense[f"{rows}x{columns}x{depth}"] = dense_seconds(rows, columns, depth)
    with open(out, "w") as file:
        json.dump({"copy_bytes_per_second": copy_rate(), "dense": dense}, file)


if __name__ == "__main__":
    main(sys.argv[1])
