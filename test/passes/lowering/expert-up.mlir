// The example of dialects/tile/README.md all the way down: gate and up of the rows of
// each expert, rows awaited by flags, the last tile of an expert published.
//
// RUN: moe-opt %s --tile-fold-rings --tile-insert-fences --tile-lower-roles --tile-to-nvvm \
// RUN:   | FileCheck %s
// RUN: %if ptxas %{ moe-opt %s --moe-phase-lower --tile-emit-kernels='print=resources assembler=ptxas' \
// RUN:     -o /dev/null | FileCheck %s --check-prefix=CUBIN %}

// RUN: %if ptxas %{ %if nvdisasm %{ moe-opt %s --moe-phase-lower \
// RUN:     --tile-emit-kernels='print=sass assembler=ptxas' -o /dev/null \
// RUN:     | FileCheck %s --check-prefix=SASS %} %}

// What is no product: at most 24 a block of the ring, 26 a stage of the loads, 560 a tile.
// SASS: {{^}}  load at {{.*}}: {{(1[0-9]|2[0-5])}}.{{[0-9]}} a block
// SASS: {{^}}  tile around math at {{.*}}: {{[1-5][0-9][0-9]}}.{{[0-9]}} a tile
// SASS: {{^}}  math at {{.*}}: {{(1[0-9]|2[0-3])}}.{{[0-9]}} a block, 4 blocks a round, 16 mma 64x256x16

// The budget of design: all registers of the launch, nothing spilled, no serialised wgmma
// (both are errors of the assembler's pass).
// CUBIN: expert_up: registers 168, spills 0 bytes, stack 0 bytes, static shared 0 bytes, barriers 1, code {{1[0-9]}}{{[0-9][0-9][0-9]}} bytes

!ab = !tile.pipe<4 x [<128x64xbf16, swizzle 128>, <256x64xbf16, swizzle 128>]>
!abt = !tile.ticket<[<128x64xbf16, swizzle 128>, <256x64xbf16, swizzle 128>]>
!abs = !tile.slot<[<128x64xbf16, swizzle 128>, <256x64xbf16, swizzle 128>]>
!a = !tile.buf<128x64xbf16, swizzle 128>
!b = !tile.buf<256x64xbf16, swizzle 128>
!d = !tile.buf<128x128xbf16, swizzle 128>
!dp = !tile.pipe<1 x [<128x128xbf16, swizzle 128>]>
!ds = !tile.slot<[<128x128xbf16, swizzle 128>]>
!rows = !tile.view<box 128x64xbf16, swizzle 128, ragged>
!weights = !tile.view<box 1x2x128x64xbf16, swizzle 128>
!sums = !tile.frag<64x256xf32>

