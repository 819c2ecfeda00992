#!/usr/bin/env bash
# From a bare Debian 12 to a checked run: installs what is missing, builds moec, compiles the MoE
# layer of OLMoE-1B-7B for eight GPUs, runs it on eight virtual ones on this CPU, compares the result
# with an independent reference and shows what travelled between the GPUs.
# The first time takes minutes (mostly the build), every later time seconds.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

bold='' plain=''
if [[ -t 1 && -z ${NO_COLOR:-} ]]; then
  bold=$'\033[1m' plain=$'\033[0m'
fi
say() { printf '\n%s$ %s%s\n' "$bold" "$*" "$plain"; }

test/packages.sh

# The build's output is shown on a terminal, where it counts its steps in one line, and kept otherwise.
build() {
  cmake --preset default >build/quickstart.log 2>&1 || { cat build/quickstart.log >&2; return 1; }
  if [[ -t 1 ]]; then
    cmake --build --preset default --target moec moe-run
  else
    cmake --build --preset default --target moec moe-run >>build/quickstart.log 2>&1 ||
      { tail -n 40 build/quickstart.log >&2; return 1; }
  fi
}
mkdir -p build
[[ -x build/bin/moec && -x build/bin/moe-run ]] ||
  echo "building moec: a few minutes on two cores, once (log: build/quickstart.log)"
build

export PATH="$PWD/build/bin:$PATH"

layer=examples/01-olmoe/olmoe.moe
module=build/quickstart-olmoe.moex
say "moec compile $layer -o $module"
moec compile "$layer" -o "$module"
say "moe-run $module --random 1 --tokens 512 --check"
moe-run "$module" --random 1 --tokens 512 --check
