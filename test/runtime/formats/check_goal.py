"""Parses a GOAL schedule: what is sent is received, in an order that exists.

  check_goal.py FILE MATRIX...
"""
import re

import files
from files import need

STATEMENT = re.compile(r"l(\d+): (?:(send|recv) (\d+)b (to|from) (\d+) tag (\d+)|calc (\d+)) cpu \d+")
REQUIRES = re.compile(r"l(\d+) requires l(\d+)")


def check(arguments):
    path, *matrices = arguments
    matrices = [files.read_matrix(matrix) for matrix in matrices]
    with open(path) as file:
        lines = file.read().splitlines()
    first = re.fullmatch(r"num_ranks (\d+)", lines[0])
    need(first and int(first[1]) == len(matrices[0]), f"first line {lines[0]!r}")
    sends, receives, before, rank, seen = {}, {}, {}, None, []
    for number, line in enumerate(lines[1:], 2):
        if not line:
            need(rank is None, f"{number}: an empty line within a rank")
        elif opening := re.fullmatch(r"rank (\d+) \{", line):
            need(rank is None, f"{number}: a rank within a rank")
            rank = int(opening[1])
            seen.append(rank)
        elif line == "}":
            rank = None
        elif edge := REQUIRES.fullmatch(line):
            label, first = (rank, int(edge[1])), (rank, int(edge[2]))
            need(label in before, f"{number}: no label {label}")
            before[label].append(first)
        else:
            statement = STATEMENT.fullmatch(line)
            need(statement and rank is not None, f"{number}: {line!r}")
            label = (rank, int(statement[1]))
            need(label not in before, f"{number}: label {label} twice")
            before[label] = []
            if statement[2]:
                sending = statement[2] == "send"
                need((statement[4] == "to") == sending, f"{number}: {line!r}")
                peer = int(statement[5])
                key = (rank, peer) if sending else (peer, rank)
                table = sends if sending else receives
                table.setdefault((*key, int(statement[6])), []).append((label, int(statement[3])))
    need(seen == list(range(len(matrices[0]))), f"ranks {seen}")
    files.check_messages(*({key: [size for _, size in entries] for key, entries in table.items()}
                           for table in (sends, receives)))
    moved = {}
    for key, [(label, size)] in sends.items():
        before[receives[key][0][0]].append(label)
        if size != 8:  # flags
            moved[key[:2]] = moved.get(key[:2], 0) + size
    files.order(before)
    files.check_matrix(moved, matrices)
    return f"{len(seen)} ranks, {len(before)} statements, {len(sends)} messages"


files.main(check)
