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

log=$(mktemp)
trap 'rm -f "$log"' EXIT
if [[ ! -x build/bin/moec || ! -x build/bin/moe-run ]]; then
  echo "building moec (minutes on two cores, once)"
fi
if ! { cmake --preset default && cmake --build --preset default --target moec moe-run; } >"$log" 2>&1; then
  tail -n 40 "$log" >&2
  exit 1
fi
export PATH="$PWD/build/bin:$PATH"

layer=examples/01-olmoe/olmoe.moe
module=build/quickstart-olmoe.moex
say "moec compile $layer -o $module"
moec compile "$layer" -o "$module"
say "moe-run $module --random 1 --tokens 512 --check"
moe-run "$module" --random 1 --tokens 512 --check
