// RUN: moe-opt %s --split-input-file --verify-diagnostics

!buf = !tile.buf<64x64xbf16, swizzle 128>
!one = !tile.pipe<1 x [<64x64xbf16, swizzle 128>]>
!slot = !tile.slot<[<64x64xbf16, swizzle 128>]>

tile.kernel @k(%i: !llvm.ptr<1> = <"i", pointer, state, 0>) {
  tile.stage "a" {
    %p = tile.pipe "p" : !one
    tile.role "x" warps [0, 0] {
      %n = arith.constant 64 : i32
      %s = tile.wait %p : !one
      %b = tile.slot_buf %s[0] : !slot
      // scatter-c1
      // expected-error@+1 {{'tile.scatter' op must read a buffer whose rows lie together, not '!tile.buf<64x64xbf16, swizzle 128>'}}
      tile.scatter %b rows(%n) bytes(%n) : !buf {
      ^bb0(%r: i32):
        tile.yield %i : !llvm.ptr<1>
      }
    }
  }
}

// -----

!buf = !tile.buf<64x64xbf16>
!one = !tile.pipe<1 x [<64x64xbf16>]>
!slot = !tile.slot<[<64x64xbf16>]>

tile.kernel @k(%i: !llvm.ptr<1> = <"i", pointer, state, 0>) {
  tile.stage "a" {
    %p = tile.pipe "p" : !one
    tile.role "x" warps [0, 0] {
      %n = arith.constant 64 : i32
      %s = tile.wait %p : !one
      %b = tile.slot_buf %s[0] : !slot
      // scatter-c2
      // expected-error@+1 {{'tile.scatter' op must compute a pointer to global memory from an i32}}
      tile.scatter %b rows(%n) bytes(%n) : !buf {
      ^bb0(%r: i32):
        tile.yield %r : i32
      }
    }
  }
}

// -----

!buf = !tile.buf<64x64xbf16>
!one = !tile.pipe<1 x [<64x64xbf16>]>
!slot = !tile.slot<[<64x64xbf16>]>

tile.kernel @k(%i: !llvm.ptr<1> = <"i", pointer, state, 0>) {
  tile.stage "a" {
    %p = tile.pipe "p" : !one
    tile.role "x" warps [0, 0] {
      %n = arith.constant 144 : i32
      %s = tile.wait %p : !one
      %b = tile.slot_buf %s[0] : !slot
      // scatter-c3
      // expected-error@+1 {{'tile.scatter' op must copy a multiple of 16 bytes of rows of 128, not 144}}
      tile.scatter %b rows(%n) bytes(%n) : !buf {
      ^bb0(%r: i32):
        tile.yield %i : !llvm.ptr<1>
      }
    }
  }
}

// -----

!buf = !tile.buf<64x64xbf16>
!one = !tile.pipe<1 x [<64x64xbf16>]>
!slot = !tile.slot<[<64x64xbf16>]>

tile.kernel @k(%i: !llvm.ptr<1> = <"i", pointer, state, 0>) {
  tile.stage "a" {
    %p = tile.pipe "p" : !one
    tile.role "x" warps [0, 0] {
      %n = arith.constant 128 : i32
      %s = tile.acquire %p : !one
      %b = tile.slot_buf %s[0] : !slot
      // scatter-c4
      // expected-error@+1 {{'tile.scatter' op must read a buffer of an awaited slot}}
      tile.scatter %b rows(%n) bytes(%n) : !buf {
      ^bb0(%r: i32):
        tile.yield %i : !llvm.ptr<1>
      }
    }
  }
}

// -----

!buf = !tile.buf<64x64xbf16>
!one = !tile.pipe<1 x [<64x64xbf16>]>
!slot = !tile.slot<[<64x64xbf16>]>

tile.kernel @k(%i: !llvm.ptr<1> = <"i", pointer, state, 0>) {
  tile.stage "a" {
    %p = tile.pipe "p" : !one
    tile.role "x" warps [0, 0] {
      %n = arith.constant 16 : i32
      %s = tile.wait %p : !one
      %b = tile.slot_buf %s[0] : !slot
      // scatter-c5
      // expected-error@+1 {{'tile.scatter' op by threads must read rows with a pad, of 2, 4, 8, 16 or a multiple of 32 times 16 bytes, not '!tile.buf<64x64xbf16>'}}
      tile.scatter %b rows(%n) bytes(%n) by_threads : !buf {
      ^bb0(%r: i32):
        tile.yield %i : !llvm.ptr<1>
      }
    }
  }
}

