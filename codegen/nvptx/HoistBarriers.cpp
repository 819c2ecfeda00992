//===- HoistBarriers.cpp - Addresses of barriers out of the math ring -----===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// To LLVM the address of a barrier is a constant and costs nothing, so it is made
// anew at each use; to the machine it is an addition, two a block of the ring, in
// the one loop where every instruction counts. Registers are there: only the
// accumulators live in that loop.
//===----------------------------------------------------------------------===//

#include "codegen/nvptx/EmitPtx.h"

#include "llvm/ADT/MapVector.h"
#include "llvm/Analysis/LoopInfo.h"
#include "llvm/IR/Constants.h"
#include "llvm/IR/Dominators.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/InlineAsm.h"
#include "llvm/IR/Module.h"
#include "llvm/Transforms/Utils/LoopUtils.h"

namespace moec::codegen {
using namespace llvm;

static constexpr unsigned kSharedSpace = 3;

static CallInst *asAssembly(Instruction &instruction) {
  auto *call = dyn_cast<CallInst>(&instruction);
  return call && call->isInlineAsm() ? call : nullptr;
}

static StringRef textOf(const CallInst &call) {
  return cast<InlineAsm>(call.getCalledOperand())->getAsmString();
}

/// Innermost, with wgmma in it.
static bool isMathRing(const Loop &loop) {
  if (!loop.isInnermost())
    return false;
  for (BasicBlock *block : loop.blocks())
    for (Instruction &instruction : *block)
      if (CallInst *call = asAssembly(instruction); call && textOf(*call).contains("wgmma.mma"))
        return true;
  return false;
}

static bool isSharedAddress(const Value *value) {
  auto *type = dyn_cast<PointerType>(value->getType());
  return isa<Constant>(value) && type && type->getAddressSpace() == kSharedSpace;
}

/// The same assembly with shared addresses as 32-bit numbers that come from outside
/// of the loop.
static void takeNumbers(CallInst *call, function_ref<Value *(Constant *)> numberOf) {
  SmallVector<Value *> operands(call->args());
  SmallVector<Type *> types;
  for (Value *&operand : operands) {
    if (isSharedAddress(operand))
      operand = numberOf(cast<Constant>(operand));
    types.push_back(operand->getType());
  }
  auto *old = cast<InlineAsm>(call->getCalledOperand());
  auto *type = FunctionType::get(call->getType(), types, /*isVarArg=*/false);
  auto *assembly = InlineAsm::get(type, old->getAsmString(), old->getConstraintString(),
                                  old->hasSideEffects(), old->isAlignStack(), old->getDialect());
  IRBuilder<> builder(call);
  CallInst *made = builder.CreateCall(type, assembly, operands);
  made->setAttributes(call->getAttributes());
  made->setDebugLoc(call->getDebugLoc());
  call->replaceAllUsesWith(made);
  call->eraseFromParent();
}

static void hoistFrom(Loop &loop, DominatorTree &dominators, LoopInfo &loops) {
  SmallVector<CallInst *> uses;
  for (BasicBlock *block : loop.blocks())
    for (Instruction &instruction : *block)
      if (CallInst *call = asAssembly(instruction);
          call && textOf(*call).contains("mbarrier.") && any_of(call->args(), isSharedAddress))
        uses.push_back(call);
  BasicBlock *before = loop.getLoopPreheader();
  if (!before) // LLVM folds empty ones away
    before = InsertPreheaderForLoop(&loop, &dominators, &loops, nullptr, /*PreserveLCSSA=*/false);
  if (!before)
    return; // an indirect way in: the loop stays as it is
  IRBuilder<> builder(before->getTerminator());
  Type *number = builder.getInt32Ty();
  // A move that nobody can look through, or the constant would find its way back.
  auto *move = InlineAsm::get(FunctionType::get(number, {number}, /*isVarArg=*/false),
                              "mov.b32 $0, $1;", "=r,r", /*hasSideEffects=*/false);
  MapVector<Constant *, Value *> numbers;
  for (CallInst *call : uses)
    takeNumbers(call, [&](Constant *address) {
      Value *&made = numbers[address];
      if (!made)
        made = builder.CreateCall(move, {builder.CreatePtrToInt(address, number)});
      return made;
    });
}

void hoistBarrierAddresses(Module &module) {
  for (Function &function : module) {
    if (function.isDeclaration())
      continue;
    DominatorTree dominators(function);
    LoopInfo loops(dominators);
    for (Loop *loop : loops.getLoopsInPreorder())
      if (isMathRing(*loop))
        hoistFrom(*loop, dominators, loops);
  }
}

} // namespace moec::codegen
