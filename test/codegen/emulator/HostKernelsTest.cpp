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