// -----

!buf = !tile.buf<64x48xf32, pad 16>
!one = !tile.pipe<1 x [<64x48xf32, pad 16>]>
!slot = !tile.slot<[<64x48xf32, pad 16>]>

tile.kernel @k(%i: !llvm.ptr<1> = <"i", pointer, state, 0>) {
  tile.stage "a" {
    %p = tile.pipe "p" : !one
    tile.role "x" warps [0, 0] {
      %n = arith.constant 16 : i32
      %s = tile.wait %p : !one
      %b = tile.slot_buf %s[0] : !slot
      // scatter-c5
      // expected-error@+1 {{'tile.scatter' op by threads must read rows with a pad, of 2, 4, 8, 16 or a multiple of 32 times 16 bytes, not '!tile.buf<64x48xf32, pad 16>'}}
      tile.scatter %b rows(%n) bytes(%n) by_threads : !buf {
      ^bb0(%r: i32):
        tile.yield %i : !llvm.ptr<1>
      }
    }
  }
}

// -----

!buf = !tile.buf<64x8xbf16, pad 16>
!one = !tile.pipe<1 x [<64x8xbf16, pad 16>]>
!slot = !tile.slot<[<64x8xbf16, pad 16>]>

tile.kernel @k(%i: !llvm.ptr<1> = <"i", pointer, state, 0>) {
  tile.stage "a" {
    %p = tile.pipe "p" : !one
    tile.role "x" warps [0, 0] {
      %n = arith.constant 16 : i32
      %s = tile.wait %p : !one
      %b = tile.slot_buf %s[0] : !slot
      // scatter-c5
      // expected-error@+1 {{'tile.scatter' op by threads must read rows with a pad, of 2, 4, 8, 16 or a multiple of 32 times 16 bytes, not '!tile.buf<64x8xbf16, pad 16>'}}
      tile.scatter %b rows(%n) bytes(%n) by_threads : !buf {
      ^bb0(%r: i32):
        tile.yield %i : !llvm.ptr<1>
      }
    }
  }
}

// -----

!buf = !tile.buf<48x64xbf16, pad 16>
!one = !tile.pipe<1 x [<48x64xbf16, pad 16>]>
!slot = !tile.slot<[<48x64xbf16, pad 16>]>

tile.kernel @k(%i: !llvm.ptr<1> = <"i", pointer, state, 0>) {
  tile.stage "a" {
    %p = tile.pipe "p" : !one
    tile.role "x" warps [0, 0] {
      %n = arith.constant 16 : i32
      %s = tile.wait %p : !one
      %b = tile.slot_buf %s[0] : !slot
      // scatter-c5
      // expected-error@+1 {{'tile.scatter' op by threads must read a multiple of 32 rows, not '!tile.buf<48x64xbf16, pad 16>'}}
      tile.scatter %b rows(%n) bytes(%n) by_threads : !buf {
      ^bb0(%r: i32):
        tile.yield %i : !llvm.ptr<1>
      }
    }
  }
}

// -----

!buf = !tile.buf<8x32xbf16, pad 16>
!one = !tile.pipe<1 x [<8x32xbf16, pad 16>]>
!slot = !tile.slot<[<8x32xbf16, pad 16>]>

tile.kernel @k(%i: !llvm.ptr<1> = <"i", pointer, state, 0>) {
  tile.stage "a" {
    %p = tile.pipe "p" : !one
    tile.role "x" warps [0, 0] {
      %n = arith.constant 16 : i32
      %s = tile.wait %p : !one
      %b = tile.slot_buf %s[0] : !slot
      // scatter-c5
      // expected-error@+1 {{'tile.scatter' op by threads must read a multiple of 16 rows, not '!tile.buf<8x32xbf16, pad 16>'}}
      tile.scatter %b rows(%n) bytes(%n) by_threads : !buf {
      ^bb0(%r: i32):
        tile.yield %i : !llvm.ptr<1>
      }
    }
  }
}

