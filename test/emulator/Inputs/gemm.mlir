// C = A B^T, bf16 with f32 sums, tiles of 128 x 256 x 64, a ring of 4 slots, one warp that
// loads and two warpgroups that multiply. Block: maps of A and B, address of C (f32), then at 384
// N / 256, number of tiles, K / 64, N. The test puts the type of the accumulators before this and
// the stores of the results in place of EPILOGUE.
llvm.mlir.global external @smem() {addr_space = 3 : i32, alignment = 1024 : i64} : !llvm.array<0 x i8>
llvm.func @gemm(%t: !llvm.ptr<1>) attributes {nvvm.kernel, nvvm.reqntid = array<i32: 384, 1, 1>} {
  %c0 = arith.constant 0 : i32
  %c1 = arith.constant 1 : i32
  %c2 = arith.constant 2 : i32
  %c3 = arith.constant 3 : i32
  %c4 = arith.constant 4 : i32
  %c5 = arith.constant 5 : i32
  %c16 = arith.constant 16 : i32
  %c8 = arith.constant 8 : i32
  %c31 = arith.constant 31 : i32
  %c64 = arith.constant 64 : i32
  %c127 = arith.constant 127 : i32
  %c128 = arith.constant 128 : i32
  %c256 = arith.constant 256 : i32
  %bytesA = arith.constant 16384 : i32
  %bytesB = arith.constant 32768 : i32
  %startB = arith.constant 65536 : i32
  %bytes = arith.constant 49152 : i32
  %ticks = arith.constant 10000000 : i32
  %mask14 = arith.constant 16383 : i32
  %all = arith.constant -1 : i32
  %high = arith.constant 4611686293305294848 : i64
  %table = llvm.addrspacecast %t : !llvm.ptr<1> to !llvm.ptr
  %mapB = llvm.getelementptr %table[128] : (!llvm.ptr) -> !llvm.ptr, i8
  %pc = llvm.getelementptr %t[256] : (!llvm.ptr<1>) -> !llvm.ptr<1>, i8
  %result = llvm.load %pc {alignment = 8 : i64} : !llvm.ptr<1> -> !llvm.ptr<1>
  %pcols = llvm.getelementptr %t[384] : (!llvm.ptr<1>) -> !llvm.ptr<1>, i8
  %ptiles = llvm.getelementptr %t[392] : (!llvm.ptr<1>) -> !llvm.ptr<1>, i8
  %pdepth = llvm.getelementptr %t[400] : (!llvm.ptr<1>) -> !llvm.ptr<1>, i8
  %pwidth = llvm.getelementptr %t[408] : (!llvm.ptr<1>) -> !llvm.ptr<1>, i8
  %width = llvm.load %pwidth {alignment = 4 : i64} : !llvm.ptr<1> -> i32
  %cols = llvm.load %pcols {alignment = 4 : i64} : !llvm.ptr<1> -> i32
  %tiles = llvm.load %ptiles {alignment = 4 : i64} : !llvm.ptr<1> -> i32
  %depth = llvm.load %pdepth {alignment = 4 : i64} : !llvm.ptr<1> -> i32
  %s = llvm.mlir.addressof @smem : !llvm.ptr<3>
  %si = llvm.ptrtoint %s : !llvm.ptr<3> to i32
  %tid = nvvm.read.ptx.sreg.tid.x : i32
  %cta = nvvm.read.ptx.sreg.ctaid.x : i32
  %ctas = nvvm.read.ptx.sreg.nctaid.x : i32
  %lane = arith.andi %tid, %c31 : i32
  %warp0 = arith.shrui %tid, %c5 : i32
  %warp = nvvm.shfl.sync idx %all, %warp0, %c0, %c31 : i32 -> i32
  %wg = arith.shrui %warp, %c2 : i32
  %full = llvm.getelementptr %s[196608] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
  %empty = llvm.getelementptr %s[196640] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
  %isFirst = arith.cmpi eq, %tid, %c0 : i32
  scf.if %isFirst {
    scf.for %i = %c0 to %c4 step %c1 : i32 {
      %o = arith.muli %i, %c8 : i32
      %f = llvm.getelementptr %full[%o] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, i8
      %e = llvm.getelementptr %empty[%o] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, i8
      nvvm.mbarrier.init %f, %c1 : !llvm.ptr<3>, i32
      nvvm.mbarrier.init %e, %c2 : !llvm.ptr<3>, i32
    }
    nvvm.fence.mbarrier.init
    nvvm.fence.proxy {kind = #nvvm.proxy_kind<async.shared>, space = #nvvm.shared_space<cta>}
  }
  nvvm.barrier
  %isHelper = arith.cmpi eq, %wg, %c0 : i32
  scf.if %isHelper {
    nvvm.setmaxregister decrease 40
    %isLoader = arith.cmpi eq, %warp, %c0 : i32
    scf.if %isLoader {
      %elected = nvvm.elect.sync -> i1
      scf.if %elected {
        %end:2 = scf.for %tile = %cta to %tiles step %ctas iter_args(%slot0 = %c0, %phase0 = %c1) -> (i32, i32) : i32 {
          %ti = arith.divui %tile, %cols : i32
          %tj = arith.remui %tile, %cols : i32
          %row = arith.muli %ti, %c128 : i32
          %col = arith.muli %tj, %c256 : i32
          %next:2 = scf.for %k = %c0 to %depth step %c1 iter_args(%slot = %slot0, %phase = %phase0) -> (i32, i32) : i32 {
            %o = arith.muli %slot, %c8 : i32
            %f = llvm.getelementptr %full[%o] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, i8
            %e = llvm.getelementptr %empty[%o] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, i8
            nvvm.mbarrier.try_wait.parity %e, %phase, %ticks : !llvm.ptr<3>, i32, i32
            nvvm.mbarrier.arrive.expect_tx %f, %bytes : !llvm.ptr<3>, i32
            %oa = arith.muli %slot, %bytesA : i32
            %ob0 = arith.muli %slot, %bytesB : i32
            %ob = arith.addi %ob0, %startB : i32
            %a = llvm.getelementptr %s[%oa] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, i8
            %b = llvm.getelementptr %s[%ob] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, i8
            %kc = arith.muli %k, %c64 : i32
            nvvm.cp.async.bulk.tensor.shared.cluster.global %a, %table, %f, box[%kc, %row] {isCTAOnly = true} : !llvm.ptr<3>, !llvm.ptr
            nvvm.cp.async.bulk.tensor.shared.cluster.global %b, %mapB, %f, box[%kc, %col] {isCTAOnly = true} : !llvm.ptr<3>, !llvm.ptr
            %s1 = arith.addi %slot, %c1 : i32
            %wraps = arith.cmpi eq, %s1, %c4 : i32
            %slot1 = arith.select %wraps, %c0, %s1 : i32
            %flip = arith.extui %wraps : i1 to i32
            %phase1 = arith.xori %phase, %flip : i32
            scf.yield %slot1, %phase1 : i32, i32
          }
          scf.yield %next#0, %next#1 : i32, i32
        }
      }
    }
  } else {
    nvvm.setmaxregister increase 232
    %w = arith.subi %wg, %c1 : i32
    %t127 = arith.andi %tid, %c127 : i32
    %isLead = arith.cmpi eq, %t127, %c0 : i32
    %zero = llvm.mlir.zero : !S
    %end:2 = scf.for %tile = %cta to %tiles step %ctas iter_args(%slot0 = %c0, %phase0 = %c0) -> (i32, i32) : i32 {
      %ti = arith.divui %tile, %cols : i32
      %tj = arith.remui %tile, %cols : i32
      %done:3 = scf.for %k = %c0 to %depth step %c1 iter_args(%slot = %slot0, %phase = %phase0, %acc = %zero) -> (i32, i32, !S) : i32 {
        %o = arith.muli %slot, %c8 : i32
        %f = llvm.getelementptr %full[%o] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, i8
        %e = llvm.getelementptr %empty[%o] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, i8
        nvvm.mbarrier.try_wait.parity %f, %phase, %ticks : !llvm.ptr<3>, i32, i32
        %half = arith.muli %w, %c64 : i32
        %halfBytes = arith.muli %half, %c128 : i32
        %oa = arith.muli %slot, %bytesA : i32
        %a0 = arith.addi %si, %oa : i32
        %a1 = arith.addi %a0, %halfBytes : i32
        %ob = arith.muli %slot, %bytesB : i32
        %b0 = arith.addi %si, %ob : i32
        %b1 = arith.addi %b0, %startB : i32
        %a2 = arith.shrui %a1, %c4 : i32
        %b2 = arith.shrui %b1, %c4 : i32
        %a3 = arith.andi %a2, %mask14 : i32
        %b3 = arith.andi %b2, %mask14 : i32
        nvvm.wgmma.fence.aligned
        %sum = scf.for %kk = %c0 to %c8 step %c2 iter_args(%x = %acc) -> (!S) : i32 {
          %a4 = arith.addi %a3, %kk : i32
          %b4 = arith.addi %b3, %kk : i32
          %a5 = arith.extui %a4 : i32 to i64
          %b5 = arith.extui %b4 : i32 to i64
          %da = arith.ori %a5, %high : i64
          %db = arith.ori %b5, %high : i64
          %y = nvvm.wgmma.mma_async %da, %db, %x, <m = 64, n = 256, k = 16>, D [<f32>, #nvvm.wgmma_scale_out<one>], A [<bf16>, #nvvm.wgmma_scale_in<one>, <row>], B [<bf16>, #nvvm.wgmma_scale_in<one>, <col>] : !S -> !S
          scf.yield %y : !S
        }
        nvvm.wgmma.commit.group.sync.aligned
        nvvm.wgmma.wait.group.sync.aligned 0
        scf.if %isLead {
          %token = nvvm.mbarrier.arrive %e : !llvm.ptr<3> -> i64
        }
        %s1 = arith.addi %slot, %c1 : i32
        %wraps = arith.cmpi eq, %s1, %c4 : i32
        %slot1 = arith.select %wraps, %c0, %s1 : i32
        %flip = arith.extui %wraps : i1 to i32
        %phase1 = arith.xori %phase, %flip : i32
        scf.yield %slot1, %phase1, %sum : i32, i32, !S
      }
      // EPILOGUE
      scf.yield %done#0, %done#1 : i32, i32
    }
  }
  llvm.return
}
