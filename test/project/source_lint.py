"""Rules of the house that a machine can check, over every tracked source file.

  source_lint.py SOURCE_ROOT
"""
import pathlib
import re
import subprocess
import sys

MAX_LINES = 600
CODE = {".cpp", ".h", ".hpp", ".td", ".fbs"}
GUARDED = {".h", ".hpp"}
LICENSE = "SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception"
MARKER = re.compile(r"\b(TODO|FIXME|XXX)\b")
MACHINE_PATH = re.compile(r"(?<![\w.])/(root|home|work)/\w")


def guard(path):
    parts = ("MOEC",) + path.parts
    return re.sub(r"[^A-Z0-9]", "_", "_".join(parts).upper())


def check(path, text):
    lines = text.count("\n")
    if path.suffix in CODE | {".py"} and lines > MAX_LINES:
        yield f"{path}: wanted at most {MAX_LINES} lines, found {lines}"
    if path.suffix in CODE and LICENSE not in text:
        yield f"{path}: wanted the line '{LICENSE}'"
    if path.suffix in GUARDED and not re.search(r"#ifndef MOEC_\w+", text):
        yield f"{path}: wanted an include guard like {guard(path)}"
    for number, line in enumerate(text.splitlines(), 1):
        if path.name != "source_lint.py" and path.suffix in CODE | {".py", ".sh"}:
            if MARKER.search(line):
                yield f"{path}:{number}: wanted no marker without an issue, found '{line.strip()}'"
        if path.name != "source_lint.py" and MACHINE_PATH.search(line):
            yield f"{path}:{number}: wanted no path of one machine, found '{line.strip()[:80]}'"


def main(root):
    listed = subprocess.run(["git", "-C", root, "ls-files", "-z"], stdout=subprocess.PIPE, text=True)
    if listed.returncode:
        print("not a git checkout: nothing to lint")
        return 0
    faults = []
    for name in filter(None, listed.stdout.split("\0")):
        path = root / name
        if not path.is_file() or path.suffix in {".safetensors", ".moex", ".png"}:
            continue
        faults += check(pathlib.Path(name), path.read_text(errors="replace"))
    for fault in faults:
        print(fault)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1])))
