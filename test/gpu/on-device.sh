#!/usr/bin/env bash
# Runs the bundle on the GPU of this machine: on-device.sh [RESULTS]
# Prints a table; RESULTS gets JSON lines. Exit code 1 if a check failed. Takes at most nine minutes.
set -uo pipefail
results=$(realpath -m "${1:-results.jsonl}")
cd "$(dirname "${BASH_SOURCE[0]}")"
export LD_LIBRARY_PATH=$PWD/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
export MOEC_BACKEND_PATH=$PWD/lib MOEC_CONFORMANCE_MODULES=$PWD/modules/conformance
logs=$(dirname "$results")/logs
mkdir -p "$logs"
: > "$results"
chmod +x bin/* 2>/dev/null

python=$(command -v python3 || true)
[ -n "$python" ] || { echo "wanted python3 for the report, found none"; exit 2; }
[ -d modules ] || "$python" -m tarfile -e modules.tar.xz . || exit 2

# limited SECONDS LOG COMMAND...: its exit code, 124 or 137 after the limit
limited() {
  local seconds=$1 log=$2
  shift 2
  timeout -k 5 "$seconds" "$@" > "$logs/$log" 2>&1
}
# part NAME SECONDS COMMAND...: a check that passes or fails
part() {
  local name=$1 seconds=$2
  shift 2
  limited "$seconds" "$name.log" "$@"
  local code=$?
  "$python" report.py check "$results" "$name" "$code" "$logs/$name.log"
}

nvidia-smi --query-gpu=name,driver_version,memory.total --format=csv,noheader 2>/dev/null | head -1 \
  > "$logs/device" || true
"$python" report.py begin "$results" "$logs/device" commit

# --- Right? ------------------------------------------------------------------
limited 170 conformance.log bin/moec_conformance \
  --gtest_filter="$(set -f; printf '*.%s/cuda:' $(cat cases))" \
  "--gtest_output=json:$logs/conformance.json"
"$python" report.py conformance "$results" "$?" "$logs/conformance.json" "$logs/conformance.log"
for layer in olmoe-1 olmoe-8; do
  part "check-$layer" 40 bin/moe-run "modules/layers/$layer.moex" --random 1 --tokens 256 \
    --backend cuda --check
done
if command -v compute-sanitizer > /dev/null; then
  small='*StepsOfManySizesInARow/cuda:*OddSizes/cuda:*RanksWithoutExperts/cuda'
  for tool in memcheck racecheck synccheck; do
    options=(--tool "$tool" --error-exitcode 9 --print-limit 20)
    # One lane arrives for its warp, behind a warp sync: that is what the option calls indirect.
    [ "$tool" != racecheck ] || options+=(--racecheck-indirect-barrier-dependency yes)
    part "$tool" 50 compute-sanitizer "${options[@]}" bin/moec_conformance "--gtest_filter=$small"
  done
else
  "$python" report.py missing "$results" sanitizers "no compute-sanitizer here"
fi

# --- How fast? ---------------------------------------------------------------
if "$python" -c 'import torch' 2> /dev/null; then
  limited 60 rates.log "$python" rates.py "$logs/rates.json" modules/layers
else
  "$python" report.py missing "$results" rates "no PyTorch here"
fi
for layer in olmoe-1 olmoe-bf16-1 qwen3-30b-1 mixtral-1 mixtral-4 olmoe-8; do
  for tokens in 128 8192; do
    limited 40 "$layer-$tokens.json" bin/moe-run "modules/layers/$layer.moex" --random 1 \
      --tokens "$tokens" --backend cuda --repeat 20 --json
    "$python" report.py timing "$results" "$layer" "$tokens" "$?" "$logs/$layer-$tokens.json" \
      "$logs/rates.json"
  done
done
# --- Where does the time go? -------------------------------------------------
if command -v ncu > /dev/null; then
  for layer in olmoe-1 olmoe-bf16-1 mixtral-1; do
    limited 60 "counters-$layer.log" "$python" counters.py "$logs/counters-$layer.json" \
      "modules/layers/$layer.moex" 8192
    "$python" report.py counters "$results" "$layer" 8192 "$?" "$logs/counters-$layer.log" \
      "$logs/counters-$layer.json"
  done
else
  "$python" report.py missing "$results" ncu "not here: no counters"
fi
"$python" report.py end "$results"
