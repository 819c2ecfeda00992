#!/usr/bin/env bash
# What the runtime's binaries are linked with, how big they are, what they export.
#   link-line.sh BUILD_FOLDER SOURCE_ROOT
# libmoec_rt.so needs the system's libraries alone; no binary of the runtime needs LLVM.
set -euo pipefail
build=$1
failed=0
fault() {
  echo "$*"
  failed=1
}
needed() { readelf -d "$1" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p'; }

library=$build/lib/libmoec_rt.so
for name in $(needed "$library"); do
  case $name in
  libc.so.* | libm.so.* | libstdc++.so.* | libgcc_s.so.* | libdl.so.* | ld-linux*) ;;
  *) fault "libmoec_rt.so: wanted the system's libraries alone, found $name" ;;
  esac
done

for binary in "$library" "$build/lib/libmoec_cpu.so" "$build/lib/libmoec_cuda.so" "$build/bin/moe-run"; do
  [ -e "$binary" ] || continue # moe-run is not part of every build
  for name in $(needed "$binary"); do
    case $name in
    libLLVM* | libMLIR*) fault "$(basename "$binary"): wanted no LLVM, found $name" ;;
    libcuda*) fault "$(basename "$binary"): wanted CUDA's driver to be loaded at run time, found $name" ;;
    esac
  done
done

exported=$(nm -D --defined-only "$library" | awk '{print $3}' | sed 's/@.*//')
for symbol in $exported; do
  case $symbol in
  moec_* | _init | _fini | __bss_start | _edata | _end) ;;
  *) fault "libmoec_rt.so: wanted moec_* alone to be exported, found $symbol" ;;
  esac
done
for symbol in $(sed -n 's/^MOEC_API.*[ *]\(moec_[a-z_]*\)(.*/\1/p' "$2/runtime/include/moec/runtime.h"); do
  grep -qx "$symbol" <<<"$exported" || fault "libmoec_rt.so: wanted $symbol of runtime.h, found none"
done

copy=$(mktemp)
trap 'rm -f "$copy"' EXIT
for name in rt cpu cuda; do
  strip -o "$copy" "$build/lib/libmoec_$name.so"
  size=$(stat -c %s "$copy")
  echo "libmoec_$name.so: $size bytes stripped"
  [ "$size" -lt 1500000 ] || fault "libmoec_$name.so: wanted less than 1500000 bytes, found $size"
done
exit $failed
