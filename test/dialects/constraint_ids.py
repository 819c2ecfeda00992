"""A rule can be walked from its sentence to its check and to the test that breaks it.

  constraint_ids.py SOURCE_ROOT

Each `<op>-c<n>` in a dialect's .td stands in a .cpp below dialects/ or passes/ and in a test below
test/dialects/<dialect>, and no code or test names one that no .td has.
"""
import pathlib
import re
import sys

ID = re.compile(r"\b[a-z_]+-c[0-9]+\b")


def ids(paths):
    found = {}
    for path in sorted(paths):
        for name in ID.findall(path.read_text()):
            found.setdefault(name, path)
    return found


def check(root, dialect):
    stated = ids((root / "dialects" / dialect).glob("*.td"))
    checked = ids((root / "dialects" / dialect).glob("*.cpp"))
    broken = ids((root / "test" / "dialects" / dialect).glob("*"))
    for name, path in stated.items():
        if name not in checked:
            yield f"{path.relative_to(root)}: wanted a check of {name} in dialects/{dialect}, found none"
        if name not in broken:
            yield f"{path.relative_to(root)}: wanted a test that breaks {name}, found none"
    for name, path in {**checked, **broken}.items():
        if name not in stated:
            yield f"{path.relative_to(root)}: wanted {name} in a .td of {dialect}, found it nowhere"


def main(root):
    faults = [fault for folder in sorted((root / "dialects").iterdir()) if folder.is_dir()
              for fault in check(root, folder.name)]
    for fault in faults:
        print(fault)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1])))
