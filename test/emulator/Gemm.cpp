//===- Gemm.cpp - A whole product in the emulator --------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "test/emulator/Gemm.h"

#include <fstream>
#include <random>
#include <sstream>

namespace moec::test {

static std::string epilogue() {
  std::ostringstream out;
  out << R"(
      %wi = arith.andi %warp, %c3 : i32
      %r0 = arith.muli %ti, %c128 : i32
      %r1 = arith.muli %w, %c64 : i32
      %r2 = arith.muli %wi, %c16 : i32
      %r3 = arith.shrui %lane, %c2 : i32
      %r4 = arith.addi %r0, %r1 : i32
      %r5 = arith.addi %r4, %r2 : i32
      %r6 = arith.addi %r5, %r3 : i32
      %q0 = arith.andi %lane, %c3 : i32
      %q1 = arith.muli %q0, %c2 : i32
      %q2 = arith.muli %tj, %c256 : i32
      %q3 = arith.addi %q1, %q2 : i32
)";
  for (int i = 0; i < 128; ++i) {
    const int column = i / 4 * 8 + i % 2, row = i / 2 % 2 * 8;
    out << "%kr" << i << " = arith.constant " << row << " : i32\n"
        << "%kc" << i << " = arith.constant " << column << " : i32\n"
        << "%ra" << i << " = arith.addi %r6, %kr" << i << " : i32\n"
        << "%rb" << i << " = arith.muli %ra" << i << ", %width : i32\n"
        << "%rc" << i << " = arith.addi %rb" << i << ", %q3 : i32\n"
        << "%rd" << i << " = arith.addi %rc" << i << ", %kc" << i << " : i32\n"
        << "%pp" << i << " = llvm.getelementptr %result[%rd" << i
        << "] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, f32\n"
        << "%vv" << i << " = llvm.extractvalue %done#2[" << i << "] : !S\n"
        << "llvm.store %vv" << i << ", %pp" << i << " {alignment = 4 : i64} : f32, !llvm.ptr<1>\n";
  }
  return out.str();
}

static std::string gemmText() {
  std::ifstream file(MOEC_EMULATOR_INPUTS "/Inputs/gemm.mlir");
  std::stringstream text;
  text << "!S = !llvm.struct<(f32";
  for (int i = 1; i < 128; ++i)
    text << ", f32";
  text << ")>\n" << file.rdbuf();
  std::string all = text.str();
  const std::string mark = "// EPILOGUE";
  return all.replace(all.find(mark), mark.size(), epilogue());
}

static rt::TensorMapRequest rowsOf(uint64_t base, uint64_t rows, uint64_t columns,
                                   uint32_t boxRows) {
  rt::TensorMapRequest request;
  request.base = base;
  request.element = DType::BF16;
  request.rank = 2;
  request.dims = {columns, rows};
  request.strides = {2, columns * 2};
  request.box = {64, boxRows};
  return request;
}

Gemm::Gemm(uint64_t rows, uint64_t columns, uint64_t depth) : m(rows), n(columns), k(depth) {
  std::mt19937 random(7);
  std::normal_distribution<float> normal;
  a.resize(m * k), b.resize(n * k);
  for (uint16_t &x : a)
    x = toBf16(normal(random));
  for (uint16_t &x : b)
    x = toBf16(normal(random));
  c = harness.allocate(m * n * 4);
  block.map(harness.encode(rowsOf(harness.put(a), m, k, 128)), 0)
      .map(harness.encode(rowsOf(harness.put(b), n, k, 256)), 128)
      .word(c, 256)
      .word(n / 256, 384)
      .word(m / 128 * (n / 256), 392)
      .word(k / 64, 400)
      .word(n, 408);
}

std::string Gemm::compile() {
  static const std::string text = gemmText();
  return harness.compile(text);
}

std::string Gemm::run(uint64_t seed) {
  return harness.run("gemm", {2, 196608 + 64, seed}, {block});
}

} // namespace moec::test
