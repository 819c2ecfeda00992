// RUN: moe-opt %s --split-input-file --tile-check-pipes --verify-diagnostics

!s = !tile.slot<[<8x8xf32>]>
!one = !tile.pipe<1 x [<8x8xf32>]>

tile.kernel @k() {
  tile.stage "s" {
    // expected-error@+1 {{pipe 'p' has no reader}}
    %p = tile.pipe "p" : !one
    tile.role "write" warps [0, 0] {
      %s = tile.acquire %p : !one
      tile.commit %s : !s
    }
  }
}

// -----

!s = !tile.slot<[<8x8xf32>]>
!one = !tile.pipe<1 x [<8x8xf32>]>

tile.kernel @k() {
  tile.stage "s" {
    // expected-error@+1 {{pipe 'p' has no writer}}
    %p = tile.pipe "p" : !one
    tile.role "read" warps [0, 0] {
      %s = tile.wait %p : !one
      tile.release %s : !s
    }
  }
}

// -----

!s = !tile.slot<[<8x8xf32>]>
!one = !tile.pipe<1 x [<8x8xf32>]>

tile.kernel @k() {
  tile.stage "s" {
    %p = tile.pipe "p" : !one
    tile.role "write" warps [0, 0] {
      // expected-error@+1 {{slot of pipe 'p' is never committed}}
      %s = tile.acquire %p : !one
    }
    tile.role "read" warps [1, 1] {
      // expected-error@+1 {{slot of pipe 'p' is never released}}
      %s = tile.wait %p : !one
    }
  }
}

// -----

!s = !tile.slot<[<8x8xf32>]>
!one = !tile.pipe<1 x [<8x8xf32>]>

tile.kernel @k() {
  tile.stage "s" {
    %p = tile.pipe "p" : !one
    tile.role "write" warps [0, 0] {
      %s = tile.acquire %p : !one
      // expected-note@+1 {{also here}}
      tile.commit %s : !s
      // expected-error@+1 {{slot is committed twice}}
      tile.commit %s : !s
    }
    tile.role "read" warps [1, 1] {
      %s = tile.wait %p : !one
      tile.release %s : !s
    }
  }
}

// -----

!s = !tile.slot<[<8x8xf32>]>
!one = !tile.pipe<1 x [<8x8xf32>]>

tile.kernel @k() {
  tile.stage "s" {
    %p = tile.pipe "p" : !one
    tile.role "write" warps [0, 0] {
      %yes = arith.constant true
      %s = tile.acquire %p : !one
      scf.if %yes {
        // expected-error@+1 {{slot is committed on some paths only}}
        tile.commit %s : !s
      }
    }
    tile.role "read" warps [1, 1] {
      %yes = arith.constant true
      scf.if %yes {
        // expected-error@+1 {{pipe 'p' is used inside 'scf.if', so not on all paths}}
        %s = tile.wait %p : !one
        tile.release %s : !s
      }
    }
  }
}

// -----

!p = !tile.pipe<2 x [<8x8xf32>]>
!t = !tile.ticket<[<8x8xf32>]>
!s = !tile.slot<[<8x8xf32>]>

tile.kernel @k() {
  tile.stage "s" {
    %p = tile.pipe "p" : !p
    tile.role "write" warps [0, 0] {
      // expected-error@+1 {{ring must use its ticket once a block, but has 2 uses of it}}
      tile.ring %p count 3 (%t, %k) : !p {
        %s = tile.acquire %t : !t
        %s2 = tile.acquire %t : !t
        tile.commit %s : !s
        tile.commit %s2 : !s
      }
    }
    tile.role "read" warps [1, 1] {
      // expected-error@+1 {{ring must use its ticket once a block, but has 0 uses of it}}
      tile.ring %p count 3 (%t, %k) : !p {
      }
    }
  }
}

// -----

!s = !tile.slot<[<8x8xf32>]>
!one = !tile.pipe<1 x [<8x8xf32>]>

tile.kernel @k() {
  tile.stage "s" {
    %p = tile.pipe "p" : !one
    tile.role "write" warps [0, 0] {
      %s = tile.acquire %p : !one
      // expected-error@+1 {{nothing is in flight outside a ring: 'after 1' must be 0}}
      tile.commit %s after 1 : !s
    }
    tile.role "read" warps [1, 1] {
      %s = tile.wait %p : !one
      tile.release %s : !s
    }
  }
}

// -----

!p = !tile.pipe<2 x [<8x8xf32>]>
!t = !tile.ticket<[<8x8xf32>]>
!s = !tile.slot<[<8x8xf32>]>

tile.kernel @k() {
  tile.stage "s" {
    // expected-error@+1 {{pipe 'p' has 2 slots, too few for 1 that a writer and 1 that a reader keeps in flight}}
    %p = tile.pipe "p" : !p
    tile.role "write" warps [0, 0] {
      tile.ring %p count 3 (%t, %k) : !p {
        %s = tile.acquire %t : !t
        tile.commit %s after 1 : !s
      }
    }
    tile.role "read" warps [1, 1] {
      tile.ring %p count 3 (%t, %k) : !p {
        %s = tile.wait %t : !t
        tile.release %s after 1 : !s
      }
    }
  }
}

// -----

