"""Runs the console sessions of a document and compares what they print with what it shows.

  readme_session.py [--update] DOCUMENT SOURCE_ROOT

A session is a fenced block marked `console`: lines that begin with `$ ` are commands, the rest is
their output, standard output and error as a terminal shows them. Each block runs in the source root;
files of its own go to $TMP. Figures depend on the machine, so digits, units and bars are not
compared: every run of them counts as equal. With --update the document is rewritten.
"""
import difflib
import os
import pathlib
import re
import subprocess
import sys
import tempfile

BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FIGURE = re.compile(r"[-+]?[0-9][0-9.,]*(e[-+]?[0-9]+)?(\s*(ms|us|ns|s|[KMG]iB|B|bytes|%)(?![\w]))?")
BARS = re.compile(r"[\u2500-\u259f ]+")


def masked(text):
    lines = [BARS.sub(" ", FIGURE.sub("#", line)).strip() for line in text.splitlines()]
    return [line for line in lines if line.strip("# ()")]


def run(commands, root, scratch):
    environment = dict(os.environ, NO_COLOR="1", TMP=scratch)
    shown = ""
    for command in commands:
        done = subprocess.run(["bash", "-c", command], cwd=root, env=environment, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        shown += f"$ {command}\n" + done.stdout.replace(scratch, "$TMP")
    return "\n".join(line.rstrip() for line in shown.splitlines()) + "\n"


def main(arguments):
    update = arguments[0] == "--update"
    document, root = pathlib.Path(arguments[-2]), arguments[-1]
    text = document.read_text()
    blocks = BLOCK.findall(text)
    if not blocks:
        print(f"{document}: no console session found")
        return 1
    failed = False
    for block in blocks:
        commands = [line[2:] for line in block.splitlines() if line.startswith("$ ")]
        with tempfile.TemporaryDirectory() as scratch:
            found = run(commands, root, scratch)
        if update:
            text = text.replace(block, found)
        elif masked(block) != masked(found):
            failed = True
            print(*difflib.unified_diff(masked(block), masked(found), str(document), "found", lineterm=""), sep="\n")
    if update:
        document.write_text(text)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
