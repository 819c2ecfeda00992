#!/usr/bin/env bash
# Builds what a machine with a GPU needs into one folder, and runs it if this machine has a GPU.
#   test/gpu/run.sh [RESULTS]
# MOEC_BUILD: the build folder (build). The bundle is BUILD/gpu-bundle.
# MOEC_GPU_CASES: cases of the conformance suite ('*'); each is several modules to compile.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
build=${MOEC_BUILD:-build}
bundle=$build/gpu-bundle

[ -f "$build/build.ninja" ] || cmake --preset default -S . -B "$build"
ninja -C "$build" moec moe-run moec_rt moec_cpu moec_cuda moec_conformance moec_conformance_kernels

rm -rf "$bundle"
mkdir -p "$bundle"/{bin,lib,modules/conformance,modules/layers}
cp "$build"/bin/{moe-run,moec_conformance} "$bundle/bin"
cp -L "$build"/lib/libmoec_{rt,cuda}.so "$bundle/lib"
cp test/gpu/{on-device.sh,rates.py,report.py,counters.py} "$bundle"
git describe --always --dirty > "$bundle/commit" 2>/dev/null || echo unknown > "$bundle/commit"

# The other machine has the C++ library; anything else travels along.
for file in "$bundle"/bin/* "$bundle"/lib/*; do
  ldd "$file" | sed -n 's/.*=> \(\/[^ ]*\) .*/\1/p' | while read -r library; do
    case $(basename "$library") in
    libc.so.* | libm.so.* | libdl.so.* | libpthread.so.* | librt.so.* | libstdc++.so.* | libgcc_s.so.*) ;;
    *) [ -e "$bundle/lib/$(basename "$library")" ] || cp -L "$library" "$bundle/lib" ;;
    esac
  done
done
strip "$bundle"/bin/* "$bundle"/lib/* 2>/dev/null || true

# Each case of the suite asks for its modules; a build with the compiler keeps them.
cases=${MOEC_GPU_CASES:-*}
echo "$cases" > "$bundle/cases"
MOEC_CONFORMANCE_SAVE=$PWD/$bundle/modules/conformance \
  "$build/bin/moec_conformance_kernels" --gtest_brief=1 \
  --gtest_filter="$(set -f; printf '*.%s/cpu:' $cases)"

# NAME RANKS LAYER: what is checked and timed. More than one rank: all on one GPU.
# Without the examples' own bounds of tokens: the same module is timed with many.
cp -r examples "$bundle/examples"
sed -i '/tokens at most/d' "$bundle"/examples/*/*.moe
sed 's/type combine f32/type combine bf16/' "$bundle/examples/01-olmoe/olmoe.moe" \
  > "$bundle/examples/01-olmoe/olmoe-bf16.moe"
sed '/gpu [0-9] holds/d' "$bundle/examples/03-mixtral/mixtral-8x7b.moe" \
  > "$bundle/examples/03-mixtral/together.moe"
while read -r name ranks layer; do
  "$build/bin/moec" compile "$bundle/examples/$layer" --ranks "$ranks" --target sm_90a \
    -o "$bundle/modules/layers/$name.moex" > /dev/null
done <<'LAYERS'
olmoe-1 1 01-olmoe/olmoe.moe
olmoe-bf16-1 1 01-olmoe/olmoe-bf16.moe
olmoe-8 8 01-olmoe/olmoe.moe
qwen3-30b-1 1 02-qwen3-30b/qwen3-30b.moe
mixtral-1 1 03-mixtral/together.moe
mixtral-4 4 03-mixtral/mixtral-8x7b.moe
LAYERS
rm -r "$bundle/examples"

# Modules of a layer differ in little but their placement: together they are small.
count=$(find "$bundle/modules" -name '*.moex' | wc -l)
python3 -c '
import sys, tarfile
with tarfile.open(sys.argv[1] + "/modules.tar.xz", "w:xz", preset=9) as archive:
    archive.add(sys.argv[1] + "/modules", "modules")' "$bundle"
rm -r "$bundle/modules"
echo "$bundle: $(du -sm "$bundle" | cut -f1) MB with $count modules"
if ldconfig -p | grep -q libcuda.so.1; then
  "$bundle/on-device.sh" "${1:-$bundle/results.jsonl}"
else
  echo "no CUDA driver here: carry the folder to a machine with a GPU and run on-device.sh there"
fi
