// RUN: moe-opt %s --tile-verify-lowered --split-input-file --verify-diagnostics

// Well: machine ops, workspaces, launches. What is no kernel may hold anything.
module attributes {llvm.data_layout = ""} {
  tile.workspace @w <constant = 64>
  tile.launch @l kernels [@k] max_rows [-1] ops []
  llvm.func @k(%p: !llvm.ptr<1>) attributes {tile.info = #tile.kernel_info<stages = ["s"], shape = "", pipe_slots = 0, threads = 384, shared = 0, arg_bytes = 128>} {
    %t = nvvm.read.ptx.sreg.tid.x : i32
    tile.ptx.st_release gpu %p, %t : !llvm.ptr<1>, i32
    llvm.return
  }
  llvm.func @other() {
    %c = arith.constant 1 : i32
    llvm.return
  }
}

// -----

module attributes {llvm.data_layout = ""} {
  llvm.func @k() attributes {tile.info = #tile.kernel_info<stages = ["s"], shape = "", pipe_slots = 0, threads = 384, shared = 0, arg_bytes = 128>} {
    // expected-error@+1 {{'arith.constant' op is left after the phase lower}}
    %c = arith.constant 1 : i32
    llvm.return
  }
}

// -----

// expected-error@+1 {{internal error: a kernel in a module without data layout}}
llvm.func @k() attributes {tile.info = #tile.kernel_info<stages = ["s"], shape = "", pipe_slots = 0, threads = 384, shared = 0, arg_bytes = 128>} {
  llvm.return
}

// -----

// expected-error@+1 {{'tile.kernel' op is left after the phase lower}}
tile.kernel @k() {
}
