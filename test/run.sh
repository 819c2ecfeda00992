#!/usr/bin/env bash
# Installs what is missing, builds everything and runs every test. No GPU is needed.
# First the parsers of bytes under ASan, UBSan and libFuzzer, for a few seconds each (the fuzz preset
# alone runs each for a minute; MOEC_FUZZ_SECONDS changes it here), then the whole suite.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

test/packages.sh

cmake --preset fuzz -DMOEC_FUZZ_SECONDS="${MOEC_FUZZ_SECONDS:-5}" >/dev/null
cmake --build --preset fuzz --target sanitized
ctest --preset fuzz

cmake --preset default >/dev/null
cmake --build --preset default
ctest --preset default
