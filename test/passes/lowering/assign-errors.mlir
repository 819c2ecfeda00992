// RUN: moe-opt %s --tile-assign --verify-diagnostics

tile.kernel @mixed(%x: !tile.view<box 64x64xbf16, swizzle 128> = <"x", view, buffer, 0,
      <bf16, dims = [<constant = 64>, <per_token = 1>], strides = [2, 128], box = [64, 64], swizzle = 128, base = 0>>) {
  tile.stage "one" {
    // expected-error@+1 {{unsupported here: role 'write' fills a slot both by TMA and by its threads}}
    %p = tile.pipe "p" : !tile.pipe<1 x [<64x64xbf16, swizzle 128>]>
    tile.role "write" warps [4, 7] {
      %zero = arith.constant 0 : i32
      %z = tile.zero : !tile.frag<64x64xf32>
      %s = tile.acquire %p : !tile.pipe<1 x [<64x64xbf16, swizzle 128>]>
      %b = tile.slot_buf %s[0] : !tile.slot<[<64x64xbf16, swizzle 128>]>
      tile.load %x[%zero, %zero], %b : !tile.view<box 64x64xbf16, swizzle 128>, !tile.buf<64x64xbf16, swizzle 128>
      tile.put %z, %b : !tile.frag<64x64xf32>, !tile.buf<64x64xbf16, swizzle 128>
      tile.commit %s : !tile.slot<[<64x64xbf16, swizzle 128>]>
    }
    tile.role "read" warps [1, 1] {
      %s = tile.wait %p : !tile.pipe<1 x [<64x64xbf16, swizzle 128>]>
      tile.release %s : !tile.slot<[<64x64xbf16, swizzle 128>]>
    }
  }
}
