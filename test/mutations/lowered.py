# Part of moec, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Planted protocol bugs in lowered kernels: one edit of the IR each, and who must notice it.

  lowered.py GOLDEN SCRATCH

The layer of the golden is compiled into one launch on two ranks. Every edit must be refused when the
module is made (a verifier, the lint) or be noticed by the emulator under one of a few seeds. What
nothing notices is an edit that a test could not have caught.
"""
import os
import re
import subprocess
import sys

from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "integration" / "Inputs"))
from pipeline import Golden, Scratch, run  # noqa: E402

SEEDS = range(1, 6)
SCHEDULE = "fuse everything\n  tokens at most 16 per gpu"


class Text:
    """The lines of a module."""

    def __init__(self, text):
        self.lines = text.split("\n")

    def find(self, pattern, start=0, step=1):
        at = start
        while 0 <= at < len(self.lines):
            if re.search(pattern, self.lines[at]):
                return at
            at += step
        raise SystemExit(f"no line {pattern} from {start}")

    def stage(self, pattern, nth=0):
        """The nth line that matches, negative from the end."""
        return [i for i, line in enumerate(self.lines) if re.search(pattern, line)][nth]

    def drop(self, at):
        self.lines[at] = ""

    def replace(self, at, pattern, by):
        changed = re.sub(pattern, by, self.lines[at], count=1)
        assert changed != self.lines[at], self.lines[at]
        self.lines[at] = changed


WAIT, WGMMA, EXPECT = r"mbarrier\.try_wait\.parity", r"wgmma\.fence", r"arrive\.expect_tx"
ROW_ADDRESS = r"llvm\.load .*!llvm\.ptr<3> -> !llvm\.ptr<1>"
SCATTER, SIGNAL = r"cp\.async\.bulk\.global\.shared", r"tile\.ptx\.st_release +sys"


def no_full_wait(text):
    text.drop(text.find(WAIT, text.stage(WGMMA, -1), -1))


def no_empty_wait(text):
    text.drop(text.find(WAIT, text.stage(EXPECT, -1), -1))


def wrong_expect(text):
    at = text.stage(EXPECT, -1)
    name = re.search(r"expect_tx %\w+, (%\w+)", text.lines[at])[1]
    made = text.find(rf"{name} = llvm\.mlir\.constant", at, -1)
    text.replace(made, r"\((\d+) : i32\)", lambda m: f"({int(m[1]) - 16} : i32)")


def no_proxy_fence(text):
    text.drop(text.find(r"fence\.proxy", text.stage(r"nvvm\.stmatrix", -1)))


def flag_before_data(text):
    text.drop(text.find(r"bulk\.wait_group 0(?! \{read)", text.stage(SCATTER, -1)))


def wrong_parity(text):
    at = text.find(WAIT, text.stage(WGMMA, -1), -1)
    phase = re.search(r"parity %\w+, (%\w+),", text.lines[at])[1]
    text.lines[at] = ("%planted = llvm.mlir.constant(1 : i32) : i32\n"
                      f"%other = llvm.xor {phase}, %planted : i32\n" +
                      text.lines[at].replace(phase + ",", "%other,"))


def early_reuse(text):
    """One lane of a warp gives the tile back while others read rows of it."""
    text.drop(text.find(r"bar\.warp\.sync", text.stage(ROW_ADDRESS, -1)))


def wrong_descriptor(text):
    at = text.find(r"tile\.ptx\.wgmma a", text.stage(WGMMA, -1))
    text.replace(at, r"( b %\w+ \+ )(\d+)", lambda m: f"{m[1]}{int(m[2]) + 512}")


def wrong_column(text):
    at = text.find(r"tile\.ptx\.wgmma a", text.stage(WGMMA, -1))
    text.replace(at, r"( b %\w+ \+ )(\d+)", lambda m: f"{m[1]}{int(m[2]) + 1}")


def early_release(text):
    """The slot goes back to its producer while the product reads it."""
    wait = text.stage(r"tile\.ptx\.wgmma_wait", -1)
    end = text.find(r"tile\.ptx\.arrive_if", wait) + 1
    start = text.find(WGMMA, wait, -1)
    release = text.lines[wait + 1:end]
    text.lines[start:end] = release + text.lines[start:wait + 1]


def no_named_barrier(text):
    # Behind the wait for returned rows: its warp alone has seen the flags.
    wait = text.stage(r"tile\.ptx\.ld_acquire +sys", -1)
    text.drop(text.find(r'"nvvm\.barrier"\(%', wait))


def wrong_peer(text):
    heap = text.find(r"llvm\.load .* -> i64", text.stage(SIGNAL, 0), -1)
    text.replace(text.find(r"constant\(8 : i64\)", heap, -1), r"\(8", "(0")  # rank 0 for each lane


def dropped_signal(text):
    text.drop(text.stage(SIGNAL, -1))


def same_epoch(text):
    text.drop(text.stage(r"llvm\.store %\w+, %\w+ \{alignment = 4 : i64\} : i32, !llvm\.ptr<1>", -1))


def narrow_release(text):
    text.replace(text.stage(SIGNAL, -1), "sys", "gpu")


def narrow_acquire(text):
    text.replace(text.stage(r"tile\.ptx\.ld_acquire +sys", -1), "sys", "gpu")


def plain_look(text):
    """The counts of records, read as if no peer wrote them meanwhile."""
    at = text.find(r"tile\.ptx\.ld_acquire +sys", text.stage(r"tile\.ptx\.ld_acquire +sys", 0) + 1)
    text.replace(at, r"tile\.ptx\.ld_acquire +sys (%\w+) :", r"llvm.load \1 {alignment = 8 : i64} :")


def plain_half(text):
    """The same of the epoch alone, the upper half of the flag."""
    at = text.find(r"tile\.ptx\.ld_acquire +sys", text.stage(r"tile\.ptx\.ld_acquire +sys", 0) + 1)
    word, pointer = re.search(r"(%\w+) = tile\S+ +sys (%\w+) :", text.lines[at]).groups()
    text.lines[at] = (f"%half = llvm.getelementptr {pointer}[4] : (!llvm.ptr<1>) -> !llvm.ptr<1>, i8\n"
                      "%epoch = llvm.load %half {alignment = 4 : i64} : !llvm.ptr<1> -> i32\n"
                      f"{word} = llvm.zext %epoch : i32 to i64")


def lone_arrival(text):
    """Lanes signal rows of other CTAs that one lane alone has acquired."""
    text.drop(text.find(r"nvvm\.bar\.warp\.sync", text.stage(r"tile\.ptx\.atom +inc", 0)))


MUTATIONS = {
    "missing full wait": no_full_wait,
    "missing empty wait": no_empty_wait,
    "wrong expect_tx": wrong_expect,
    "missing proxy fence": no_proxy_fence,
    "flag before data": flag_before_data,
    "wrong parity": wrong_parity,
    "early buffer reuse": early_reuse,
    "wrong descriptor": wrong_descriptor,
    "descriptor off by a chunk": wrong_column,
    "slot released before its product ends": early_release,
    "missing named barrier": no_named_barrier,
    "wrong peer": wrong_peer,
    "dropped signal": dropped_signal,
    "epoch not advanced": same_epoch,
    "flag released to its own GPU only": narrow_release,
    "flag acquired from its own GPU only": narrow_acquire,
    "flag read without acquire": plain_look,
    "half a flag read without acquire": plain_half,
    "signals beside the lane that arrived": lone_arrival,
}


def notice(command):
    """What the first run that fails says; empty if all are content."""
    environment = dict(os.environ, MOEC_EMULATOR_DEADLINE_MS="20")  # a lost flag is soon reported
    done = subprocess.run([str(word) for word in command], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, env=environment)
    lines = [line for line in done.stdout.splitlines() if "error" in line or "FAILED" in line] or ["no message"]
    return lines[0] if done.returncode else ""


def step(module, golden, seed):
    return notice(["moe-run", module, "--backend", "emulator", "--test-seed", seed, "--repeat", 1,
                   "--weights", golden.weights, "--input", golden.input, "--check"])


def main(folder, scratch):
    golden, scratch = Golden(folder), Scratch(scratch)
    source = scratch.import_layer(golden.config, golden.layer).read_text()
    path, lowered = scratch.path("one.moe"), scratch.path("lowered.mlir")
    path.write_text(source.replace("algorithm auto", SCHEDULE))
    run("moec", "compile", path, "--ranks", 2, "--target", "sm_90a", "--emit=lower", "-o", lowered)
    module, missed = scratch.path("mutant.moex"), []
    compiling = ["moec", "compile", scratch.path("mutant.mlir"), "--from=lower", "-o", module]
    for name, mutate in {"nothing": lambda text: None, **MUTATIONS}.items():
        text = Text(lowered.read_text())
        mutate(text)
        scratch.path("mutant.mlir").write_text("\n".join(text.lines))
        found = notice(compiling)
        seeds = SEEDS if name != "nothing" else range(1, 4)
        for seed in seeds:
            found = found or step(module, golden, seed)
        print(f"{name}: {found[:300] or 'not noticed'}", flush=True)
        if bool(found) == (name == "nothing"):
            missed.append(name)
    if missed:
        sys.exit(f"wrong answers for: {', '.join(missed)}")


if __name__ == "__main__":
    main(*sys.argv[1:])
