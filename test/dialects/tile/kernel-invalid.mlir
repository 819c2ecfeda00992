// RUN: moe-opt %s --split-input-file --verify-diagnostics

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