// CHECK: llvm.func @expert_up(%[[TABLE:.*]]: !llvm.ptr<1> {llvm.align = 128 : i64})
// CHECK-SAME: nvvm.kernel, nvvm.minctasm = 1 : i32, nvvm.reqntid = array<i32: 384, 1, 1>
tile.kernel @expert_up(
    %x: !rows = <"x", view, buffer, 0 at 0,
      <bf16, dims = [<constant = 7168>, <constant = 128>, <constant = 1, per_row = 1>],
       strides = [2, 14336, 14336], box = [64, 128, 1], swizzle = 128, base = -1835008>>,
    %w: !weights = <"w", view, weight, 3 at 128,
      <bf16, dims = [<constant = 7168>, <constant = 2048>, <constant = 2>, <per_expert = 1>],
       strides = [2, 14336, 29360128, 58720256], box = [64, 128, 2, 1], swizzle = 128, base = 0>>,
    %y: !rows = <"y", view, workspace, 0 at 256,
      <bf16, dims = [<constant = 2048>, <constant = 128>, <constant = 1, per_row = 1>],
       strides = [2, 4096, 4096], box = [64, 128, 1], swizzle = 128, base = -524288>>,
    %offsets: !llvm.ptr<1> = <"offsets", pointer, workspace, 1 at 384>,
    %in: !llvm.ptr<1> = <"in", pointer, flag, 0 at 392>,
    %done: !llvm.ptr<1> = <"done", pointer, workspace, 2 at 400>,
    %out: !llvm.ptr<1> = <"out", pointer, flag, 1 at 408>,
    %state: !llvm.ptr<1> = <"state", pointer, state, 0 at 416>)
    attributes {shape = "128x256x64", smem = 229456 : i32, argBytes = 512 : i32} {
  tile.stage "expert_up" {
    %ab = tile.pipe "ab" {offset = 0 : i32, barrier = 229376 : i32, fullCount = 1 : i32, emptyCount = 2 : i32, txBytes = 49152 : i32} : !ab
    %d = tile.pipe "d" {offset = 196608 : i32, barrier = 229440 : i32, fullCount = 8 : i32, emptyCount = 1 : i32} : !dp

    tile.role "load" warps [0, 0] regs 40 {
      %experts = arith.constant 256 : i32
      %eight = arith.constant 8 : i32
      %zero = arith.constant 0 : i32
      %c64 = arith.constant 64 : i32
      %c128 = arith.constant 128 : i32
      %step = llvm.load %state : !llvm.ptr<1> -> i32
      %limit = llvm.getelementptr %state[24] : (!llvm.ptr<1>) -> !llvm.ptr<1>, i8
      %deadline = llvm.load %limit : !llvm.ptr<1> -> i64
      %status = llvm.getelementptr %state[32] : (!llvm.ptr<1>) -> !llvm.ptr<1>, i8
      %one = arith.constant 1 : i32
      %epoch = arith.addi %step, %one : i32
      tile.for_tiles offsets(%offsets) experts(%experts) rows 128 cols 16 order rows_first (%e, %row, %valid, %col, %tiles) {
        %first = arith.muli %e, %eight : i32
        %flags = llvm.getelementptr %in[%first] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, i64
        tile.flag_wait %flags count(%eight) epoch(%epoch) deadline(%deadline) status(%status) flag 0
        %feature = arith.muli %col, %c128 : i32
        tile.ring %ab count 112 (%t, %k) : !ab {
          %column = arith.muli %k, %c64 : i32
          %s = tile.acquire %t : !abt
          %a = tile.slot_buf %s[0] : !abs
          %b = tile.slot_buf %s[1] : !abs
          tile.load %x[%row, %column] rows %valid, %a : !rows, !a
          tile.load %w[%e, %zero, %feature, %column], %b : !weights, !b
          tile.commit %s : !abs
        }
      }
    }

    tile.role "store" warps [1, 1] regs 40 {
      %experts = arith.constant 256 : i32
      %c128 = arith.constant 128 : i32
      %one = arith.constant 1 : i32
      %step = llvm.load %state : !llvm.ptr<1> -> i32
      %epoch = arith.addi %step, %one : i32
      tile.for_tiles offsets(%offsets) experts(%experts) rows 128 cols 16 order rows_first (%e, %row, %valid, %col, %tiles) {
        %s = tile.wait %d : !dp
        %buf = tile.slot_buf %s[0] : !ds
        %feature = arith.muli %col, %c128 : i32
        tile.store %buf, %y[%row, %feature] rows %valid : !d, !rows
        tile.release %s : !ds
        tile.wait_stores
        %counter = llvm.getelementptr %done[%e] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, i32
        %last = tile.arrive %counter total(%tiles)
        scf.if %last {
          %cell = llvm.getelementptr %out[%e] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, i64
          tile.signal %cell, %epoch, %valid
        }
      }
    }

    // One round of four blocks, once; the first product does not read its accumulators.
    // CHECK: nvvm.setmaxregister increase 232
    // CHECK: %[[UNDEF:.*]] = llvm.mlir.undef : f32
    // CHECK: scf.for %[[K:.*]] = %c0{{.*}} to %c112{{.*}} step %c4{{.*}} iter_args({{.*}} = %[[UNDEF]]
    // CHECK: %[[LATER:.*]] = arith.cmpi ne, %[[K]]
    // CHECK: tile.ptx.wgmma {{.*}} scale_d %[[LATER]]
    // CHECK-COUNT-15: tile.ptx.wgmma a
    // CHECK-NOT: tile.ptx.wgmma a
    // CHECK: tile.ptx.wgmma_wait 0
    // CHECK-NOT: arith.divf
    // The result in two rounds, and between them moves of what comes next.
    // CHECK: scf.while
    // CHECK-COUNT-32: math.exp2
    // CHECK-NOT: math.exp2
    // CHECK-COUNT-4: nvvm.stmatrix {{.*}} {eltType = #nvvm.ld_st_matrix_elt_type<b16>, layout = #nvvm.mma_layout<row>
    // CHECK-NOT: nvvm.stmatrix
    // CHECK-COUNT-5: tile.ptx.advance {{.*}}, 16384 : !llvm.ptr<3>
    // CHECK: nvvm.fence.proxy {kind = #nvvm.proxy_kind<async.shared>
    tile.role "math" warps [4, 11] regs 232 {
      %experts = arith.constant 256 : i32
      %one = arith.constant 1.0 : f32
      tile.for_tiles offsets(%offsets) experts(%experts) rows 128 cols 16 order rows_first (%e, %row, %valid, %col, %tiles) {
        %z = tile.zero : !sums
        %acc = tile.ring %ab count 112 (%t, %k) iter_args(%i = %z : !sums) : !ab {
          %s = tile.wait %t : !abt
          %a = tile.slot_buf %s[0] : !abs
          %b = tile.slot_buf %s[1] : !abs
          %next = tile.mma %i, %a, %b : !sums, !a, !b
          tile.release %s after 1 : !abs
          tile.yield %next : !sums
        }
        %gate = tile.half %acc, 0 : !sums
        %up = tile.half %acc, 1 : !sums
        %h = tile.map (%g = %gate, %u = %up) : !tile.frag<64x128xf32> {
          %m = arith.negf %g : f32
          %x1 = math.exp %m : f32
          %x2 = arith.addf %x1, %one : f32
          %q = arith.divf %g, %x2 : f32
          %r = arith.mulf %q, %u : f32
          tile.yield %r : f32
        }
        %o = tile.acquire %d : !dp
        %ob = tile.slot_buf %o[0] : !ds
        tile.put %h, %ob : !tile.frag<64x128xf32>, !d
        tile.commit %o : !ds
      }
    }
  }
}
