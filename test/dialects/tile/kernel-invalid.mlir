// RUN: moe-opt %s --split-input-file --verify-diagnostics

// kernel-c1
// expected-error@+1 {{'tile.kernel' op argument 'p' is a pointer, but has type 'i64'}}
tile.kernel @k(%p: i64 = <"p", pointer, state, 0>) {
}

// -----

// kernel-c1
// expected-error@+1 {{'tile.kernel' op must bind each of its 1 arguments, not 0}}
"tile.kernel"() <{sym_name = "k", bindings = []}> ({
^bb0(%p: i64):
}) : () -> ()

// -----

// kernel-c2
// expected-error@+1 {{'tile.kernel' op must have 4 to 32 warps, whole warpgroups, not 6}}
tile.kernel @k() attributes {warps = 6 : i32} {
}

// -----

// kernel-c3
// expected-error@+1 {{'tile.kernel' op has 2 stages and no counter for the meetings of its CTAs between them}}
tile.kernel @k() {
  tile.stage "a" {
  }
  tile.stage "b" {
  }
}

// -----

// kernel-c3
// expected-error@+1 {{'tile.kernel' op counter of the meetings of its CTAs must be a pointer argument, not 0}}
tile.kernel @k(%n: i64 = <"n", scalar, buffer_offset, 0>) attributes {gridCounter = 0 : i32} {
}

// -----

// kernel-c4
// expected-error@+1 {{'tile.kernel' op needs 262160 bytes of shared memory, more than 232448}}
tile.kernel @k() {
  tile.stage "a" {
    %p = tile.pipe "p" : !tile.pipe<1 x [<256x256xf32>]>
  }
}

// -----

// kernel-c5
tile.kernel @k(%c: !llvm.ptr<1> = <"c", pointer, state, 0>) attributes {gridCounter = 0 : i32} {
  tile.stage "a" {
    // expected-note@+1 {{because of this role}}
    tile.role "x" warps [0, 1] regs 40 {
    }
  }
  tile.stage "b" {
    // expected-error@+1 {{'tile.role' op has 72 registers, but warpgroup 0 has 40 already}}
    tile.role "x" warps [2, 3] regs 72 {
    }
  }
}

// -----

// kernel-c6: 40 + 2 * 240 > 3 * 168
// expected-error@+1 {{'tile.kernel' op gives 520 registers to a thread of each of 3 warpgroups together, which have 504}}
tile.kernel @k() {
  tile.stage "a" {
    tile.role "x" warps [0, 3] regs 40 {
    }
    tile.role "y" warps [4, 11] regs 240 {
    }
  }
}

// -----

// kernel-c7
tile.kernel @k() {
  // expected-error@+1 {{'arith.constant' does not belong in a tile.kernel}}
  %n = arith.constant 0 : i32
}

// -----

// kernel-c8
tile.kernel @k() attributes {warps = 16 : i32} {
  tile.stage "a" {
    %p = tile.pipe "p" : !tile.pipe<1 x [<256x64xbf16, swizzle 128>]>
    tile.role "m" warps [4, 7] {
      %z = tile.zero : !tile.frag<64x256xf32>
      %s = tile.wait %p : !tile.pipe<1 x [<256x64xbf16, swizzle 128>]>
      %b = tile.slot_buf %s[0] : !tile.slot<[<256x64xbf16, swizzle 128>]>
      // expected-error@+1 {{'tile.mma' op of 256 columns must be in a kernel of at most 384 threads, not 512}}
      %m = tile.mma %z, %b, %b : !tile.frag<64x256xf32>, !tile.buf<256x64xbf16, swizzle 128>, !tile.buf<256x64xbf16, swizzle 128>
    }
  }
}

// -----

// stage-c1
tile.kernel @k() {
  tile.stage "a" {
    // expected-note@+1 {{this one}}
    tile.role "x" warps [0, 3] {
    }
    // expected-error@+1 {{'tile.role' op takes warp 3, which has a role already}}
    tile.role "y" warps [3, 4] {
    }
  }
}

// -----

// stage-c2
tile.kernel @k() {
  tile.stage "a" {
    // expected-error@+1 {{'arith.constant' does not belong in a tile.stage}}
    %n = arith.constant 0 : i32
  }
}

// -----

// stage-c3
tile.kernel @k() {
  tile.stage "a" {
    tile.role "x" warps [0, 0] {
      %n = arith.constant 0 : i32
      // expected-note@+1 {{as here}}
      tile.for_tiles total(%n) rows 128 cols 2 order rows_first (%e, %row, %valid, %col, %tiles) {
      }
    }
    tile.role "y" warps [1, 1] {
      %n = arith.constant 0 : i32
      // expected-error@+1 {{'tile.for_tiles' op must have the schedule of its stage}}
      tile.for_tiles total(%n) rows 128 cols 2 order columns_first (%e, %row, %valid, %col, %tiles) {
      }
    }
  }
}

// -----

