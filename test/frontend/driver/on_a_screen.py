# Part of moec, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Runs a command whose standard error is a terminal until that was sent a text, then ends it.

  on_a_screen.py PATTERN COMMAND [ARGUMENT ..]

Prints what fits the pattern. Exit code 1 if the command ended without.
"""
import os
import pty
import re
import subprocess
import sys

pattern, command = re.compile(sys.argv[1]), sys.argv[2:]
screen, end = pty.openpty()
process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=end, env={**os.environ, "TERM": "xterm"})
os.close(end)
sent, found = "", None
while found is None:
    try:
        sent += os.read(screen, 4096).decode()
    except OSError:  # the other end is closed
        break
    found = pattern.search(sent)
process.kill()
process.wait()
print(found[0] if found else sent)
sys.exit(found is None)
