#!/usr/bin/env bash
# Runs the kernels of every bf16 golden in the emulator: each fusion, on 1 and 8 virtual GPUs, under
# many seeds that let copies land late and threads take turns at random. All must give the same
# bits, and those must be the golden's. Keeps the result in test/bench/results/campaign.jsonl.
#
#   test/campaign.sh [--resume] [SEEDS] [GOLDEN...]
#
# 100 seeds of all goldens if nothing is said: hours. --resume goes on where it was stopped.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
resume=()
if [[ ${1:-} == --resume ]]; then
  resume=(--resume)
  shift
fi
seeds=${1:-100}
shift || true
build=${MOEC_BUILD:-build}
export PATH="$PWD/$build/bin:$PATH"
python3 test/integration/Inputs/campaign.py "${resume[@]}" --processes "${MOEC_PROCESSES:-2}" \
  "$seeds" "$build/campaign" test/bench/results/campaign.jsonl "${@:-all}"