// role-c1
tile.kernel @k() {
  tile.stage "a" {
    // expected-error@+1 {{'tile.role' op must have warps of 0 to 11, not 8 to 12}}
    tile.role "x" warps [8, 12] {
    }
  }
}

// -----

// role-c2
tile.kernel @k() {
  tile.stage "a" {
    // expected-error@+1 {{'tile.role' op must have a multiple of 8 of 24 to 256 registers, not 44}}
    tile.role "x" warps [0, 3] regs 44 {
    }
  }
}

// -----

// role-c6
tile.kernel @k() attributes {warps = 20 : i32} {
  tile.stage "a" {
    // expected-error@+1 {{'tile.role' op of 2 warps must begin at warp 13 or before, for want of named barriers, not at 14}}
    tile.role "x" warps [14, 15] {
    }
  }
}

// -----

// role-c3
tile.kernel @k() {
  tile.stage "a" {
    %n = arith.constant 0 : i32
    tile.role "x" warps [0, 3] {
      // expected-error@+1 {{uses a value from outside its role that is neither an argument of the kernel nor a pipe of the stage}}
      tile.for_tiles total(%n) rows 128 cols 2 order rows_first (%e, %row, %valid, %col, %tiles) {
      }
    }
  }
}

// -----

// role-c4
tile.kernel @k() {
  tile.stage "a" {
    tile.role "x" warps [2, 5] {
      // expected-error@+1 {{'tile.zero' needs a role of whole warpgroups, not of warps 2 to 5}}
      %z = tile.zero : !tile.frag<64x256xf32>
    }
  }
}

// -----

// role-c5
tile.kernel @k(%v: !tile.view<box 64x64xbf16, swizzle 128> = <"v", view, buffer, 0,
      <bf16, dims = [<constant = 64>, <per_token = 1>], strides = [2, 128], box = [64, 64], swizzle = 128, base = 0>>,
    %f: !llvm.ptr<1> = <"f", pointer, flag, 0>) {
  tile.stage "a" {
    %p = tile.pipe "p" : !tile.pipe<1 x [<64x64xbf16, swizzle 128>]>
    tile.role "x" warps [2, 2] {
      %n = arith.constant 0 : i32
      tile.for_tiles total(%n) rows 128 cols 2 order rows_first (%e, %row, %valid, %col, %tiles) {
        // expected-error@+1 {{'tile.arrive' op publishes stores that may not have arrived: tile.wait_stores must stand between}}
        %last = tile.arrive %f total(%n)
        %s = tile.wait %p : !tile.pipe<1 x [<64x64xbf16, swizzle 128>]>
        %b = tile.slot_buf %s[0] : !tile.slot<[<64x64xbf16, swizzle 128>]>
        // expected-note@+1 {{this one}}
        tile.store %b, %v[%n, %n] : !tile.buf<64x64xbf16, swizzle 128>, !tile.view<box 64x64xbf16, swizzle 128>
        tile.release %s : !tile.slot<[<64x64xbf16, swizzle 128>]>
      }
    }
  }
}

// -----

// for_tiles-c1
tile.kernel @k() {
  tile.stage "a" {
    tile.role "x" warps [0, 3] {
      // expected-error@+1 {{'tile.for_tiles' op must have offsets and their number, or a total}}
      "tile.for_tiles"() <{rows = 8 : i32, cols = 1 : i32, order = #tile<order rows_first>, operandSegmentSizes = array<i32: 0, 0, 0, 0>}> ({
      ^bb0(%e: i32, %row: i32, %valid: i32, %col: i32, %tiles: i32):
        tile.yield
      }) : () -> ()
    }
  }
}

// -----

// for_tiles-c2
tile.kernel @k() {
  tile.stage "a" {
    tile.role "x" warps [0, 3] {
      %n = arith.constant 0 : i32
      // expected-error@+1 {{'tile.for_tiles' op must have tiles of at least one row and one column of them}}
      tile.for_tiles total(%n) rows 0 cols 2 order rows_first (%e, %row, %valid, %col, %tiles) {
      }
    }
  }
}

// -----

// for_tiles-c3
tile.kernel @k() {
  tile.stage "a" {
    tile.role "x" warps [0, 3] {
      %n = arith.constant 0 : i32
      // expected-error@+1 {{'tile.for_tiles' op must yield and return the types of the values that it carries}}
      %r = tile.for_tiles total(%n) rows 8 cols 2 order rows_first (%e, %row, %valid, %col, %tiles) iter_args(%a = %n : i32) {
      }
    }
  }
}

// -----

// ring-c1
tile.kernel @k() {
  tile.stage "a" {
    %p = tile.pipe "p" : !tile.pipe<2 x [<8x8xf32>]>
    tile.role "x" warps [0, 3] {
      // expected-error@+1 {{'tile.ring' op must have at least one block, not 0}}
      tile.ring %p count 0 (%t, %k) : !tile.pipe<2 x [<8x8xf32>]> {
      }
    }
  }
}

// -----