!p = !tile.pipe<2 x [<8x8xf32>]>
!t = !tile.ticket<[<8x8xf32>]>
!s = !tile.slot<[<8x8xf32>]>

tile.kernel @k() {
  tile.stage "s" {
    %p = tile.pipe "p" : !p
    tile.role "write" warps [0, 0] {
      tile.ring %p count 3 (%t, %k) : !p {
        // expected-note@+1 {{in this role}}
        %s = tile.acquire %t : !t
        tile.commit %s : !s
      }
    }
    tile.role "read" warps [1, 1] {
      tile.ring %p count 4 (%t, %k) : !p {
        // expected-error@+1 {{role 'read' uses pipe 'p' 4 times a turn of its loops, role 'write' 3 times}}
        %s = tile.wait %t : !t
        tile.release %s : !s
      }
    }
  }
}

// -----

!p = !tile.pipe<2 x [<8x8xf32>]>
!t = !tile.ticket<[<8x8xf32>]>
!s = !tile.slot<[<8x8xf32>]>

// The same number of blocks, of tiles of different experts.
tile.kernel @k(%o: !llvm.ptr<1> = <"o", pointer, workspace, 0>) {
  tile.stage "s" {
    %p = tile.pipe "p" : !p
    tile.role "write" warps [0, 0] {
      %n = arith.constant 8 : i32
      tile.for_tiles offsets(%o) experts(%n) rows 128 cols 16 order rows_first (%e, %row, %valid, %col, %tiles) {
        tile.ring %p count 3 (%t, %k) : !p {
          // expected-note@+1 {{in this role}}
          %s = tile.acquire %t : !t
          tile.commit %s : !s
        }
      }
    }
    tile.role "read" warps [1, 1] {
      %n = arith.constant 9 : i32
      tile.for_tiles offsets(%o) experts(%n) rows 128 cols 16 order rows_first (%e, %row, %valid, %col, %tiles) {
        tile.ring %p count 3 (%t, %k) : !p {
          // expected-error@+1 {{role 'read' uses pipe 'p' 3 times a turn of its loops, role 'write' 3 times, but the loops differ}}
          %s = tile.wait %t : !t
          tile.release %s : !s
        }
      }
    }
  }
}

// -----

!s = !tile.slot<[<8x8xf32>]>
!one = !tile.pipe<1 x [<8x8xf32>]>

// Each waits for the other's first slot.
tile.kernel @k() {
  tile.stage "s" {
    %there = tile.pipe "there" : !one
    %back = tile.pipe "back" : !one
    tile.role "a" warps [0, 0] {
      // expected-error@+1 {{role 'a' waits for ever for pipe 'back'}}
      %r = tile.wait %back : !one
      tile.release %r : !s
      %w = tile.acquire %there : !one
      tile.commit %w : !s
    }
    tile.role "b" warps [1, 1] {
      // expected-note@+1 {{and role 'b' waits for ever for pipe 'there'}}
      %r = tile.wait %there : !one
      tile.release %r : !s
      %w = tile.acquire %back : !one
      tile.commit %w : !s
    }
  }
}

// -----

!p = !tile.pipe<2 x [<8x8xf32>]>
!t = !tile.ticket<[<8x8xf32>]>
!s = !tile.slot<[<8x8xf32>]>
!one = !tile.pipe<1 x [<8x8xf32>]>

// A reader that wants three blocks of two slots before it gives an answer.
tile.kernel @k() {
  tile.stage "s" {
    %p = tile.pipe "p" : !p
    %d = tile.pipe "d" : !one
    tile.role "write" warps [0, 0] {
      tile.ring %p count 3 (%t, %k) : !p {
        %s = tile.acquire %t : !t
        tile.commit %s : !s
        // expected-error@+1 {{role 'write' waits for ever for pipe 'd'}}
        %r = tile.wait %d : !one
        tile.release %r : !s
      }
    }
    tile.role "read" warps [1, 1] {
      tile.ring %p count 3 (%t, %k) : !p {
        // expected-note@+1 {{and role 'read' waits for ever for pipe 'p'}}
        %s = tile.wait %t : !t
        tile.release %s : !s
      }
      %one = arith.constant 1 : i32
      %from = arith.constant 0 : i32
      %to = arith.constant 3 : i32
      scf.for %i = %from to %to step %one : i32 {
        %w = tile.acquire %d : !one
        tile.commit %w : !s
      }
    }
  }
}

// -----

!s = !tile.slot<[<64x64xf32>]>
!one = !tile.pipe<1 x [<64x64xf32>]>

tile.kernel @k() {
  tile.stage "s" {
    %p = tile.pipe "p" : !one
    tile.role "write" warps [4, 7] {
      %z = tile.zero : !tile.frag<64x64xf32>
      %s = tile.acquire %p : !one
      %b = tile.slot_buf %s[0] : !s
      // expected-note@+1 {{here}}
      tile.commit %s : !s
      // expected-error@+1 {{touches a slot that the role has left}}
      tile.put %z, %b : !tile.frag<64x64xf32>, !tile.buf<64x64xf32>
    }
    tile.role "read" warps [1, 1] {
      %s = tile.wait %p : !one
      tile.release %s : !s
    }
  }
}
