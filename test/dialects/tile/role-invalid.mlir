// RUN: moe-opt %s --split-input-file --verify-diagnostics

!buf = !tile.buf<64x64xbf16, swizzle 128>
!view = !tile.view<box 64x64xbf16, swizzle 128>
!one = !tile.pipe<1 x [<64x64xbf16, swizzle 128>]>
!slot = !tile.slot<[<64x64xbf16, swizzle 128>]>
#map = #tile.tensor_map<bf16, dims = [<constant = 64>, <per_token = 1>], strides = [2, 128], box = [64, 64], swizzle = 128, base = 0>

tile.kernel @k(%v: !view = <"v", view, buffer, 0, #map>) {
  tile.stage "a" {
    %p = tile.pipe "p" : !one
    tile.role "x" warps [0, 0] {
      %n = arith.constant 0 : i32
      %s = tile.acquire %p : !one
      %b = tile.slot_buf %s[0] : !slot
      // load-c1
      // expected-error@+1 {{'tile.load' op must have a coordinate for each of the 2 dimensions, not 1}}
      tile.load %v[%n], %b : !view, !buf
    }
  }
}

// -----

!buf = !tile.buf<128x64xbf16, swizzle 128>
!view = !tile.view<box 64x64xbf16, swizzle 128>
!one = !tile.pipe<1 x [<128x64xbf16, swizzle 128>]>
!slot = !tile.slot<[<128x64xbf16, swizzle 128>]>
#map = #tile.tensor_map<bf16, dims = [<constant = 64>, <per_token = 1>], strides = [2, 128], box = [64, 64], swizzle = 128, base = 0>

tile.kernel @k(%v: !view = <"v", view, buffer, 0, #map>) {
  tile.stage "a" {
    %p = tile.pipe "p" : !one
    tile.role "x" warps [0, 0] {
      %n = arith.constant 0 : i32
      %s = tile.acquire %p : !one
      %b = tile.slot_buf %s[0] : !slot
      // load-c2
      // expected-error@+1 {{'tile.load' op must move boxes of the size of a panel, but moves '!tile.view<box 64x64xbf16, swizzle 128>' and '!tile.buf<128x64xbf16, swizzle 128>'}}
      tile.load %v[%n, %n], %b : !view, !buf
    }
  }
}

// -----

!buf = !tile.buf<64x64xbf16, swizzle 128>
!view = !tile.view<box 64x64xbf16, swizzle 128, ragged>
!one = !tile.pipe<1 x [<64x64xbf16, swizzle 128>]>
!slot = !tile.slot<[<64x64xbf16, swizzle 128>]>
#map = #tile.tensor_map<bf16, dims = [<constant = 64>, <constant = 64>, <per_token = 1>], strides = [2, 128, 128], box = [64, 64, 1], swizzle = 128, base = 0>

tile.kernel @k(%v: !view = <"v", view, buffer, 0, #map>) {
  tile.stage "a" {
    %p = tile.pipe "p" : !one
    tile.role "x" warps [0, 0] {
      %n = arith.constant 0 : i32
      %s = tile.acquire %p : !one
      %b = tile.slot_buf %s[0] : !slot
      // load-c3
      // expected-error@+1 {{'tile.load' op must say how many rows a ragged view has here}}
      tile.load %v[%n, %n], %b : !view, !buf
    }
  }
}

// -----

!buf = !tile.buf<64x64xbf16, swizzle 128>
!view = !tile.view<box 64x64xbf16, swizzle 128>
!one = !tile.pipe<1 x [<64x64xbf16, swizzle 128>]>
!slot = !tile.slot<[<64x64xbf16, swizzle 128>]>
#map = #tile.tensor_map<bf16, dims = [<constant = 64>, <per_token = 1>], strides = [2, 128], box = [64, 64], swizzle = 128, base = 0>

tile.kernel @k(%v: !view = <"v", view, buffer, 0, #map>) {
  tile.stage "a" {
    %p = tile.pipe "p" : !one
    tile.role "x" warps [0, 0] {
      %n = arith.constant 0 : i32
      %s = tile.wait %p : !one
      %b = tile.slot_buf %s[0] : !slot
      // load-c4
      // expected-error@+1 {{'tile.load' op must write a buffer of an acquired slot}}
      tile.load %v[%n, %n], %b : !view, !buf
    }
  }
}

// -----

!buf = !tile.buf<64x64xbf16, swizzle 128>
!view = !tile.view<box 64x64xbf16, swizzle 128>
!one = !tile.pipe<1 x [<64x64xbf16, swizzle 128>]>
!slot = !tile.slot<[<64x64xbf16, swizzle 128>]>
#map = #tile.tensor_map<bf16, dims = [<constant = 64>, <per_token = 1>], strides = [2, 128], box = [64, 64], swizzle = 128, base = 0>

