// RUN: moe-opt %s --split-input-file --verify-diagnostics --tile-ptx-to-asm

llvm.func @orders(%p: !llvm.ptr<1>, %v: i32) {
  // expected-error@+1 {{internal error: red has no order acq_rel: it returns nothing to acquire with}}
  tile.ptx.red add acq_rel sys %p, %v : !llvm.ptr<1>, i32
  llvm.return
}

// -----

llvm.func @elements(%lo: i32, %first: i1, %x: f32) {
  // expected-error@+1 {{unsupported here: wgmma of 'f16'}}
  %d:4 = tile.ptx.wgmma a %lo + 0 b %lo + 0 scale_d %first acc(%x, %x, %x, %x) : f16 -> 4 x f32
  llvm.return
}
