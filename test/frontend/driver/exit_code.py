"""Runs a command and succeeds exactly if its exit code is the one wanted.

  exit_code.py CODE COMMAND ...
"""
import subprocess
import sys

code = subprocess.run(sys.argv[2:]).returncode
if code != int(sys.argv[1]):
    print(f"{' '.join(sys.argv[2:])}: wanted exit code {sys.argv[1]}, found {code}", file=sys.stderr)
    sys.exit(1)
