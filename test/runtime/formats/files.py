"""What the checkers of exported files share. None of it is used by the exporter."""
import collections
import sys


class Fault(Exception):
    pass


def need(condition, message):
    if not condition:
        raise Fault(message)


def main(check):
    try:
        print(check(sys.argv[1:]))
    except Fault as fault:
        print(f"fault: {fault}")
        sys.exit(1)


def read_matrix(path):
    with open(path) as file:
        rows = [[int(cell) for cell in line.replace(",", " ").split()] for line in file]
    need(all(len(row) == len(rows) for row in rows), f"{path}: wanted a square matrix")
    return rows


def check_matrix(moved, matrices):
    """moved: bytes by (source, destination). Each matrix has cells rounded up to 16."""
    for source in range(len(matrices[0])):
        for destination in range(len(matrices[0])):
            if source == destination:
                continue
            wanted = sum(matrix[source][destination] for matrix in matrices)
            found = moved.get((source, destination), 0)
            need(0 <= wanted - found < 16 * len(matrices),
                 f"wanted {wanted} bytes from {source} to {destination}, found {found}")


def check_messages(sends, receives):
    """Both: sizes by (source, destination, tag), each a list."""
    for key in sends.keys() | receives.keys():
        need(sends.get(key) is not None, f"receive {key} without a send")
        need(receives.get(key) is not None, f"send {key} without a receive")
        need(sends[key] == receives[key], f"{key}: sizes {sends[key]} and {receives[key]} differ")
        need(len(sends[key]) == 1, f"{key}: a tag used twice")


def order(before):
    """before: predecessors by node. The nodes, each after its predecessors."""
    open_edges = {node: len(set(first)) for node, first in before.items()}
    after = collections.defaultdict(list)
    for node, firsts in before.items():
        for first in set(firsts):
            need(first in before, f"{node} comes after {first}, which does not exist")
            after[first].append(node)
    ready = [node for node, count in open_edges.items() if count == 0]
    for node in ready:
        for follower in after[node]:
            open_edges[follower] -= 1
            if open_edges[follower] == 0:
                ready.append(follower)
    need(len(ready) == len(before), f"a cycle among {len(before) - len(ready)} nodes")
    return ready
