// RUN: moe-opt %s --tile-fold-rings --split-input-file --verify-diagnostics

!p = !tile.pipe<2 x [<16x64xbf16, swizzle 128>]>
!t = !tile.ticket<[<16x64xbf16, swizzle 128>]>
!s = !tile.slot<[<16x64xbf16, swizzle 128>]>

tile.kernel @lag() {
  tile.stage "s" {
    %p = tile.pipe "p" : !p
    tile.role "fill" warps [0, 0] {
      tile.ring %p count 4 (%t, %k) : !p {
        %s = tile.acquire %t : !t
        // expected-error@+1 {{unsupported here: after 2 in a pipe of 2 slots}}
        tile.commit %s after 2 : !s
      }
    }
  }
}

// -----

!p = !tile.pipe<2 x [<16x64xbf16, swizzle 128>]>
!t = !tile.ticket<[<16x64xbf16, swizzle 128>]>
!s = !tile.slot<[<16x64xbf16, swizzle 128>]>

tile.kernel @rests() {
  tile.stage "s" {
    %p = tile.pipe "p" : !p
    tile.role "fill" warps [0, 0] {
      tile.ring %p count 4 (%t, %k) : !p {
        %s = tile.acquire %t : !t
        tile.commit %s : !s
      }
      // expected-error@+1 {{unsupported here: rings of 4 and 3 blocks in a pipe of 2 slots}}
      tile.ring %p count 3 (%t, %k) : !p {
        %s = tile.acquire %t : !t
        tile.commit %s : !s
      }
    }
  }
}

// -----

!p = !tile.pipe<1 x [<16x64xbf16, swizzle 128>]>
!s = !tile.slot<[<16x64xbf16, swizzle 128>]>

tile.kernel @branch(%c: i64 = <"c", scalar, flag_offset, 0>) {
  tile.stage "s" {
    %p = tile.pipe "p" : !p
    tile.role "fill" warps [0, 0] {
      %b = arith.trunci %c : i64 to i1
      // expected-error@+1 {{unsupported here: 'scf.if' around a pipe}}
      scf.if %b {
        %s = tile.acquire %p : !p
        tile.commit %s : !s
      }
    }
  }
}
