// RUN: moe-opt %s --tile-lower-roles --split-input-file --verify-diagnostics

// expected-error@+1 {{unsupported here: a kernel with 232496 bytes of shared memory, the answers of arrivals included}}
tile.kernel @part(%p: !llvm.ptr<1> = <"p", pointer, state, 0 at 0>)
    attributes {smem = 232448 : i32, argBytes = 128 : i32} {
  tile.stage "s" {
    tile.role "r" warps [4, 7] {
      %n = arith.constant 3 : i32
      %last = tile.arrive %p total(%n)
    }
  }
}

// -----

tile.kernel @lanes(%v: !tile.view<box 64x64xbf16, swizzle 128> = <"v", view, buffer, 0 at 0,
      <bf16, dims = [<constant = 64>, <constant = 64>], strides = [2, 128], box = [64, 64], swizzle = 128, base = 0>>)
    attributes {smem = 0 : i32, argBytes = 128 : i32} {
  tile.stage "s" {
    %d = tile.pipe "d" {offset = 0 : i32, barrier = 8192 : i32, fullCount = 1 : i32, emptyCount = 1 : i32} : !tile.pipe<1 x [<64x64xbf16, swizzle 128>]>
    tile.role "r" warps [1, 1] {
      %zero = arith.constant 0 : i32
      %s = tile.wait %d[0] phase %zero : !tile.pipe<1 x [<64x64xbf16, swizzle 128>]>
      %b = tile.slot_buf %s[0] : !tile.slot<[<64x64xbf16, swizzle 128>]>
      %t = nvvm.read.ptx.sreg.tid.x : i32
      %c = arith.cmpi eq, %t, %zero : i32
      scf.if %c {
        // expected-error@+1 {{unsupported here: a tile copy where the threads of a warp part}}
        tile.store %b, %v[%zero, %zero] : !tile.buf<64x64xbf16, swizzle 128>, !tile.view<box 64x64xbf16, swizzle 128>
      }
    }
  }
}
