//===- PtxParserTest.cpp - PTX text as instructions -----------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "codegen/nvptx/lint/Ptx.h"

#include <gtest/gtest.h>

using namespace moec::codegen;

/// The kernel with this body. The text has to outlive it.
static ptx::Kernel parseBody(std::string &text) {
  text = ".version 8.6\n.target sm_90a\n.global .align 4 .b8 t[4] = {1, 2, 3, 4};\n"
         ".visible .entry k(\n\t.param .u64 k_param_0\n)\n.reqntid 128, 2\n.maxnreg 32\n{\n" +
         text + "}\n";
  auto file = ptx::parse(text);
  EXPECT_TRUE(file.ok()) << file.status().message();
  EXPECT_EQ(file->kernels.size(), 1u);
  return std::move(file->kernels[0]);
}

TEST(PtxParser, ReadsInstructions) {
  std::string text = ".reg .pred %p<2>;\n.reg .b32 %r<9>;\n.reg .b64 %rd<3>;\n"
                     "@!%p1 ld.global.v2.b32 \t{%r1, %r2}, [%rd1+8]; // comment; with a semicolon\n"
                     "/* two\nlines */ st.shared.b32 [smem+4], %r8; ret;\n";
  ptx::Kernel kernel = parseBody(text);
  EXPECT_EQ(kernel.name, "k");
  EXPECT_EQ(kernel.threads, (std::array<unsigned, 3>{128, 2, 1}));
  ASSERT_EQ(kernel.instructions.size(), 3u);
  const ptx::Instruction &load = kernel.instructions[0];
  EXPECT_EQ(load.text, "ld.global.v2.b32 \t{%r1, %r2}, [%rd1+8]");
  EXPECT_EQ(load.opcode, "ld.global.v2.b32");
  EXPECT_EQ(load.operands, (std::vector<std::string_view>{"{%r1, %r2}", "[%rd1+8]"}));
  EXPECT_EQ(load.line, 13u);
  EXPECT_TRUE(load.guardNegated);
  EXPECT_EQ(load.guard, 1u);
  EXPECT_EQ(load.writes, (std::vector<ptx::Register>{3, 4})); // behind two predicates
  EXPECT_EQ(load.reads, (std::vector<ptx::Register>{1, 12})); // guard, address
  const ptx::Instruction &store = kernel.instructions[1];
  EXPECT_EQ(store.line, 15u);
  EXPECT_TRUE(store.writes.empty());
  EXPECT_EQ(store.reads, (std::vector<ptx::Register>{10})) << "a symbol is no register";
}

TEST(PtxParser, ModifiersAreWholeWords) {
  std::string text = "cp.async.bulk.tensor.2d.shared::cta.global.tile [a], [b], [c];\n";
  ptx::Kernel kernel = parseBody(text);
  const ptx::Instruction &copy = kernel.instructions[0];
  EXPECT_TRUE(copy.is("cp.async.bulk"));
  EXPECT_FALSE(copy.is("cp.async.bul"));
  EXPECT_TRUE(copy.has("shared::cta"));
  EXPECT_FALSE(copy.has("shared"));
  EXPECT_FALSE(copy.has("cp"));
}

TEST(PtxParser, BracesHaveNamesOfTheirOwn) {
  std::string text = ".reg .pred p;\n"
                     "{ .reg .pred p; LAB: setp.ne.b32 p, 1, 0; @p bra LAB; }\n"
                     "{ .reg .pred p; LAB: setp.ne.b32 p, 2, 0; @p bra LAB; }\n"
                     "@p bra LAST;\nLAST: ret;\n";
  ptx::Kernel kernel = parseBody(text);
  ASSERT_EQ(kernel.instructions.size(), 6u);
  EXPECT_EQ(kernel.registers, 3u);
  EXPECT_EQ(kernel.instructions[0].writes, (std::vector<ptx::Register>{1}));
  EXPECT_EQ(kernel.instructions[2].writes, (std::vector<ptx::Register>{2}));
  EXPECT_EQ(kernel.instructions[4].guard, 0u);
  EXPECT_EQ(kernel.instructions[1].targets, (std::vector<unsigned>{0}));
  EXPECT_EQ(kernel.instructions[3].targets, (std::vector<unsigned>{2}));
  EXPECT_EQ(kernel.instructions[4].targets, (std::vector<unsigned>{5}));
  EXPECT_EQ(kernel.flow->loops().size(), 2u);
}

TEST(PtxParser, TablesOfBranchTargets) {
  std::string text = ".reg .b32 %r<2>;\n"
                     "$L_brx_0: .branchtargets\n\tA,\n\tB;\n"
                     "brx.idx %r1, $L_brx_0;\nA: ret;\nB: exit;\n";
  ptx::Kernel kernel = parseBody(text);
  EXPECT_EQ(kernel.instructions[0].targets, (std::vector<unsigned>{1, 2}));
  EXPECT_EQ(kernel.flow->successors(0), (std::vector<Block>{1, 2}));
}

TEST(PtxParser, PlacesAndDebugSections) {
  std::string text = ".loc\t1 7 3\nret;\n.loc 1 9 2, function_name $L__info_string0\nexit;\n}\n"
                     ".section .debug_loc { .b8 1\n$L__x: .b32 2 }\n.file\t1 \"a // b.moe\"\n"
                     ".visible .entry second()\n{\nret;\n";
  text = ".visible .entry k()\n{\n" + text + "}\n";
  auto file = ptx::parse(text);
  ASSERT_TRUE(file.ok()) << file.status().message();
  ASSERT_EQ(file->kernels.size(), 2u);
  EXPECT_EQ(file->names, (std::vector<std::string_view>{"a // b.moe"}));
  EXPECT_EQ(file->kernels[0].instructions[0].place.line, 7u);
  EXPECT_EQ(file->kernels[0].instructions[1].place.column, 2u);
  EXPECT_EQ(file->kernels[1].instructions[0].place.line, 0u);
}
