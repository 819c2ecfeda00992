// RUN: moe-opt %s --split-input-file --verify-diagnostics

llvm.func @f(%lo: i32, %one: i1, %x: f32) {
  // wgmma-c1
  // expected-error@+1 {{'tile.ptx.wgmma' op must have 4 to 128 accumulators, a multiple of 4, and as many results, not 2 and 2}}
  %d:2 = tile.ptx.wgmma a %lo + 2 b %lo + 1024 scale_d %one acc (%x, %x) : bf16 -> 2 x f32
  llvm.return
}

// -----

llvm.func @f(%lo: i32, %one: i1, %x: f32) {
  // wgmma-c2
  // expected-error@+1 {{'tile.ptx.wgmma' op must have one descriptor or four registers of A, not 0 and 2}}
  %d:4 = tile.ptx.wgmma regs (%lo, %lo) b %lo + 1024 scale_d %one acc (%x, %x, %x, %x) : bf16 -> 4 x f32
  llvm.return
}
