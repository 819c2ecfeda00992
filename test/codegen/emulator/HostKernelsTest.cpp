//===- HostKernelsTest.cpp - Kernels become host code ----------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "test/emulator/Harness.h"

#include <gtest/gtest.h>

namespace {

using namespace moec::test;

/// A kernel around a body; %t is its parameter.
std::string kernel(const std::string &body, const std::string &globals = "", int threads = 128) {
  return globals +
         "\nllvm.func @k(%t: !llvm.ptr<1>) attributes {nvvm.kernel, nvvm.reqntid = "
         "array<i32: " +
         std::to_string(threads) + ", 1, 1>} {\n" + body + "\nllvm.return\n}\n";
}

std::string runKernel(const std::string &text, uint64_t seed, const std::vector<Block> &blocks,
                      uint64_t sharedBytes = 0, uint32_t ctas = 1) {
  Harness harness;
  std::string error = harness.compile(text);
  return error.empty() ? harness.run("k", {ctas, sharedBytes, seed}, blocks) : error;
}

TEST(HostKernels, ThreadsSeeTheirPlace) {
  Harness harness;
  ASSERT_EQ(harness.compile(kernel(R"(
    %out = llvm.load %t {alignment = 8 : i64} : !llvm.ptr<1> -> !llvm.ptr<1>
    %x = nvvm.read.ptx.sreg.tid.x : i32
    %c = nvvm.read.ptx.sreg.ctaid.x : i32
    %z = nvvm.read.ptx.sreg.ctaid.z : i32
    %n = arith.constant 128 : i32
    %m = arith.muli %c, %n : i32
    %i = arith.addi %m, %x : i32
    %h = arith.constant 1000 : i32
    %hz = arith.muli %z, %h : i32
    %v = arith.addi %i, %hz : i32
    %p = llvm.getelementptr %out[%i] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, i32
    llvm.store %v, %p {alignment = 4 : i64} : i32, !llvm.ptr<1>)")),
            "");
  uint64_t a = harness.allocate(1024), b = harness.allocate(1024);
  for (uint64_t seed : {0, 1}) {
    // The block of rank z follows that of rank 0: the kernel reads its own here by a table
    // of equal size, so both ranks run with their own launch.
    ASSERT_EQ(harness.run("k", {2, 0, seed}, {Block().word(a, 0)}), "");
    EXPECT_EQ(harness.get<uint32_t>(a, 256)[200], 200u);
    ASSERT_EQ(harness.run("k", {2, 0, seed}, {Block().word(b, 0)}), "");
  }
}

TEST(HostKernels, OwnOpsPassDataBetweenRanks) {
  // Rank 0 writes a word and releases a flag on rank 1, which acquires it and counts.
  const std::string text = kernel(R"(
    %z = nvvm.read.ptx.sreg.ctaid.z : i32
    %x = nvvm.read.ptx.sreg.tid.x : i32
    %c0 = arith.constant 0 : i32
    %c1 = arith.constant 1 : i32
    %c5 = arith.constant 5 : i32
    %seven = arith.constant 30064771072 : i64
    %heap = llvm.load %t {alignment = 8 : i64} : !llvm.ptr<1> -> !llvm.ptr<1>
    %data = tile.ptx.advance %heap, 64 : !llvm.ptr<1>
    %isFirst = arith.cmpi eq, %x, %c0 : i32
    scf.if %isFirst {
      %isSource = arith.cmpi eq, %z, %c0 : i32
      scf.if %isSource {
        llvm.store %c5, %data {alignment = 4 : i64} : i32, !llvm.ptr<1>
        tile.ptx.st_release sys %heap, %seven : !llvm.ptr<1>, i64
      } else {
        scf.while : () -> () {
          %v = tile.ptx.ld_acquire sys %heap : !llvm.ptr<1> -> i64
          %more = arith.cmpi ne, %v, %seven : i64
          scf.condition(%more)
        } do {
          scf.yield
        }
        %d = llvm.load %data {alignment = 4 : i64} : !llvm.ptr<1> -> i32
        %sum = llvm.getelementptr %heap[128] : (!llvm.ptr<1>) -> !llvm.ptr<1>, i8
        %old = tile.ptx.atom add acq_rel gpu %sum, %d : !llvm.ptr<1>, i32
        tile.ptx.red max relaxed gpu %sum, %c1 : !llvm.ptr<1>, i32
      }
    })");
  for (uint64_t seed : {0, 1, 2, 3}) {
    Harness harness;
    ASSERT_EQ(harness.compile(text), "");
    uint64_t heap = harness.allocate(256, false, moec::rt::MemoryKind::Symmetric, 1);
    EXPECT_EQ(harness.run("k", {1, 0, seed}, {Block().word(heap, 0), Block().word(heap, 0)}), "");
    EXPECT_EQ(harness.get<uint32_t>(heap + 128, 1)[0], 5u);
  }
}

TEST(HostKernels, AccumulatorsPassThroughTiedOps) {
  // 64 x 8 with A and B of ones: 16, and with the second product 32.
  const std::string text = kernel(R"(
    %x = nvvm.read.ptx.sreg.tid.x : i32
    %c0 = arith.constant 0 : i32
    %c4 = arith.constant 4 : i32
    %c16 = arith.constant 16 : i32
    %ones = arith.constant 1065369472 : i32
    %isTrue = arith.constant true
    %isFalse = arith.constant false
    %s = llvm.mlir.addressof @smem : !llvm.ptr<3>
    %si = llvm.ptrtoint %s : !llvm.ptr<3> to i32
    %n = arith.constant 2560 : i32
    %step = arith.constant 128 : i32
    scf.for %i = %x to %n step %step : i32 {
      %p = llvm.getelementptr %s[%i] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, i32
      llvm.store %ones, %p {alignment = 4 : i64} : i32, !llvm.ptr<3>
    }
    nvvm.fence.proxy {kind = #nvvm.proxy_kind<async.shared>, space = #nvvm.shared_space<cta>}
    nvvm.barrier
    %a = arith.shrui %si, %c4 : i32
    %f = llvm.mlir.poison : f32
    %g:4 = tile.ptx.wgmma_fence (%f, %f, %f, %f) : 4 x f32
    %h:4 = tile.ptx.wgmma a %a + 0 b %a + 512 scale_d %isFalse acc (%g#0, %g#1, %g#2, %g#3) : bf16 -> 4 x f32
    %i:4 = tile.ptx.wgmma a %a + 2 b %a + 514 scale_d %isTrue acc (%h#0, %h#1, %h#2, %h#3) : bf16 -> 4 x f32
    nvvm.wgmma.commit.group.sync.aligned
    %j:4 = tile.ptx.wgmma_wait 0 (%i#0, %i#1, %i#2, %i#3) : 4 x f32
    %out = llvm.load %t {alignment = 8 : i64} : !llvm.ptr<1> -> !llvm.ptr<1>
    %q = llvm.getelementptr %out[%x] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, f32
    %sum = llvm.fadd %j#0, %j#3 : f32
    llvm.store %sum, %q {alignment = 4 : i64} : f32, !llvm.ptr<1>)",
                                  "llvm.mlir.global external @smem() {addr_space = 3 : i32, "
                                  "alignment = 1024 : i64} : !llvm.array<0 x i8>");
  for (uint64_t seed : {0, 1}) {
    Harness harness;
    ASSERT_EQ(harness.compile(text), "");
    uint64_t out = harness.allocate(512);
    EXPECT_EQ(harness.run("k", {1, 10240, seed}, {Block().word(out, 0)}), "");
    EXPECT_EQ(harness.get<float>(out, 128), std::vector<float>(128, 64.0f));
  }
}

TEST(HostKernels, UnknownOpIsNamedWithItsLine) {
  Harness harness;
  EXPECT_EQ(harness.compile(kernel(R"(
    %c = nvvm.read.ptx.sreg.clusterid.x : i32 loc("layer.moe":7:1))")),
            "layer.moe:7: unsupported here: the emulator does not know "
            "'nvvm.read.ptx.sreg.clusterid.x'");
}

TEST(HostKernels, OutOfBoundsIsReportedWithItsPlace) {
  std::string error = runKernel(kernel(R"(
    %out = llvm.load %t {alignment = 8 : i64} : !llvm.ptr<1> -> !llvm.ptr<1>
    %x = nvvm.read.ptx.sreg.tid.x : i32
    %p = llvm.getelementptr %out[%x] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, i32
    llvm.store %x, %p {alignment = 4 : i64} : i32, !llvm.ptr<1> loc("layer.moe":9:1))"),
                                0, {Block().word(0, 0)});
  EXPECT_EQ(error, "layer.moe:9: kernel 'k', llvm.store, rank 0, CTA 0, thread 0: out of bounds: "
                   "stores to 4 bytes at no device memory");
}

} // namespace
