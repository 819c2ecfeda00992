"""Rules of the house that a machine can check, over every tracked source file.

  source_lint.py SOURCE_ROOT
"""
import pathlib
import re
import sys

from tracked_files import tracked_files

MAX_LINES = 600
CODE = {".cpp", ".h", ".hpp", ".td", ".fbs"}
GUARDED = {".h", ".hpp"}
LICENSE = "SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception"
MARKER = re.compile(r"\b(TODO|FIXME|XXX)\b")
LINK = re.compile(r"\]\(([^)#\s]+)\)")
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


def dead_links(root, path, text):
    for target in LINK.findall(text):
        if "://" not in target and not (root / path.parent / target).exists():
            yield f"{path}: wanted a file at the end of the link, found none: {target}"


def main(root):
    faults = []
    for path in tracked_files(root):
        if path.suffix in {".safetensors", ".moex", ".png"}:
            continue
        text = (root / path).read_text(errors="replace")
        faults += check(path, text)
        if path.suffix == ".md":
            faults += dead_links(root, path, text)
    for fault in faults:
        print(fault)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1])))
