//===- ProtectModule.cpp - What LLVM must not do with a kernel ------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "codegen/nvptx/EmitPtx.h"

#include "llvm/Analysis/LoopInfo.h"
#include "llvm/IR/Constants.h"
#include "llvm/IR/Dominators.h"
#include "llvm/IR/InlineAsm.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/InstrTypes.h"
#include "llvm/IR/Metadata.h"
#include "llvm/IR/Module.h"

namespace moec::codegen {
using namespace llvm;

static void countInAssembly(StringRef text, AlignedCounts &counts) {
  for (size_t i = 0; i < kAlignedOps.size(); ++i) {
    StringRef opcode = kAlignedOps[i].ptx;
    for (size_t at = text.find(opcode); at != StringRef::npos; at = text.find(opcode, at + 1))
      if (at == 0 || !(isAlnum(text[at - 1]) || text[at - 1] == '.' || text[at - 1] == '_'))
        ++counts[i];
  }
}

static void countCall(const CallBase &call, AlignedCounts &counts) {
  if (const auto *text = dyn_cast<InlineAsm>(call.getCalledOperand()))
    countInAssembly(text->getAsmString(), counts);
  else if (const Function *callee = call.getCalledFunction())
    if (auto op = alignedOpOfIntrinsic(callee->getName()))
      ++counts[*op];
}

/// A try_wait, as an intrinsic or as the loop that nvvm writes out.
static bool waitsForBarrier(const CallBase &call) {
  if (const auto *text = dyn_cast<InlineAsm>(call.getCalledOperand()))
    return StringRef(text->getAsmString()).contains("mbarrier.try_wait");
  const Function *callee = call.getCalledFunction();
  return callee && callee->getName().starts_with("llvm.nvvm.mbarrier.try.wait");
}

static bool mustKeepItsTrips(const Loop &loop) {
  for (const BasicBlock *block : loop.blocks())
    for (const Instruction &instruction : *block)
      if (const auto *call = dyn_cast<CallBase>(&instruction)) {
        AlignedCounts counts{};
        countCall(*call, counts);
        if (waitsForBarrier(*call) || counts != AlignedCounts{})
          return true;
      }
  return false;
}

static void forbidUnrolling(Loop &loop) {
  LLVMContext &context = loop.getHeader()->getContext();
  auto *option = MDNode::get(context, MDString::get(context, "llvm.loop.unroll.disable"));
  MDNode *id = MDNode::getDistinct(context, {nullptr, option});
  id->replaceOperandWith(0, id);
  loop.setLoopID(id);
}

AlignedCounts protectModule(Module &module) {
  AlignedCounts counts{};
  for (Function &function : module) {
    for (Instruction &instruction : instructions(function)) {
      auto *call = dyn_cast<CallBase>(&instruction);
      if (!call)
        continue;
      if (call->isInlineAsm())
        call->setConvergent();
      countCall(*call, counts);
    }
    if (function.isDeclaration())
      continue;
    DominatorTree dominators(function);
    LoopInfo loops(dominators);
    for (Loop *loop : loops.getLoopsInPreorder())
      if (mustKeepItsTrips(*loop))
        forbidUnrolling(*loop);
  }
  return counts;
}

} // namespace moec::codegen
