"""Reads execution traces with protobuf's own library and holds them against matrices.

  check_chakra.py PROTO PREFIX SCRATCH MATRIX...
"""
import glob
import importlib
import os
import subprocess
import sys

import files
from files import need

# Of mlcommons/chakra's et_def.proto: what a reader with that schema would look for.
NUMBERS = {
    "Node": {"id": 1, "name": 2, "type": 3, "ctrl_deps": 4, "data_deps": 5,
             "duration_micros": 7, "attr": 10},
    "AttributeProto": {"name": 1, "int32_val": 7, "int64_val": 9, "bool_val": 27},
    "GlobalMetadata": {"version": 1},
}
COMPUTES, SENDS, RECEIVES = 4, 5, 6
SMALLEST_PIECE = 64 << 10


def schema(proto, scratch):
    os.makedirs(scratch, exist_ok=True)
    folder, name = os.path.split(proto)
    subprocess.run(["protoc", f"--proto_path={folder}", f"--python_out={scratch}", name], check=True)
    sys.path.insert(0, scratch)
    module = importlib.import_module(name.replace(".proto", "_pb2"))
    for message, fields in NUMBERS.items():
        known = getattr(module, message).DESCRIPTOR.fields_by_name
        for field, number in fields.items():
            need(known[field].number == number, f"{message}.{field} is not field {number}")
    return module


def messages(data):
    at = 0
    while at < len(data):
        length = shift = 0
        while True:
            byte = data[at]
            at += 1
            length |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                break
        need(at + length <= len(data), "a message that is longer than the file")
        yield data[at:at + length]
        at += length


def value(node, name):
    found = [attr for attr in node.attr if attr.name == name]
    need(len(found) == 1, f"node {node.id}: {len(found)} attributes {name}")
    return getattr(found[0], found[0].WhichOneof("value"))


def read(pb, path):
    with open(path, "rb") as file:
        parts = list(messages(file.read()))
    metadata = pb.GlobalMetadata()
    metadata.ParseFromString(parts[0])
    need(metadata.version, f"{path}: no version")
    nodes = []
    for part in parts[1:]:
        nodes.append(pb.Node())
        nodes[-1].ParseFromString(part)
    return nodes


def check(arguments):
    proto, prefix, scratch, *matrices = arguments
    matrices = [files.read_matrix(path) for path in matrices]
    pb = schema(proto, scratch)
    ranks = len(matrices[0])
    paths = glob.glob(glob.escape(prefix) + ".*.et")
    need(len(paths) == ranks, f"{len(paths)} traces of {ranks} ranks")
    sends, receives, before, moved, flags = {}, {}, {}, {}, set()
    used, sizes, kernels = set(), {}, 0
    for rank in range(ranks):
        for node in read(pb, f"{prefix}.{rank}.et"):
            key = (rank, node.id)
            need(key not in before, f"node {key} twice")
            before[key] = [(rank, first) for first in [*node.data_deps, *node.ctrl_deps]]
            used.update(before[key])
            need(node.type in (COMPUTES, SENDS, RECEIVES), f"{key}: type {node.type}")
            if node.type == COMPUTES:
                kernels += not value(node, "is_cpu_op")
                continue
            need(not value(node, "is_cpu_op"), f"{key}: a message of the CPU")
            pair = (value(node, "comm_src"), value(node, "comm_dst"))
            need(pair[node.type == RECEIVES] == rank and pair[0] != pair[1], f"{key}: {pair}")
            message = (*pair, value(node, "comm_tag"))
            table = sends if node.type == SENDS else receives
            table.setdefault(message, []).append((key, value(node, "comm_size")))
            if any(attr.name == "moec_flag" for attr in node.attr):
                flags.add(message)
            elif node.type == SENDS:
                moved[pair] = moved.get(pair, 0) + value(node, "comm_size")
                sizes.setdefault((*pair, node.name), []).append(value(node, "comm_size"))
    without_nodes = [{key: [size for _, size in entries] for key, entries in table.items()}
                     for table in (sends, receives)]
    files.check_messages(*without_nodes)
    for message, [(node, _)] in receives.items():
        before[node].append(sends[message][0][0])
        need(node in used, f"nothing comes after receive {message}")
    files.order(before)
    files.check_matrix(moved, matrices)
    for message, pieces in sizes.items():
        need(len(pieces) == 1 or min(pieces) >= SMALLEST_PIECE, f"{message}: pieces {pieces}")
    return (f"{ranks} traces, {len(before)} nodes, {len(sends)} messages, {len(flags)} flags, "
            f"{kernels} kernels")


files.main(check)
