// A tool that was asked for and is not there is not replaced by another one.
// RUN: not moe-opt %s --tile-emit-kernels='assembler=any ptxas=/nowhere/ptxas' 2>&1 | FileCheck --check-prefix=PTXAS %s
// RUN: not moe-opt %s --tile-emit-kernels='assembler=everything' 2>&1 | FileCheck --check-prefix=KIND %s
// What ptxas takes without a word is an error here, or a warning where that is asked for.
// RUN: not moe-opt %s --tile-emit-kernels=ptxas=%S/Inputs/spilling-ptxas.sh 2>&1 | FileCheck --check-prefix=STRICT %s
// RUN: moe-opt %s --tile-emit-kernels='strict=false ptxas=%S/Inputs/spilling-ptxas.sh' -o /dev/null 2>&1 | FileCheck --check-prefix=LAX %s
// A program that fails says why.
// RUN: not moe-opt %s --tile-emit-kernels=ptxas=/bin/false 2>&1 | FileCheck --check-prefix=FAILS %s
// It has our environment, and a malloc in large steps unless that says another.
// RUN: env -u GLIBC_TUNABLES MINE=kept not moe-opt %s --tile-emit-kernels=ptxas=%S/Inputs/asking-ptxas.sh 2>&1 | FileCheck --check-prefix=OURS %s
// RUN: env GLIBC_TUNABLES=glibc.malloc.arena_max=3 not moe-opt %s --tile-emit-kernels=ptxas=%S/Inputs/asking-ptxas.sh 2>&1 | FileCheck --check-prefix=THEIRS %s

// PTXAS: error: unsupported here: no program ptxas at /nowhere/ptxas
// KIND: error: wanted any, ptxas, nvjitlink or none as assembler, found 'everything'

// STRICT: [[@LINE+12]]:1: error: internal error: kernel 'small': ptxas info    : (C7510) Potential Performance Loss: wgmma.mma_async instructions are serialized
// STRICT: [[@LINE+11]]:1: error: internal error: kernel 'small': spills: 24 bytes of stores, 40 bytes of loads

// LAX: warning: kernel 'small': ptxas info    : (C7510)
// LAX: warning: kernel 'small': spills: 24 bytes of stores, 40 bytes of loads
// LAX: warning: kernel 'dealt': {{.*}}C7510
// LAX: warning: kernel 'dealt': wanted 128 registers a thread
// LAX: small: registers 168, spills 64 bytes, stack 16 bytes, static shared 48 bytes, barriers 2, code 0 bytes

// FAILS: error: internal error: kernel 'small': ptxas failed with status 1:
// OURS: mine: kept, malloc: glibc.malloc.hugetlb=1:
// THEIRS: mine: , malloc: glibc.malloc.arena_max=3
llvm.func @small(%out: !llvm.ptr<1>) attributes {nvvm.kernel} {
  llvm.return
}

// The registers at launch are those that setmaxnreg deals out: 65536 / 512 threads is 128.
// STRICT: [[@LINE+1]]:1: error: internal error: kernel 'dealt': wanted 128 registers a thread, of which setmaxnreg deals out, found 168
llvm.func @dealt() attributes {nvvm.kernel, nvvm.reqntid = array<i32: 512, 1, 1>} {
  nvvm.setmaxregister decrease 40
  llvm.return
}
