"""A path can be guessed: the flag, the def, the source and the test of a pass share one stem.

  name_lint.py SOURCE_ROOT

For the flag `--comm-schedule` the def is `CommSchedule` or `CommSchedulePass`, the source
`Schedule.cpp` below passes/ and a test `schedule*.mlir` below test/passes/ that runs the flag;
the same for codegen/.
"""
import pathlib
import re
import sys

PASS = re.compile(r'def\s+(\w+)\s*:\s*Pass<\s*"([a-z0-9-]+)"')
DIALECTS = ("moe", "comm", "tile")


def camel(kebab):
    return "".join(word.capitalize() for word in kebab.split("-"))


def check_pass(root, layer, definition, flag):
    prefix, _, stem = flag.partition("-")
    if prefix not in DIALECTS:
        yield f"flag --{flag}: wanted a dialect ({', '.join(DIALECTS)}) as the first word, found '{prefix}'"
        return
    wanted = (camel(flag), camel(flag) + "Pass")
    if definition not in wanted:
        yield f"flag --{flag}: wanted the def {' or '.join(wanted)}, found {definition}"
    if not list((root / layer).rglob(camel(stem) + ".cpp")):
        yield f"flag --{flag}: wanted a source {camel(stem)}.cpp below {layer}/"
    tests = list((root / "test" / layer).rglob(stem + "*.mlir"))
    if not any(re.search(rf"--?{flag}\b", test.read_text()) for test in tests):
        yield f"flag --{flag}: wanted a test {stem}*.mlir below test/{layer}/ that runs it"


def main(root):
    passes = []
    for layer in ("passes", "codegen"):
        for table in sorted((root / layer).rglob("Passes.td")):
            passes += [(layer, *found) for found in PASS.findall(table.read_text())]
    if not passes:
        print("no pass found in any Passes.td")
        return 1
    faults = [fault for found in passes for fault in check_pass(root, *found)]
    for fault in faults:
        print(fault)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1])))
