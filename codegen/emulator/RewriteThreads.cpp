//===- RewriteThreads.cpp - Registers, warps, numbers ----------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "codegen/emulator/KernelRewriter.h"

#include "runtime/backends/emulator/Calls.h"

#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/TypeSwitch.h"

namespace moec::emulator {
using namespace mlir;
using rt::emulator::ReduceKind;
using rt::emulator::Register;

static std::optional<Register> registerOf(StringRef name) {
  static const llvm::StringMap<Register> registers = {
      {"tid.x", Register::ThreadX},
      {"tid.y", Register::ThreadY},
      {"tid.z", Register::ThreadZ},
      {"ntid.x", Register::ThreadsX},
      {"ntid.y", Register::ThreadsY},
      {"ntid.z", Register::ThreadsZ},
      {"ctaid.x", Register::CtaX},
      {"ctaid.y", Register::CtaY},
      {"ctaid.z", Register::CtaZ},
      {"nctaid.x", Register::CtasX},
      {"nctaid.y", Register::CtasY},
      {"nctaid.z", Register::CtasZ},
      {"laneid", Register::Lane},
      {"warpid", Register::Warp},
      {"nwarpid", Register::Warps},
      {"smid", Register::Sm},
      {"nsmid", Register::Sms},
      {"lanemask.eq", Register::LaneMaskEq},
      {"lanemask.le", Register::LaneMaskLe},
      {"lanemask.lt", Register::LaneMaskLt},
      {"lanemask.ge", Register::LaneMaskGe},
      {"lanemask.gt", Register::LaneMaskGt},
      {"dynamic.smem.size", Register::DynamicShared},
  };
  if (!name.consume_front("nvvm.read.ptx.sreg."))
    return std::nullopt;
  auto found = registers.find(name);
  return found == registers.end() ? std::nullopt : std::optional(found->second);
}

/// A pair {i32, i1} of a word and of the flag that the call left in memory.
static Value pairOf(KernelRewriter &r, Operation *op, Value value, Value flagMemory) {
  Value flag = LLVM::LoadOp::create(r.builder, op->getLoc(), r.i32, flagMemory);
  Value bit = LLVM::TruncOp::create(r.builder, op->getLoc(), r.i1, flag);
  Value pair = LLVM::PoisonOp::create(r.builder, op->getLoc(), op->getResult(0).getType());
  pair = LLVM::InsertValueOp::create(r.builder, op->getLoc(), pair, value, ArrayRef<int64_t>{0});
  return LLVM::InsertValueOp::create(r.builder, op->getLoc(), pair, bit, ArrayRef<int64_t>{1});
}

static Value noFlag(KernelRewriter &r) { return r.constant64(0); }

static Rewritten rewriteShuffle(KernelRewriter &r, NVVM::ShflOp op) {
  Value value = op.getVal();
  const bool isFloat = value.getType() == r.f32;
  if (isFloat)
    value = LLVM::BitcastOp::create(r.builder, op.getLoc(), r.i32, value);
  const bool hasFlag = static_cast<bool>(op.getReturnValueAndIsValid());
  Value flag = hasFlag ? r.allocate(op, r.i32) : noFlag(r);
  Value word = r.call(op, "moecEmuShuffle", r.i32,
                      {op.getThreadMask(), value, op.getOffset(), op.getMaskAndClamp(),
                       r.constant(static_cast<int64_t>(op.getKind())), flag});
  if (isFloat)
    word = LLVM::BitcastOp::create(r.builder, op.getLoc(), r.f32, word);
  return r.replace(op, hasFlag ? pairOf(r, op, word, flag) : word);
}

static Rewritten rewriteMatch(KernelRewriter &r, NVVM::MatchSyncOp op) {
  const bool isAll = op.getKind() == NVVM::MatchSyncKind::all;
  Value value = op.getVal();
  if (value.getType() != r.i64)
    value = LLVM::ZExtOp::create(r.builder, op.getLoc(), r.i64, value);
  Value flag = isAll ? r.allocate(op, r.i32) : noFlag(r);
  Value word = r.call(op, "moecEmuMatch", r.i32,
                      {op.getThreadMask(), value, r.constant(isAll ? 1 : 0), flag});
  return r.replace(op, isAll ? pairOf(r, op, word, flag) : word);
}

static std::optional<ReduceKind> reduceKindOf(NVVM::ReduxKind kind) {
  switch (kind) {
  case NVVM::ReduxKind::ADD:
    return ReduceKind::Add;
  case NVVM::ReduxKind::AND:
    return ReduceKind::And;
  case NVVM::ReduxKind::OR:
    return ReduceKind::Or;
  case NVVM::ReduxKind::XOR:
    return ReduceKind::Xor;
  case NVVM::ReduxKind::MAX:
    return ReduceKind::Max;
  case NVVM::ReduxKind::MIN:
    return ReduceKind::Min;
  case NVVM::ReduxKind::UMAX:
    return ReduceKind::UMax;
  case NVVM::ReduxKind::UMIN:
    return ReduceKind::UMin;
  default: // NVVM's enum; floating forms are not of this architecture
    return std::nullopt;
  }
}

static Rewritten rewriteReduce(KernelRewriter &r, NVVM::ReduxOp op) {
  const auto kind = reduceKindOf(op.getKind());
  if (!kind)
    return r.refuse(op, "this kind");
  return r.become(op, "moecEmuReduce",
                  {op.getMaskAndClamp(), op.getVal(), r.constant(static_cast<int64_t>(*kind))});
}

static Rewritten rewriteElect(KernelRewriter &r, NVVM::ElectSyncOp op) {
  Value mask = op.getMembermask() ? op.getMembermask() : r.constant(-1);
  return r.become(op, "moecEmuElect", {mask});
}

static Rewritten rewriteNumbers(KernelRewriter &r, Operation *op) {
  return llvm::TypeSwitch<Operation *, Rewritten>(op)
      .Case([&](NVVM::ConvertF32x2ToBF16x2Op convert) {
        if (convert.getRnd() != NVVM::FPRoundingMode::RN || convert.getRelu())
          return r.refuse(convert, "this rounding");
        Value bits = r.callPlain(op, "moecEmuPackBf16", r.i32, op->getOperands());
        return r.replace(op, bits);
      })
      .Case([&](NVVM::RcpApproxFtzF32Op) {
        return r.replace(op, r.callPlain(op, "moecEmuReciprocal", r.f32, op->getOperands()));
      })
      .Default([](Operation *) { return Rewritten::NotMine; });
}

Rewritten rewriteThreads(KernelRewriter &r, Operation *op) {
  if (auto which = registerOf(op->getName().getStringRef()))
    return r.replace(
        op, r.callPlain(op, "moecEmuRegister", r.i32, {r.constant(static_cast<int64_t>(*which))}));
  return llvm::TypeSwitch<Operation *, Rewritten>(op)
      .Case([&](NVVM::ShflOp shuffle) { return rewriteShuffle(r, shuffle); })
      .Case([&](NVVM::MatchSyncOp match) { return rewriteMatch(r, match); })
      .Case([&](NVVM::ReduxOp reduce) { return rewriteReduce(r, reduce); })
      .Case([&](NVVM::ElectSyncOp elect) { return rewriteElect(r, elect); })
      .Case([&](NVVM::VoteSyncOp vote) {
        return r.become(
            op, "moecEmuVote",
            {vote.getMask(), vote.getPred(), r.constant(static_cast<int64_t>(vote.getKind()))});
      })
      .Case(
          [&](NVVM::SyncWarpOp sync) { return r.become(op, "moecEmuSyncWarp", {sync.getMask()}); })
      .Case<NVVM::GlobalTimerOp, NVVM::Clock64Op>(
          [&](Operation *) { return r.become(op, "moecEmuClock"); })
      .Case([&](NVVM::NanosleepOp sleep) {
        return r.become(op, "moecEmuSleep", {sleep.getDuration()});
      })
      .Case<NVVM::Exit>([&](Operation *) {
        r.call(op, "moecEmuExit", {}, {});
        return r.erase(op);
      })
      .Case<NVVM::GriddepcontrolOp>([&](Operation *) { return r.erase(op); })
      .Case<LLVM::Trap>([&](Operation *) { return r.become(op, "moecEmuTrap"); })
      .Default([&](Operation *) { return rewriteNumbers(r, op); });
}

} // namespace moec::emulator
