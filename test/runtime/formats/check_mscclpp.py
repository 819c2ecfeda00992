"""Runs an MSCCL++ execution plan on symbols: it ends as an all-to-all.

  check_mscclpp.py FILE SCHEMA MATRIX

A channel is a pair of counters: signals that came, waits that were passed. A put is
seen by the peer that passes the wait for a signal behind it, with a barrier of the
thread block between. It may write the peer's output once the peer has said so.
"""
import json

import jsonschema

import files
from files import need


class Block:
    def __init__(self, gpu, block, pair_of):
        self.rank, self.ops, self.at = gpu["id"], block["ops"], 0
        self.channels = [pair_of[gpu["id"], number] for part in block["channels"]
                         for number in part["channel_ids"]]
        self.buffers = [gpu["remote_buffers"][number] for part in block["remote_buffer_refs"]
                        for number in part["remote_buffer_ids"]]
        self.ready = set()     # peers whose output may be written
        self.unsynced = set()  # peers put to since the last barrier
        self.puts = {}         # cells by peer, put and not yet signalled
        self.fresh = False     # a wait without a barrier behind it


class Run:
    def __init__(self, plan):
        gpus = plan["gpus"]
        need([gpu["id"] for gpu in gpus] == list(range(len(gpus))), "ids of gpus")
        self.ranks = len(gpus)
        pair_of = self.pair_channels(gpus)
        self.blocks = [Block(gpu, block, pair_of) for gpu in gpus for block in gpu["threadblocks"]]
        held = [(block.rank, channel) for block in self.blocks for channel in block.channels]
        need(len(set(held)) == len(held), "a channel in two thread blocks")
        need(len(held) == len(pair_of), "a channel in no thread block")
        self.came, self.passed, self.told = {}, {}, {}
        self.output = {}
        self.seen = set()

    @staticmethod
    def pair_channels(gpus):
        """(peer, how many to it before) by rank and number; both sides have as many."""
        pairs, count = {}, {}
        for gpu in gpus:
            flat = [peer for part in gpu["channels"] for peer in part["connected_to"]]
            for number, peer in enumerate(flat):
                need(peer != gpu["id"] and peer < len(gpus), f"gpu {gpu['id']}: a channel to {peer}")
                count[gpu["id"], peer] = count.get((gpu["id"], peer), 0) + 1
                pairs[gpu["id"], number] = (peer, count[gpu["id"], peer])
        for (rank, peer), number in count.items():
            need(count.get((peer, rank)) == number, f"channels between {rank} and {peer}")
        return pairs

    def write(self, rank, chunk, value):
        key = (rank, chunk["index"])
        need(chunk["size"] == 1 and key not in self.output, f"output {key} is written twice")
        self.output[key] = value
        return key

    def put(self, block, op):
        [source], [target] = op["src_buff"], op["dst_buff"]
        need(target["buffer_id"] < len(block.buffers), "a put to no buffer")
        buffer = block.buffers[target["buffer_id"]]
        peer = block.channels[op["channel_ids"][0]][0]
        need(buffer["rank"] == peer and buffer["type"] == "o", f"a put to {buffer} by way of {peer}")
        need(peer in block.ready and not block.fresh, f"{block.rank} puts to {peer}, not yet ready")
        need(source["type"] == "i", "a put of no input")
        cell = self.write(peer, target, (block.rank, source["index"]))
        block.puts.setdefault(peer, []).append(cell)
        block.unsynced.add(peer)

    def signal(self, block, op):
        for number in op["channel_ids"]:
            peer, which = block.channels[number]
            need(peer not in block.unsynced, f"{block.rank} signals {peer} before its put is done")
            key = (peer, block.rank, which)
            self.came[key] = self.came.get(key, 0) + 1
            kind = op["name"] == "signal"
            self.told.setdefault(key, []).append((kind, block.puts.pop(peer, []) if kind else []))

    def wait(self, block, op):
        keys = [(block.rank, *block.channels[number]) for number in op["channel_ids"]]
        if any(self.came.get(key, 0) <= self.passed.get(key, 0) for key in keys):
            return False
        for key in keys:
            kind, cells = self.told[key][self.passed.get(key, 0)]
            need(kind == (op["name"] == "wait"), f"{key}: {op['name']} for the other kind of signal")
            self.passed[key] = self.passed.get(key, 0) + 1
            self.seen.update(cells)
            block.ready.add(key[1])
        block.fresh = True
        return True

    def step(self, block):
        op = block.ops[block.at]
        if op["name"] in ("wait", "rlxwait") and not self.wait(block, op):
            return False
        if op["name"] == "nop":
            block.unsynced, block.fresh = set(), False
        elif op["name"] == "put":
            self.put(block, op)
        elif op["name"] == "copy":
            [source], [target] = op["src_buff"], op["dst_buff"]
            need((source["type"], target["type"]) == ("i", "o"), "a copy of other buffers")
            self.seen.add(self.write(block.rank, target, (block.rank, source["index"])))
        elif op["name"] in ("signal", "rlxsignal"):
            self.signal(block, op)
        block.at += 1
        return True

    def run(self):
        moved = True
        while moved:
            moved = False
            for block in self.blocks:
                while block.at < len(block.ops) and self.step(block):
                    moved = True
        for block in self.blocks:
            need(block.at == len(block.ops), f"rank {block.rank} waits for ever at op {block.at}")
        need(self.came == self.passed, "a signal that nobody waits for")
        for rank in range(self.ranks):
            for peer in range(self.ranks):
                found = self.output.get((rank, peer))
                need(found == (peer, rank), f"output {peer} of rank {rank} is {found}")
                need((rank, peer) in self.seen, f"output {peer} of rank {rank} is never waited for")


def check(arguments):
    path, schema, matrix = arguments
    with open(path) as file, open(schema) as schema_file:
        plan, schema = json.load(file), json.load(schema_file)
    try:
        jsonschema.validate(plan, schema)
    except jsonschema.ValidationError as error:
        raise files.Fault(f"schema: {error.message[:200]}") from None
    run = Run(plan)
    size = plan["max_message_size"]
    need(size % (plan["buffer_alignment"] * run.ranks) == 0 and size < 1 << 32, f"{size} bytes a rank")
    need(size == files.read_matrix(matrix)[0][1] * run.ranks, f"{size} bytes a rank: not the matrix's")
    for gpu in plan["gpus"]:
        need(gpu["input_chunks"] == gpu["output_chunks"] == run.ranks, "chunks")
    run.run()
    return f"{run.ranks} ranks, {sum(len(block.ops) for block in run.blocks)} ops"


files.main(check)
