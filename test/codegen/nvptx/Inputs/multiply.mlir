// A ring of two slots, two wgmma a slot.
module {
llvm.mlir.global external @smem() {addr_space = 3 : i32, alignment = 1024 : i64} : !llvm.array<0 x i8>
llvm.func @multiply(%table: !llvm.ptr<1>) attributes {nvvm.kernel, nvvm.reqntid = array<i32: 128>} {
  %s = llvm.mlir.addressof @smem : !llvm.ptr<3>
  %full0 = llvm.getelementptr %s[65536] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
  %full1 = llvm.getelementptr %s[65544] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
  %empty0 = llvm.getelementptr %s[65552] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
  %empty1 = llvm.getelementptr %s[65560] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
  %base = llvm.ptrtoint %s : !llvm.ptr<3> to i32
  %four = llvm.mlir.constant(4 : i32) : i32
  %lbo = llvm.mlir.constant(65536 : i32) : i32
  %shifted = llvm.lshr %base, %four : i32
  %lo = llvm.or %shifted, %lbo : i32
  %t = nvvm.read.ptx.sreg.tid.x : i32
  %zero = llvm.mlir.constant(0 : i32) : i32
  %one = llvm.mlir.constant(1 : i32) : i32
  %rounds = llvm.mlir.constant(64 : i32) : i32
  %ticks = llvm.mlir.constant(10000000 : i32) : i32
  %yes = llvm.mlir.constant(true) : i1
  %lead = llvm.icmp "eq" %t, %zero : i32
  %x = llvm.mlir.undef : f32
  llvm.br ^round(%zero, %x, %x, %x, %x : i32, f32, f32, f32, f32)
^round(%i: i32, %a: f32, %b: f32, %c: f32, %d: f32):
  %phase = llvm.and %i, %one : i32
  %more = llvm.icmp "ne" %i, %zero : i32
  nvvm.mbarrier.try_wait.parity %full0, %phase, %ticks : !llvm.ptr<3>, i32, i32
  %f:4 = tile.ptx.wgmma_fence(%a, %b, %c, %d) : 4 x f32
  %m:4 = tile.ptx.wgmma a %lo + 0 b %lo + 512 scale_d %more acc(%f#0, %f#1, %f#2, %f#3) : bf16 -> 4 x f32
  %n:4 = tile.ptx.wgmma a %lo + 2 b %lo + 514 scale_d %yes acc(%m#0, %m#1, %m#2, %m#3) : bf16 -> 4 x f32
  nvvm.wgmma.commit.group.sync.aligned
  %w:4 = tile.ptx.wgmma_wait 0 (%n#0, %n#1, %n#2, %n#3) : 4 x f32
  tile.ptx.arrive_if %lead, %empty0
  nvvm.mbarrier.try_wait.parity %full1, %phase, %ticks : !llvm.ptr<3>, i32, i32
  %f1:4 = tile.ptx.wgmma_fence(%w#0, %w#1, %w#2, %w#3) : 4 x f32
  %m1:4 = tile.ptx.wgmma a %lo + 1024 b %lo + 1536 scale_d %yes acc(%f1#0, %f1#1, %f1#2, %f1#3) : bf16 -> 4 x f32
  %n1:4 = tile.ptx.wgmma a %lo + 1026 b %lo + 1538 scale_d %yes acc(%m1#0, %m1#1, %m1#2, %m1#3) : bf16 -> 4 x f32
  nvvm.wgmma.commit.group.sync.aligned
  %w1:4 = tile.ptx.wgmma_wait 0 (%n1#0, %n1#1, %n1#2, %n1#3) : 4 x f32
  tile.ptx.arrive_if %lead, %empty1
  %next = llvm.add %i, %one : i32
  %again = llvm.icmp "ne" %next, %rounds : i32
  llvm.cond_br %again, ^round(%next, %w1#0, %w1#1, %w1#2, %w1#3 : i32, f32, f32, f32, f32), ^end
^end:
  %row = llvm.getelementptr %table[%t] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, !llvm.array<4 x f32>
  %v0 = llvm.mlir.undef : vector<4xf32>
  %two = llvm.mlir.constant(2 : i32) : i32
  %three = llvm.mlir.constant(3 : i32) : i32
  %v1 = llvm.insertelement %w1#0, %v0[%zero : i32] : vector<4xf32>
  %v2 = llvm.insertelement %w1#1, %v1[%one : i32] : vector<4xf32>
  %v3 = llvm.insertelement %w1#2, %v2[%two : i32] : vector<4xf32>
  %v4 = llvm.insertelement %w1#3, %v3[%three : i32] : vector<4xf32>
  llvm.store %v4, %row {alignment = 16 : i64} : vector<4xf32>, !llvm.ptr<1>
  llvm.return
}
}
