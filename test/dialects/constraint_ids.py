"""Every constraint of a dialect has an id in the documentation of its op, a check that carries the
id, and a failing test that does.

  constraint_ids.py SOURCE_ROOT DIALECT
"""
import pathlib
import re
import sys

ID = re.compile(r"\b[a-z]+-c[0-9]+\b")


def ids(folder, *patterns):
    found = set()
    for pattern in patterns:
        for path in folder.rglob(pattern):
            found |= set(ID.findall(path.read_text()))
    return found


def main(root, dialect):
    stated = ids(root / "dialects" / dialect, "*.td")
    checked = ids(root / "dialects" / dialect, "*.cpp", "*.h")
    tested = ids(root / "test" / "dialects" / dialect, "*.mlir")
    faults = [f"{name}: wanted a check in dialects/{dialect}, found none" for name in sorted(stated - checked)]
    faults += [f"{name}: wanted a test in test/dialects/{dialect}, found none" for name in sorted(stated - tested)]
    faults += [f"{name}: wanted a sentence in a .td file, found none" for name in sorted((checked | tested) - stated)]
    if not stated:
        faults.append(f"dialect {dialect}: wanted constraints, found none")
    for fault in faults:
        print(fault)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1]), sys.argv[2]))