tile.kernel @k(%v: !view = <"v", view, buffer, 0, #map>) {
  tile.stage "a" {
    %p = tile.pipe "p" : !one
    tile.role "x" warps [0, 0] {
      %n = arith.constant 0 : i32
      %s = tile.wait %p : !one
      %b = tile.slot_buf %s[0] : !slot
      // store-c1
      // expected-error@+1 {{'tile.store' op must have a coordinate for each of the 2 dimensions, not 3}}
      tile.store %b, %v[%n, %n, %n] : !buf, !view
    }
  }
}

// -----

!buf = !tile.buf<64x64xbf16, pad 16>
!view = !tile.view<box 64x64xbf16>
!one = !tile.pipe<1 x [<64x64xbf16, pad 16>]>
!slot = !tile.slot<[<64x64xbf16, pad 16>]>
#map = #tile.tensor_map<bf16, dims = [<constant = 64>, <per_token = 1>], strides = [2, 128], box = [64, 64], swizzle = 0, base = 0>

tile.kernel @k(%v: !view = <"v", view, buffer, 0, #map>) {
  tile.stage "a" {
    %p = tile.pipe "p" : !one
    tile.role "x" warps [0, 0] {
      %n = arith.constant 0 : i32
      %s = tile.wait %p : !one
      %b = tile.slot_buf %s[0] : !slot
      // store-c2
      // expected-error@+1 {{'tile.store' op must move boxes of the size of a panel}}
      tile.store %b, %v[%n, %n] : !buf, !view
    }
  }
}

// -----

!buf = !tile.buf<64x64xbf16, swizzle 128>
!view = !tile.view<box 64x64xbf16, swizzle 128>
!one = !tile.pipe<1 x [<64x64xbf16, swizzle 128>]>
!slot = !tile.slot<[<64x64xbf16, swizzle 128>]>
#map = #tile.tensor_map<bf16, dims = [<constant = 64>, <per_token = 1>], strides = [2, 128], box = [64, 64], swizzle = 128, base = 0>

tile.kernel @k(%v: !view = <"v", view, buffer, 0, #map>) {
  tile.stage "a" {
    %p = tile.pipe "p" : !one
    tile.role "x" warps [0, 0] {
      %n = arith.constant 0 : i32
      %s = tile.wait %p : !one
      %b = tile.slot_buf %s[0] : !slot
      // store-c3
      // expected-error@+1 {{'tile.store' op must not count rows of a view that is not ragged}}
      tile.store %b, %v[%n, %n] rows %n : !buf, !view
    }
  }
}

// -----

!buf = !tile.buf<64x64xbf16, swizzle 128>
!view = !tile.view<box 64x64xbf16, swizzle 128>
!one = !tile.pipe<1 x [<64x64xbf16, swizzle 128>]>
!slot = !tile.slot<[<64x64xbf16, swizzle 128>]>
#map = #tile.tensor_map<bf16, dims = [<constant = 64>, <per_token = 1>], strides = [2, 128], box = [64, 64], swizzle = 128, base = 0>

tile.kernel @k(%v: !view = <"v", view, buffer, 0, #map>) {
  tile.stage "a" {
    %p = tile.pipe "p" : !one
    tile.role "x" warps [0, 0] {
      %n = arith.constant 0 : i32
      %s = tile.acquire %p : !one
      %b = tile.slot_buf %s[0] : !slot
      // store-c4
      // expected-error@+1 {{'tile.store' op must read a buffer of an awaited slot}}
      tile.store %b, %v[%n, %n] : !buf, !view
    }
  }
}

// -----

!buf = !tile.buf<64x64xbf16, swizzle 128>
!one = !tile.pipe<1 x [<64x64xbf16, swizzle 128>]>
!slot = !tile.slot<[<64x64xbf16, swizzle 128>]>

tile.kernel @k(%i: !llvm.ptr<1> = <"i", pointer, state, 0>) {
  tile.stage "a" {
    %p = tile.pipe "p" : !one
    tile.role "x" warps [0, 0] {
      %n = arith.constant 0 : i32
      %s = tile.acquire %p : !one
      %b = tile.slot_buf %s[0] : !slot
      // gather-c1
      // expected-error@+1 {{'tile.gather' op must have rows of a multiple of 16 bytes, not 120}}
      tile.gather %i pitch 120 rows(%i[%n], %n) k(%n), %b : !buf
    }
  }
}

// -----

!buf = !tile.buf<64x128xbf16, swizzle 128>
!one = !tile.pipe<1 x [<64x128xbf16, swizzle 128>]>
!slot = !tile.slot<[<64x128xbf16, swizzle 128>]>

