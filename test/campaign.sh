#!/usr/bin/env bash
# Runs the kernels of every bf16 golden in the emulator: each fusion, on 1 and 8 virtual GPUs, under
# many seeds that let copies land late and threads take turns at random. All must give the same
# bits, and those must be the golden's. Keeps the result in test/bench/results/campaign.jsonl.
#
#   test/campaign.sh [SEEDS] [GOLDEN...]     100 seeds of all goldens: hours; `test/run.sh` does 1
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
seeds=${1:-100}
shift || true
build=${MOEC_BUILD:-build}
export PATH="$PWD/$build/bin:$PATH"
python3 test/integration/Inputs/campaign.py "$seeds" "$build/campaign" \
  test/bench/results/campaign.jsonl "${@:-all}"
