# Part of moec, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Every fusion of goldens' kernels under seeds of the emulator; see test/campaign.sh.

  campaign.py [--resume] [--processes N] SEEDS SCRATCH RESULTS.jsonl|- GOLDEN...|all

A piece is a golden with a few seeds: all its modules in one process, which compiles the kernels of
each once. Pieces that are done lie in SCRATCH/pieces.jsonl, a line a module; `--resume` skips them,
and where that file is gone (another machine) the seeds that RESULTS has of the same sources.
The seeds of all goldens advance together, and RESULTS sums up what is done so far.
"""
import argparse
import concurrent.futures
import json
import pathlib
import subprocess
import sys
import threading

import compare
import tensors
from pipeline import Golden, Scratch, run

GOLDENS = pathlib.Path(__file__).resolve().parents[2] / "goldens"
FORMS = {
    "separate": "fuse nothing",
    "dispatch-up": "fuse dispatch + up",
    "down-combine": "fuse down + combine",
    "both": "fuse dispatch + up\n  fuse down + combine",
    "everything": "fuse everything",
}
RANKS = (1, 8)
SEEDS_OF_A_PIECE = 10


def compile_forms(golden, scratch):
    source = scratch.import_layer(golden.config, golden.layer).read_text()
    for ranks in RANKS:
        for form, statement in FORMS.items():
            path, module = scratch.path(f"{form}.moe"), scratch.path(f"{form}-{ranks}.moex")
            path.write_text(source.replace("algorithm auto", statement))
            run("moec", "compile", path, "--ranks", ranks, "--target", "sm_90a", "-o", module)
            yield module


class Campaign:
    """The pieces of some goldens, and what is known of them."""

    def __init__(self, arguments, folders):
        self.scratch, self.results = pathlib.Path(arguments.scratch), arguments.results
        self.goldens = [Golden(folder) for folder in folders]
        self.modules, self.making = {}, {golden.folder.name: threading.Lock() for golden in self.goldens}
        self.scratch.mkdir(parents=True, exist_ok=True)
        self.commit = commit_of_kernels()
        self.record = self.scratch / "pieces.jsonl"
        self.lines = []
        if arguments.resume and self.record.exists():
            self.lines = [json.loads(line) for line in self.record.read_text().splitlines()]
        elif arguments.resume and pathlib.Path(self.results).exists():
            self.lines = list(pieces_of(pathlib.Path(self.results), self.commit))
        self.write_record()

    def write_record(self):
        self.record.write_text("".join(json.dumps(line) + "\n" for line in self.lines))

    def prepare(self, golden):
        """Compiles its modules. A Scratch starts empty, so once a run."""
        name = golden.folder.name
        with self.making[name]:
            if name not in self.modules:
                self.modules[name] = list(compile_forms(golden, Scratch(self.scratch / name)))
            return self.modules[name]

    def is_done(self, golden, first, last):
        """Every module ran these seeds without a failure."""
        found = {line["module"] for line in self.lines if not line["failures"]
                 and (line["golden"], line["first"], line["last"]) == (golden.folder.name, first, last)}
        return len(found) == len(FORMS) * len(RANKS)

    def run_piece(self, golden, first, last):
        """The lines of a piece, and what was said against it."""
        name, modules = golden.folder.name, self.prepare(golden)
        output = self.scratch / name / f"out-{first}.safetensors"
        done = subprocess.run(["moec-campaign", "emulator", str(first), str(last), golden.weights,
                               golden.input, output, *modules],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        lines = [dict(json.loads(line), golden=name, commit=self.commit)
                 for line in done.stdout.splitlines()]
        for line in lines:
            line["module"] = pathlib.Path(line["module"]).name
        if done.returncode:
            return lines, f"{name}: runs differ or failed\n{done.stderr}"
        checked = subprocess.run([sys.executable, compare.__file__, golden.folder, output],
                                 stdout=subprocess.PIPE, text=True)
        output.unlink()
        print(checked.stdout, end="", flush=True)
        return lines, checked.stdout if checked.returncode else ""

    def add(self, lines):
        names = {(line["golden"], line["first"]) for line in lines}
        self.lines = [line for line in self.lines
                      if (line["golden"], line["first"]) not in names] + lines
        self.write_record()
        for line in lines:
            print(json.dumps(line), flush=True)
        if self.results != "-":
            pathlib.Path(self.results).write_text(
                "".join(json.dumps(line) + "\n" for line in self.summary()))

    def summary(self):
        """A line a module: how many seeds, how many failures."""
        sums = {}
        for line in sorted(self.lines, key=lambda line: line["golden"]):
            new = {"golden": line["golden"], "module": line["module"], "backend": line["backend"],
                   "ranks": line["ranks"], "seeds": 0, "failures": 0, "seconds": 0.0,
                   "commit": line["commit"]}
            entry = sums.setdefault((line["golden"], line["module"]), new)
            entry["seeds"] += line["last"] - line["first"] + 1
            entry["failures"] += line["failures"]
            entry["seconds"] = round(entry["seconds"] + line["seconds"], 2)
        return list(sums.values())

    def run(self, seeds, processes):
        pieces = [(golden, first, min(first + SEEDS_OF_A_PIECE - 1, seeds))
                  for first in range(1, seeds + 1, SEEDS_OF_A_PIECE) for golden in self.goldens]
        pieces = [piece for piece in pieces if not self.is_done(*piece)]
        faults = []
        with concurrent.futures.ThreadPoolExecutor(processes) as pool:
            for lines, fault in pool.map(lambda piece: self.run_piece(*piece), pieces):
                self.add(lines)
                if fault:
                    print(fault, flush=True)
                    faults.append(fault.splitlines()[0])
        return faults


def pieces_of(results, commit):
    """The pieces that lines of results stand for, of `commit` or one with the same sources."""
    for text in results.read_text().splitlines():
        line = json.loads(text)
        is_ours = line["commit"] == commit or has_same_sources(line["commit"])
        if line["failures"] or not is_ours:
            continue
        seeds, seconds = line.pop("seeds"), line.pop("seconds")
        for first in range(1, seeds + 1, SEEDS_OF_A_PIECE):
            yield dict(line, first=first, last=min(first + SEEDS_OF_A_PIECE - 1, seeds),
                       seconds=seconds if first == 1 else 0.0)


# What makes kernels and runs them, as far as git knows.
SOURCES = ("dialects", "passes", "codegen", "runtime/backends")


def has_same_sources(commit):
    compared = subprocess.run(["git", "diff", "--quiet", commit, "--", *SOURCES],
                              cwd=GOLDENS.parents[1], stderr=subprocess.DEVNULL)
    return compared.returncode == 0


def commit_of_kernels():
    def git(*arguments):
        return subprocess.run(["git", *arguments], cwd=GOLDENS.parents[1], text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    commit = git("rev-parse", "--short", "HEAD").stdout.strip() or "unknown"
    return commit + ("" if has_same_sources("HEAD") or commit == "unknown" else "-changed")


def has_kernels(folder):
    return tensors.read_header(folder / "input.safetensors")[0]["input"]["dtype"] == "BF16"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--resume", action="store_true")
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("seeds", type=int)
    parser.add_argument("scratch")
    parser.add_argument("results")
    parser.add_argument("names", nargs="+")
    arguments = parser.parse_args()
    folders = [GOLDENS / name for name in arguments.names]
    if arguments.names == ["all"]:
        folders = sorted(folder for folder in GOLDENS.iterdir() if folder.is_dir())
    without = [folder.name for folder in folders if not has_kernels(folder)]
    if without:
        print(f"f32 has no kernels, left out: {', '.join(without)}", flush=True)
    campaign = Campaign(arguments, [folder for folder in folders if folder.name not in without])
    faults = campaign.run(arguments.seeds, arguments.processes)
    if faults:
        sys.exit("\n".join(faults))


if __name__ == "__main__":
    main()