tile.kernel @k(%i: !llvm.ptr<1> = <"i", pointer, state, 0>) {
  tile.stage "a" {
    %p = tile.pipe "p" : !one
    tile.role "x" warps [0, 0] {
      %n = arith.constant 0 : i32
      %s = tile.acquire %p : !one
      %b = tile.slot_buf %s[0] : !slot
      // gather-c2
      // expected-error@+1 {{'tile.gather' op must fill a buffer of one swizzled panel, not '!tile.buf<64x128xbf16, swizzle 128>'}}
      tile.gather %i pitch 256 rows(%i[%n], %n) k(%n), %b : !buf
    }
  }
}

// -----

!buf = !tile.buf<64x64xbf16, swizzle 128>
!one = !tile.pipe<1 x [<64x64xbf16, swizzle 128>]>
!slot = !tile.slot<[<64x64xbf16, swizzle 128>]>

tile.kernel @k(%i: !llvm.ptr<1> = <"i", pointer, state, 0>) {
  tile.stage "a" {
    %p = tile.pipe "p" : !one
    tile.role "x" warps [0, 0] {
      %n = arith.constant 0 : i32
      %s = tile.wait %p : !one
      %b = tile.slot_buf %s[0] : !slot
      // gather-c3
      // expected-error@+1 {{'tile.gather' op must write a buffer of an acquired slot}}
      tile.gather %i pitch 128 rows(%i[%n], %n) k(%n), %b : !buf
    }
  }
}

// -----

tile.kernel @k() {
  tile.stage "a" {
    %p = tile.pipe "p" : !tile.pipe<1 x [<128x64xbf16, swizzle 128>, <128x128xbf16, swizzle 128>]>
    tile.role "x" warps [4, 11] {
      %z = tile.zero : !tile.frag<64x128xf32>
      %s = tile.wait %p : !tile.pipe<1 x [<128x64xbf16, swizzle 128>, <128x128xbf16, swizzle 128>]>
      %a = tile.slot_buf %s[0] : !tile.slot<[<128x64xbf16, swizzle 128>, <128x128xbf16, swizzle 128>]>
      %b = tile.slot_buf %s[1] : !tile.slot<[<128x64xbf16, swizzle 128>, <128x128xbf16, swizzle 128>]>
      // mma-c1
      // expected-error@+1 {{'tile.mma' op must have swizzled bf16 operands of the same depth, not '!tile.buf<128x64xbf16, swizzle 128>' and '!tile.buf<128x128xbf16, swizzle 128>'}}
      %m = tile.mma %z, %a, %b : !tile.frag<64x128xf32>, !tile.buf<128x64xbf16, swizzle 128>, !tile.buf<128x128xbf16, swizzle 128>
    }
  }
}

// -----

// A tile of 64 rows has no work for a second warpgroup on M.
!buf = !tile.buf<64x64xbf16, swizzle 128>
!one = !tile.pipe<1 x [<64x64xbf16, swizzle 128>]>
!slot = !tile.slot<[<64x64xbf16, swizzle 128>]>

tile.kernel @k() {
  tile.stage "a" {
    %p = tile.pipe "p" : !one
    tile.role "x" warps [4, 11] {
      %z = tile.zero : !tile.frag<64x64xf32>
      %s = tile.wait %p : !one
      %a = tile.slot_buf %s[0] : !slot
      // mma-c2
      // expected-error@+1 {{'tile.mma' op must take whole groups of 8 of the 64 and 64 rows that there are, not rows 0 to 127 and 0 to 63}}
      %m = tile.mma %z, %a, %a : !tile.frag<64x64xf32>, !buf, !buf
    }
  }
}

// -----

!buf = !tile.buf<64x64xbf16, swizzle 128>
!one = !tile.pipe<1 x [<64x64xbf16, swizzle 128>]>
!slot = !tile.slot<[<64x64xbf16, swizzle 128>]>

tile.kernel @k() {
  tile.stage "a" {
    %p = tile.pipe "p" : !one
    tile.role "x" warps [4, 7] {
      %z = tile.zero : !tile.frag<64x64xf32>
      %s = tile.acquire %p : !one
      %a = tile.slot_buf %s[0] : !slot
      // mma-c3
      // expected-error@+1 {{'tile.mma' op must read a buffer of an awaited slot}}
      %m = tile.mma %z, %a, %a : !tile.frag<64x64xf32>, !buf, !buf
    }
  }
}

// -----

tile.kernel @k() {
  tile.stage "a" {
    tile.role "x" warps [4, 7] {
      %z = tile.zero : !tile.frag<64x64xf32>
      // half-c1
      // expected-error@+1 {{'tile.half' op must take half 0 or 1 of a multiple of 16 columns}}
      %h = tile.half %z, 2 : !tile.frag<64x64xf32>
    }
  }
}

