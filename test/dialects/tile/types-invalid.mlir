// RUN: moe-opt %s --allow-unregistered-dialect --split-input-file --verify-diagnostics

// buf-c1
// expected-error@+1 {{buffer must have two positive dimensions}}
"test.type"() {t = !tile.buf<128x2x64xbf16>} : () -> ()

// -----

// buf-c2
// expected-error@+1 {{element type must be bf16, f32 or i32, but is 'f16'}}
"test.type"() {t = !tile.buf<128x64xf16>} : () -> ()

// -----

// buf-c3
// expected-error@+1 {{swizzle must be 0 or 128, not 64}}
"test.type"() {t = !tile.buf<128x64xbf16, swizzle 64>} : () -> ()

// -----

// buf-c3
// expected-error@+1 {{pad must be a multiple of 16, and 0 beside a swizzle, not 8}}
"test.type"() {t = !tile.buf<128x64xbf16, pad 8>} : () -> ()

// -----

// buf-c3
// expected-error@+1 {{pad must be a multiple of 16, and 0 beside a swizzle, not 16}}
"test.type"() {t = !tile.buf<128x64xbf16, swizzle 128, pad 16>} : () -> ()

// -----

// buf-c4
// expected-error@+1 {{swizzled buffer must have rows of a multiple of 128 bytes and a multiple of 8 rows, not 128 rows of 80 bytes}}
"test.type"() {t = !tile.buf<128x40xbf16, swizzle 128>} : () -> ()

// -----

// expected-error@+1 {{expected 'swizzle' or 'pad'}}
"test.type"() {t = !tile.buf<128x40xbf16, twist 128>} : () -> ()

// -----

// pipe-c1
// expected-error@+1 {{pipe must have at least one slot and one buffer, not 0 and 1}}
"test.type"() {t = !tile.pipe<0 x [<128x64xbf16>]>} : () -> ()

// -----

// view-c1
// expected-error@+1 {{box must have one to five dimensions of 1 to 256}}
"test.type"() {t = !tile.view<box 512x64xbf16, swizzle 128>} : () -> ()

// -----

// view-c2
// expected-error@+1 {{element type must be bf16, f32 or i32, but is 'i8'}}
"test.type"() {t = !tile.view<box 64x64xi8>} : () -> ()

// -----

// view-c3
// expected-error@+1 {{inner dimension of the box must have 128 bytes, not 64}}
"test.type"() {t = !tile.view<box 64x32xbf16, swizzle 128>} : () -> ()

// -----

// view-c3
// expected-error@+1 {{inner dimension of the box must have a multiple of 16 bytes, not 8}}
"test.type"() {t = !tile.view<box 64x4xbf16>} : () -> ()

// -----

// view-c4
// expected-error@+1 {{ragged view must have two dimensions, not 3}}
"test.type"() {t = !tile.view<box 2x64x64xbf16, swizzle 128, ragged>} : () -> ()

// -----

// frag-c1
// expected-error@+1 {{fragment must have 64 rows and a multiple of 8 columns up to 256}}
"test.type"() {t = !tile.frag<128x64xf32>} : () -> ()

// -----

// frag-c2
// expected-error@+1 {{element type must be f32, but is 'bf16'}}
"test.type"() {t = !tile.frag<64x64xbf16>} : () -> ()
