"""Planted protocol bugs: one edit of a right kernel each, and who must notice it.

  mutations.py KERNEL.mlir

Runs `moe-opt --tile-check-pipes --tile-assign` on the kernel, which must pass, and on every edit
of it, which must fail with the message named here.
"""
import pathlib
import re
import subprocess
import sys

PASSES = ["--tile-check-pipes", "--tile-assign"]

# (bug, what is written, what stands there instead, message)
MUTATIONS = [
    ("missing full wait: products read what is still being written",
     "          %s = tile.wait %t : !ticket\n", "          %s = tile.acquire %t : !ticket\n",
     "must read a buffer of an awaited slot"),
    ("missing full wait: the reader turns without one",
     re.compile(r"%s = tile.wait %t : !ticket(.|\n)*?tile.yield %m"), "tile.yield %i",
     "ring must use its ticket once a block, but has 0 uses"),
    ("missing empty wait: loads write a slot that is in use",
     "          %s = tile.acquire %t : !ticket\n", "          %s = tile.wait %t : !ticket\n",
     "must write a buffer of an acquired slot"),
    ("wrong expect_tx: a box that is not the buffer",
     "!view = !tile.view<box 128x64xbf16", "!view = !tile.view<box 64x64xbf16",
     "must move boxes of the size of a panel"),
    ("flag before data: the stores may be under way",
     "      tile.wait_stores\n", "",
     "publishes stores that may not have arrived"),
    ("flag before data: the wait comes after the signal",
     "      tile.wait_stores\n      tile.signal %flags, %n, %n\n",
     "      tile.signal %flags, %n, %n\n      tile.wait_stores\n",
     "publishes stores that may not have arrived"),
    ("wrong parity: reader and writer turn unequally often",
     "%acc = tile.ring %ab count 7", "%acc = tile.ring %ab count 6",
     "'multiply' uses pipe 'ab' 6 times a turn of its loops, role 'load' 7 times"),
    ("wrong parity: one side has other tiles",
     re.compile(r'(role "store"(.|\n)*?)offsets\(%offsets\) experts\(%n\)'), r"\1total(%n)",
     "but the loops differ"),
    ("early buffer reuse: the slot is given back before it is stored",
     re.compile(r"(        tile.store .*\n)(        tile.release .*\n)"), r"\2\1",
     "touches a slot that the role has left"),
    ("early buffer reuse: a slot given back twice",
     "        tile.release %s : !dslot\n",
     "        tile.release %s : !dslot\n        tile.release %s : !dslot\n",
     "slot is released twice"),
    ("early buffer reuse: more in flight than slots",
     "!ab = !tile.pipe<4 x", "!ab = !tile.pipe<1 x",
     "1 slots, too few"),
    ("wrong descriptor: rows behind the end of an operand",
     "tile.mma %i, %a, %b :", "tile.mma %i, %a[64], %b :",
     "not rows 64 to 191"),
    ("missing barrier: the result goes to the store role without one",
     "        tile.commit %o : !dslot\n", "",
     "slot of pipe 'd' is never committed"),
    ("missing barrier: under a condition",
     "        tile.commit %o : !dslot\n",
     "        %c = arith.cmpi eq, %e, %n : i32\n        scf.if %c {\n          tile.commit %o : !dslot\n        }\n",
     "slot is committed on some paths only"),
    ("hang: the loads of a tile wait for its result",
     "        tile.ring %ab count 7 (%t, %k) : !ab {\n",
     "        %q = tile.wait %d : !d\n        tile.release %q : !dslot\n"
     "        tile.ring %ab count 7 (%t, %k) : !ab {\n",
     "waits for ever for pipe 'd'"),
    ("hang: more registers than there are",
     'role "multiply" warps [4, 11] {', 'role "multiply" warps [4, 11] regs 240 {',
     "registers to a thread"),
    ("late flag: polled by one lane",
     re.compile("( *tile.flag_wait .*\n)"), r"      %one = nvvm.elect.sync -> i1\n      scf.if %one {\n\1      }\n",
     "must not be under an election"),
]


def mutate(text, old, new):
    if isinstance(old, re.Pattern):
        changed, count = old.subn(new, text, count=1)
    else:
        changed, count = text.replace(old, new, 1), text.count(old)
    if count == 0:
        sys.exit(f"not in the kernel: {old!r}")
    return changed


def run(text):
    return subprocess.run(["moe-opt", *PASSES, "-o", "-"], input=text, text=True, capture_output=True)


def main(path):
    text = pathlib.Path(path).read_text()
    right = run(text)
    if right.returncode:
        sys.exit(f"the kernel without a bug is refused:\n{right.stderr}")
    missed = 0
    for bug, old, new, message in MUTATIONS:
        result = run(mutate(text, old, new))
        noticed = result.returncode != 0 and message in result.stderr
        print(f"{'caught' if noticed else 'MISSED'}  {bug}")
        if not noticed:
            print(f"wanted: {message}\nfound: {result.stderr or 'no error'}")
            missed += 1
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
