# Part of moec, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""config.json -> .moe -> .moex -> output, through the command lines that users type.

The tools are taken from PATH, as lit sets it. Whatever exits with another code than expected ends
the test with the command and what it said.
"""
import pathlib
import random
import re
import shlex
import subprocess
import sys


def run(*command, code=0):
    command = [str(word) for word in command]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if done.returncode != code:
        print(f"{shlex.join(command)}\nexit code {done.returncode}, expected {code}\n"
              f"{done.stdout}{done.stderr}")
        sys.exit(1)
    return done.stdout


class Golden:
    """One folder of test/goldens."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.config = self.folder / "config.json"
        self.weights = self.folder / "weights.safetensors"
        self.input = self.folder / "input.safetensors"
        self.layer = int((self.folder / "layer").read_text())


class Scratch:
    """Where a test's modules and outputs go. Starts empty."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        for file in self.folder.iterdir():
            if file.is_file():
                file.unlink()

    def path(self, name):
        return self.folder / name

    def import_layer(self, config, layer, name="layer"):
        source = self.path(f"{name}.moe")
        run("moec", "import", "hf", config, "--layer", layer, "-o", source)
        return source

    def compile(self, source, ranks, name=None):
        module = self.path(f"{name or source.stem}-{ranks}.moex")
        run("moec", "compile", source, "--ranks", ranks, "-o", module)
        return module

    def step(self, module, weights, tokens, *options, name="out"):
        output = self.path(f"{name}.safetensors")
        run("moe-run", module, "--weights", weights, "--input", tokens, "--output", output,
            *options)
        return output


def layer_name(source):
    return re.search(r"^layer (\w+)", source, re.MULTILINE).group(1)


def with_placement(source, ranks, body):
    """The layer of a .moe text on a mesh of `ranks` with a placement of our own."""
    layer = re.search(r"^layer .*?^}$", source, re.MULTILINE | re.DOTALL).group(0)
    return (f"moe 1\n\nmesh gpus {{\n  axis gpu {ranks}\n}}\n\n{layer}\n\n"
            f"placement for {layer_name(source)} on gpus {{\n{body}}}\n")


def random_placement(experts, ranks, seed):
    """Every expert on one rank, unevenly; some ranks may hold none. Orders are random too."""
    generator = random.Random(f"{experts} {ranks} {seed}")
    holds = [[] for _ in range(ranks)]
    order = list(range(experts))
    generator.shuffle(order)
    for expert in order:
        holds[generator.randrange(ranks)].append(expert)
    return "".join(f"  gpu {rank} holds {', '.join(map(str, held))}\n"
                   for rank, held in enumerate(holds) if held)
