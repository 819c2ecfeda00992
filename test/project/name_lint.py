"""A path can be guessed: the flag, the def, the source and the test of a pass share one stem.

  name_lint.py SOURCE_ROOT

For the flag `--comm-schedule` the def is `CommSchedule` or `CommSchedulePass`, the source
`Schedule.cpp` below passes/ and a test `schedule*.mlir` below test/passes/ that runs the flag.
"""
import pathlib
import re
import sys

PASS = re.compile(r'def\s+(\w+)\s*:\s*Pass<\s*"([a-z0-9-]+)"')
DIALECTS = ("moe", "comm", "tile")


def camel(kebab):
    return "".join(word.capitalize() for word in kebab.split("-"))


def check_pass(root, definition, flag):
    prefix, _, stem = flag.partition("-")
    if prefix not in DIALECTS:
        yield f"flag --{flag}: wanted a dialect ({', '.join(DIALECTS)}) as the first word, found '{prefix}'"
        return
    wanted = (camel(flag), camel(flag) + "Pass")
    if definition not in wanted:
        yield f"flag --{flag}: wanted the def {' or '.join(wanted)}, found {definition}"
    if not list((root / "passes").rglob(camel(stem) + ".cpp")):
        yield f"flag --{flag}: wanted a source {camel(stem)}.cpp below passes/"
    tests = list((root / "test" / "passes").rglob(stem + "*.mlir"))
    if not any(re.search(rf"--?{flag}\b", test.read_text()) for test in tests):
        yield f"flag --{flag}: wanted a test {stem}*.mlir below test/passes/ that runs it"


def main(root):
    passes = []
    for table in sorted((root / "passes").rglob("Passes.td")):
        passes += PASS.findall(table.read_text())
    if not passes:
        print("no pass found in any passes/**/Passes.td")
        return 1
    faults = [fault for definition, flag in passes for fault in check_pass(root, definition, flag)]
    for fault in faults:
        print(fault)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1])))
