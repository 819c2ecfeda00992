"""Runs an MSCCL algorithm on symbols: it ends, without a race, as an all-to-all.

  check_msccl.py FILE MATRIX

Order: steps of a thread block, depid, send before its receive, and a send after the
receive that frees its slot; several loops, for slots are used again. NCCL has 8 steps
a connection, a chunk takes 4: two chunks are under way.
"""
import itertools
import xml.etree.ElementTree as ElementTree

import files
from files import need

SLOTS = 2
LOOPS = 4
MOST_STEPS, MOST_COUNT, MOST_PEERS, MOST_BLOCKS = 256, 72, 32, 216
SENDING, RECEIVING = {"s"}, {"r"}  # what an exchange without forwarding needs


def numbers(element):
    return {key: int(text) for key, text in element.attrib.items() if text.lstrip("-").isdigit()}


def load(path):
    """Steps by (gpu, block, step), with the block's peers and channel."""
    root = ElementTree.parse(path).getroot()
    ranks = numbers(root)["ngpus"]
    steps, peers = {}, {}
    for rank, gpu in enumerate(root):
        need(numbers(gpu)["id"] == rank, f"gpu {gpu.attrib['id']} at place {rank}")
        need(len(gpu) <= MOST_BLOCKS, f"gpu {rank}: {len(gpu)} thread blocks")
        for number, block in enumerate(gpu):
            facts = numbers(block)
            need(facts["id"] == number, f"gpu {rank}: block {facts['id']} at place {number}")
            need(0 <= facts["chan"] < numbers(root)["nchannels"], f"block {number}: its channel")
            for side in ("send", "recv"):
                need(-1 <= facts[side] < ranks and facts[side] != rank, f"block {number}: {side}")
                if facts[side] >= 0:
                    peers.setdefault((rank, side, facts["chan"]), []).append(facts[side])
            need(len(block) <= MOST_STEPS, f"block {number}: {len(block)} steps")
            for s, step in enumerate(block):
                made = {**step.attrib, **numbers(step)}
                need(made["s"] == s and 0 < made["cnt"] < MOST_COUNT, f"block {number} step {s}")
                steps[rank, number, s] = {**made, **{k: facts[k] for k in ("send", "recv", "chan")}}
    need(len(root) == ranks, f"{len(root)} gpus of {ranks}")
    for key, known in peers.items():
        need(len(known) <= MOST_PEERS and len(set(known)) == len(known), f"peers of {key}: {known}")
    return root, ranks, steps


def connect(steps):
    """k-th send of a connection to its k-th receive."""
    ends = {}
    for (rank, block, s), step in steps.items():
        if step["type"] in SENDING:
            ends.setdefault((rank, step["send"], step["chan"]), ([], []))[0].append((rank, block, s))
        if step["type"] in RECEIVING:
            ends.setdefault((step["recv"], rank, step["chan"]), ([], []))[1].append((rank, block, s))
    for key, (sends, receives) in ends.items():
        need(len(sends) == len(receives), f"{key}: {len(sends)} sends, {len(receives)} receives")
    return ends.values()


def edges(steps, connections):
    before = {(loop, *key): [] for loop in range(LOOPS) for key in steps}
    lengths = {}
    for rank, block, s in steps:
        lengths[rank, block] = max(lengths.get((rank, block), 0), s + 1)
    for loop, (rank, block, s) in itertools.product(range(LOOPS), steps):
        node, step = (loop, rank, block, s), steps[rank, block, s]
        if s or loop:
            before[node].append((loop, rank, block, s - 1) if s else
                                (loop - 1, rank, block, lengths[rank, block] - 1))
        if step["depid"] >= 0:
            first = (rank, step["depid"], step["deps"])
            need(first in steps and steps[first]["hasdep"] == 1, f"{node}: waits for {first}")
            before[node].append((loop, *first))
    for sends, receives in connections:
        sends, receives = ([(loop, *key) for loop in range(LOOPS) for key in side]
                           for side in (sends, receives))
        for k, (send, receive) in enumerate(zip(sends, receives)):
            before[receive].append(send)
            if k >= SLOTS:
                before[send].append(receives[k - SLOTS])
    return before


def accesses(step):
    if step["type"] in SENDING | {"cpy"}:
        yield "read", step["srcbuf"], step["srcoff"]
    if step["type"] in RECEIVING | {"cpy"}:
        yield "write", step["dstbuf"], step["dstoff"]


def run(steps, ranks, before, sequence, connections):
    """One loop, in the order of `sequence`: what is where, and no two touch it at once."""
    memory = {(rank, "i", i): (rank, i) for rank in range(ranks) for i in range(ranks)}
    source = {receive: send for sends, receives in connections for send, receive in zip(sends, receives)}
    sent, earlier, touched, index = {}, {}, {}, {}
    for loop, *key in sequence:
        if loop:
            continue
        key = tuple(key)
        index[key] = len(index)
        bits = 0
        for first in before[(0, *key)]:
            bits |= earlier[first[1:]] | 1 << index[first[1:]]
        earlier[key] = bits
        step = steps[key]
        for kind, buffer, offset in accesses(step):
            cell = (key[0], buffer, offset)
            for other, other_kind in touched.setdefault(cell, []):
                ordered = bits >> index[other] & 1
                need(ordered or kind == other_kind == "read", f"{key} and {other} race on {cell}")
            touched[cell].append((key, kind))
            if kind == "read":
                need(cell in memory, f"{key} reads {cell}, which nobody wrote")
                sent[key] = memory[cell]
        if step["type"] in RECEIVING | {"cpy"}:
            memory[key[0], step["dstbuf"], step["dstoff"]] = sent[source.get(key, key)]
    return memory


def check(arguments):
    path, matrix = arguments
    root, ranks, steps = load(path)
    connections = list(connect(steps))
    before = edges(steps, connections)
    memory = run(steps, ranks, before, files.order(before), connections)
    for rank, peer in itertools.product(range(ranks), repeat=2):
        found = memory.get((rank, "o", peer))
        need(found == (peer, rank), f"output {peer} of rank {rank} is {found}")
    rows = files.read_matrix(matrix)
    need(numbers(root)["minBytes"] == rows[0][1] * ranks, f"bytes of a rank: {root.attrib['minBytes']}")
    return f"{ranks} ranks, {len(steps)} steps"


files.main(check)