// ring-c2
tile.kernel @k() {
  tile.stage "a" {
    %p = tile.pipe "p" : !tile.pipe<2 x [<8x8xf32>]>
    tile.role "x" warps [0, 3] {
      // expected-error@+1 {{'tile.ring' op must yield and return the types of the values that it carries}}
      tile.ring %p count 3 (%t, %k) : !tile.pipe<2 x [<8x8xf32>]> {
        tile.yield %k : i32
      }
    }
  }
}

// -----

// acquire-c1
tile.kernel @k() {
  tile.stage "a" {
    %p = tile.pipe "p" : !tile.pipe<2 x [<8x8xf32>]>
    tile.role "x" warps [0, 3] {
      // expected-error@+1 {{'tile.acquire' op must name one of the 2 slots, or be in a ring}}
      %s = tile.acquire %p : !tile.pipe<2 x [<8x8xf32>]>
    }
  }
}

// -----

// wait-c1
tile.kernel @k() {
  tile.stage "a" {
    %p = tile.pipe "p" : !tile.pipe<2 x [<8x8xf32>]>
    tile.role "x" warps [0, 3] {
      // expected-error@+1 {{'tile.wait' op must name one of the 2 slots, not 2}}
      %s = tile.wait %p[2] : !tile.pipe<2 x [<8x8xf32>]>
    }
  }
}

// -----

// commit-c1
tile.kernel @k() {
  tile.stage "a" {
    %p = tile.pipe "p" : !tile.pipe<1 x [<8x8xf32>]>
    tile.role "x" warps [0, 3] {
      %s = tile.wait %p : !tile.pipe<1 x [<8x8xf32>]>
      // expected-error@+1 {{'tile.commit' op must be of a slot that the role has acquired}}
      tile.commit %s : !tile.slot<[<8x8xf32>]>
    }
  }
}

// -----

// commit-c2
tile.kernel @k() {
  tile.stage "a" {
    %p = tile.pipe "p" : !tile.pipe<2 x [<8x8xf32>]>
    tile.role "x" warps [0, 3] {
      // expected-error@+1 {{'tile.commit' op must name one of the 2 slots, or be in a ring}}
      tile.commit %p : !tile.pipe<2 x [<8x8xf32>]>
    }
  }
}

// -----

// release-c1
tile.kernel @k() {
  tile.stage "a" {
    %p = tile.pipe "p" : !tile.pipe<1 x [<8x8xf32>]>
    tile.role "x" warps [0, 3] {
      %s = tile.acquire %p : !tile.pipe<1 x [<8x8xf32>]>
      // expected-error@+1 {{'tile.release' op must be of a slot that the role has waited for}}
      tile.release %s : !tile.slot<[<8x8xf32>]>
    }
  }
}

// -----

// release-c2
tile.kernel @k() {
  tile.stage "a" {
    %p = tile.pipe "p" : !tile.pipe<1 x [<8x8xf32>]>
    tile.role "x" warps [0, 3] {
      %s = tile.wait %p : !tile.pipe<1 x [<8x8xf32>]>
      // expected-error@+1 {{'tile.release' op must not name a slot: it has one}}
      tile.release %s[0] : !tile.slot<[<8x8xf32>]>
    }
  }
}

// -----

// slot_buf-c1
tile.kernel @k() {
  tile.stage "s" {
    %p = tile.pipe "p" : !tile.pipe<1 x [<8x8xf32>]>
    tile.role "r" warps [0, 0] {
      %s = tile.wait %p : !tile.pipe<1 x [<8x8xf32>]>
      // expected-error@+1 {{'tile.slot_buf' op slot has 1 buffers, none of number 1}}
      %b = "tile.slot_buf"(%s) {index = 1 : i32} : (!tile.slot<[<8x8xf32>]>) -> !tile.buf<8x8xf32>
    }
  }
}

// -----

tile.kernel @k() {
  tile.stage "s" {
    %p = tile.pipe "p" : !tile.pipe<1 x [<8x8xf32>]>
    tile.role "r" warps [0, 0] {
      %s = tile.wait %p : !tile.pipe<1 x [<8x8xf32>]>
      // expected-error@+1 {{slot has no buffer 1}}
      %b = tile.slot_buf %s[1] : !tile.slot<[<8x8xf32>]>
    }
  }
}

// -----

// launch-c1
// expected-error@+1 {{'tile.launch' op must have a limit for each of its 2 kernels, growing, the last -1}}
tile.launch @l kernels [@a, @b] max_rows [16, 64] ops [0]

// -----

// launch-c1
// expected-error@+1 {{'tile.launch' op must have a limit for each of its 3 kernels, growing, the last -1}}
tile.launch @l kernels [@a, @b, @c] max_rows [64, 64, -1] ops [0]

// -----

// launch-c2
// expected-error@+1 {{'tile.launch' op launches @w, which is no kernel of the module}}
tile.launch @l kernels [@w] max_rows [-1] ops [0]
tile.workspace @w <constant = 4>

// -----

// pipe-c2
// expected-error@+1 {{wanted a tile.stage around it, found 'builtin.module'}}
%p = tile.pipe "p" : !tile.pipe<2 x [<64x64xbf16, swizzle 128>]>
