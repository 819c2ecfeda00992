// A product of gathered rows, its store, and the flag that tells of it: right as it
// stands. test/mutations/mutations.py breaks it in one place at a time.
!ab = !tile.pipe<4 x [<128x64xbf16, swizzle 128>, <128x64xbf16, swizzle 128>]>
!ticket = !tile.ticket<[<128x64xbf16, swizzle 128>, <128x64xbf16, swizzle 128>]>
!slot = !tile.slot<[<128x64xbf16, swizzle 128>, <128x64xbf16, swizzle 128>]>
!d = !tile.pipe<1 x [<128x128xbf16, swizzle 128>]>
!dslot = !tile.slot<[<128x128xbf16, swizzle 128>]>
!operand = !tile.buf<128x64xbf16, swizzle 128>
!result = !tile.buf<128x128xbf16, swizzle 128>
!view = !tile.view<box 128x64xbf16, swizzle 128>
!ragged = !tile.view<box 128x64xbf16, swizzle 128, ragged>

tile.kernel @up(
    %x: !ragged = <"x", view, buffer, 0, <bf16, dims = [<constant = 448>, <constant = 128>, <constant = 1, per_received = 1>],
      strides = [2, 896, 896], box = [64, 128, 1], swizzle = 128, base = -114688>>,
    %w: !view = <"w", view, weight, 3, <bf16, dims = [<constant = 448>, <constant = 256>],
      strides = [2, 896], box = [64, 128], swizzle = 128, base = 0>>,
    %y: !ragged = <"y", view, workspace, 0, <bf16, dims = [<constant = 256>, <constant = 128>, <constant = 1, per_row = 1>],
      strides = [2, 512, 512], box = [64, 128, 1], swizzle = 128, base = -65536>>,
    %offsets: !llvm.ptr<1> = <"offsets", pointer, workspace, 1>,
    %flags: !llvm.ptr<1> = <"flags", pointer, flag, 0>,
    %state: !llvm.ptr<1> = <"state", pointer, state, 0>,
    %limit: i64 = <"limit", scalar, flag_offset, 1>) {
  tile.stage "up" {
    %ab = tile.pipe "ab" : !ab
    %d = tile.pipe "d" : !d
    tile.role "load" warps [0, 0] {
      %n = arith.constant 8 : i32
      %c64 = arith.constant 64 : i32
      tile.flag_wait %flags count(%n) epoch(%n) deadline(%limit) status(%state) flag 0
      tile.for_tiles offsets(%offsets) experts(%n) rows 128 cols 2 order rows_first (%e, %row, %valid, %col, %tiles) {
        tile.ring %ab count 7 (%t, %k) : !ab {
          %kk = arith.muli %k, %c64 : i32
          %s = tile.acquire %t : !ticket
          %a = tile.slot_buf %s[0] : !slot
          %b = tile.slot_buf %s[1] : !slot
          tile.load %x[%row, %kk] rows %valid, %a : !ragged, !operand
          tile.load %w[%col, %kk], %b : !view, !operand
          tile.commit %s : !slot
        }
      }
    }
    tile.role "store" warps [1, 1] {
      %n = arith.constant 8 : i32
      tile.for_tiles offsets(%offsets) experts(%n) rows 128 cols 2 order rows_first (%e, %row, %valid, %col, %tiles) {
        %s = tile.wait %d : !d
        %b = tile.slot_buf %s[0] : !dslot
        tile.store %b, %y[%row, %col] rows %valid : !result, !ragged
        tile.release %s : !dslot
      }
      tile.wait_stores
      tile.signal %flags, %n, %n
    }
    tile.role "multiply" warps [4, 11] {
      %n = arith.constant 8 : i32
      tile.for_tiles offsets(%offsets) experts(%n) rows 128 cols 2 order rows_first (%e, %row, %valid, %col, %tiles) {
        %z = tile.zero : !tile.frag<64x128xf32>
        %acc = tile.ring %ab count 7 (%t, %k) iter_args(%i = %z : !tile.frag<64x128xf32>) : !ab {
          %s = tile.wait %t : !ticket
          %a = tile.slot_buf %s[0] : !slot
          %b = tile.slot_buf %s[1] : !slot
          %m = tile.mma %i, %a, %b : !tile.frag<64x128xf32>, !operand, !operand
          tile.release %s after 1 : !slot
          tile.yield %m : !tile.frag<64x128xf32>
        }
        %o = tile.acquire %d : !d
        %ob = tile.slot_buf %o[0] : !dslot
        tile.put %acc, %ob : !tile.frag<64x128xf32>, !result
        tile.commit %o : !dslot
      }
    }
  }
}