// -----

tile.kernel @k() {
  tile.stage "a" {
    tile.role "x" warps [4, 7] {
      %z = tile.zero : !tile.frag<64x64xf32>
      // map-c1
      // expected-error@+1 {{'tile.map' op must compute one f32 from an element of each of its fragments, all of one type}}
      %h = tile.map (%e = %z) : !tile.frag<64x64xf32> {
        tile.yield %e, %e : f32, f32
      }
    }
  }
}

// -----

tile.kernel @k(%p: !llvm.ptr<1> = <"p", pointer, state, 0>) {
  tile.stage "a" {
    tile.role "x" warps [4, 7] {
      %z = tile.zero : !tile.frag<64x64xf32>
      %h = tile.map (%e = %z) : !tile.frag<64x64xf32> {
        // map-c2
        // expected-error@+1 {{'llvm.store' is no scalar arithmetic, and must not be in a tile.map}}
        llvm.store %e, %p : f32, !llvm.ptr<1>
        tile.yield %e : f32
      }
    }
  }
}

// -----

tile.kernel @k() {
  tile.stage "a" {
    %p = tile.pipe "p" : !tile.pipe<1 x [<64x64xf32, swizzle 128>]>
    tile.role "x" warps [4, 7] {
      %z = tile.zero : !tile.frag<64x64xf32>
      %s = tile.acquire %p : !tile.pipe<1 x [<64x64xf32, swizzle 128>]>
      %b = tile.slot_buf %s[0] : !tile.slot<[<64x64xf32, swizzle 128>]>
      // put-c1
      // expected-error@+1 {{'tile.put' op must fill a buffer of bf16, or of f32 without swizzle, not '!tile.buf<64x64xf32, swizzle 128>'}}
      tile.put %z, %b : !tile.frag<64x64xf32>, !tile.buf<64x64xf32, swizzle 128>
    }
  }
}

// -----

tile.kernel @k() {
  tile.stage "a" {
    %p = tile.pipe "p" : !tile.pipe<1 x [<64x64xf32>]>
    tile.role "x" warps [4, 11] {
      %z = tile.zero : !tile.frag<64x64xf32>
      %s = tile.acquire %p : !tile.pipe<1 x [<64x64xf32>]>
      %b = tile.slot_buf %s[0] : !tile.slot<[<64x64xf32>]>
      // put-c2
      // expected-error@+1 {{'tile.put' op must stay in a buffer of 64 x 64, but reaches 64 x 128}}
      tile.put %z, %b transpose : !tile.frag<64x64xf32>, !tile.buf<64x64xf32>
    }
  }
}

// -----

tile.kernel @k() {
  tile.stage "a" {
    %p = tile.pipe "p" : !tile.pipe<1 x [<64x64xf32>]>
    tile.role "x" warps [4, 7] {
      %z = tile.zero : !tile.frag<64x64xf32>
      %s = tile.wait %p : !tile.pipe<1 x [<64x64xf32>]>
      %b = tile.slot_buf %s[0] : !tile.slot<[<64x64xf32>]>
      // put-c3
      // expected-error@+1 {{'tile.put' op must write a buffer of an acquired slot}}
      tile.put %z, %b : !tile.frag<64x64xf32>, !tile.buf<64x64xf32>
    }
  }
}

// -----

tile.kernel @k(%f: !llvm.ptr<1> = <"f", pointer, flag, 0>, %d: i64 = <"d", scalar, flag_offset, 0>) {
  tile.stage "a" {
    tile.role "x" warps [0, 0] {
      %n = arith.constant 1 : i32
      %one = nvvm.elect.sync -> i1
      scf.if %one {
        // flag_wait-c1
        // expected-error@+1 {{'tile.flag_wait' op needs all lanes of its warp, and must not be under an election}}
        tile.flag_wait %f count(%n) epoch(%n) deadline(%d) status(%f) flag 0
      }
    }
  }
}

// -----

tile.kernel @k(%f: !llvm.ptr<1> = <"f", pointer, flag, 0>) {
  tile.stage "a" {
    tile.role "x" warps [0, 11] {
      %one = nvvm.elect.sync -> i1
      scf.if %one {
        // grid_sync-c1
        // expected-error@+1 {{'tile.grid_sync' op needs all warps of its role, and must not be under an election}}
        tile.grid_sync %f
      }
    }
  }
}

// -----

tile.kernel @k(%f: !llvm.ptr<1> = <"f", pointer, flag, 0>) {
  tile.stage "a" {
    tile.role "x" warps [0, 3] {
      // grid_sync-c2
      // expected-error@+1 {{'tile.grid_sync' op must be in the only role of its stage}}
      tile.grid_sync %f
    }
    tile.role "y" warps [4, 7] {
    }
  }
}
