#!/usr/bin/env bash
# Makes sure that everything moec builds and tests with is installed: installs it with apt when
# root, else prints the exact line to run and fails. Debian 12; LLVM 22 is in its security suite.
set -euo pipefail

packages=(
  cmake ninja-build g++ python3 ca-certificates git
  clang-22 lld-22 ccache libclang-rt-22-dev clang-format-22  # compiler, sanitizers, formatter
  llvm-22-dev llvm-22-tools libmlir-22-dev mlir-22-tools     # MLIR; lit and FileCheck for the tests
  libboost-context-dev libxxhash-dev                         # runtime
  flatbuffers-compiler libflatbuffers-dev nlohmann-json3-dev
  libcli11-dev libgtest-dev                                  # command line, tests
  libpugixml-dev glpk-utils                                  # NCCL's XML; bounds against linear programs
  protobuf-compiler libprotobuf-dev                          # traces of other tools,
  python3-protobuf python3-jsonschema libxml2-utils          # and their checkers in the tests
  chromium fonts-dejavu-core                                 # opens the pages of moec plan --report
)

# NVIDIA's disassembler, which the tests of machine code want; they are skipped without it. No
# package of Debian has it, PyPI does: it goes into the build folder, where the tests look.
if ! command -v nvdisasm >/dev/null && ! compgen -G "build/nvidia/nvidia/*/bin/nvdisasm" >/dev/null; then
  for python in /usr/bin/python3 python3; do
    "$python" -m pip install --quiet --disable-pip-version-check --root-user-action=ignore \
      --retries 1 --timeout 10 --no-deps --target build/nvidia 'nvidia-cuda-nvdisasm>=13' >/dev/null 2>&1 && break
  done || echo "no nvdisasm: tests of machine code will be skipped" >&2
fi

missing=()
for package in "${packages[@]}"; do
  state=$(dpkg-query -W -f='${db:Status-Abbrev}' "$package" 2>/dev/null || true)
  [[ $state == ii* ]] || missing+=("$package")
done
((${#missing[@]} == 0)) && exit 0

line="apt-get install -y --no-install-recommends ${missing[*]}"
if ((EUID != 0)); then
  echo "missing packages; run this as root, then again this script:" >&2
  echo "  apt-get update && $line" >&2
  exit 1
fi
echo "installing ${#missing[@]} missing packages: ${missing[*]}" >&2
export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
if ! { apt-get -q update && $line; } >"$log" 2>&1; then
  cat "$log" >&2
  echo "could not install: ${missing[*]} (LLVM 22 needs bookworm-security in the apt sources)" >&2
  exit 1
fi
rm -f "$log"
