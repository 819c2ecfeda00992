//===- RewriteTile.cpp - The ops that nvvm lacks ---------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "codegen/emulator/KernelRewriter.h"

#include "dialects/tile/TileOps.h"
#include "runtime/backends/emulator/Calls.h"

#include "llvm/ADT/TypeSwitch.h"

namespace moec::emulator {
using namespace mlir;
namespace emu = rt::emulator;

/// Above the low word of a descriptor: swizzle of 128 bytes, groups of 8 rows at 1024.
static constexpr int64_t descriptorHigh = 0x4000004000000000;

static Value descriptor(KernelRewriter &r, Location loc, Value low, int64_t offset) {
  if (offset != 0)
    low = LLVM::AddOp::create(r.builder, loc, low, r.constant(offset));
  Value wide = LLVM::ZExtOp::create(r.builder, loc, r.i64, low);
  return LLVM::OrOp::create(r.builder, loc, wide, r.constant64(descriptorHigh));
}

static Rewritten rewriteProduct(KernelRewriter &r, tile::PtxWgmmaOp op) {
  if (!op.getElement().isBF16())
    return r.refuse(op, "this element type");
  Location loc = op.getLoc();
  Value memory = r.accumulators(op, op.getAcc());
  Value b = descriptor(r, loc, op.getB(), op.getBOffset());
  Value n = r.constant(op.getN());
  Value none = r.constant(0);
  if (op.getA()) {
    Value a = descriptor(r, loc, op.getA(), op.getAOffset());
    r.call(op, "moecEmuProduct", {}, {memory, a, b, n, op.getScaleD(), none});
  } else {
    Value words = r.allocate(op, LLVM::LLVMArrayType::get(r.i32, 4));
    for (auto [index, value] : llvm::enumerate(op.getRegs()))
      LLVM::StoreOp::create(r.builder, loc, value,
                            r.element(words, r.i32, static_cast<int32_t>(index)));
    r.call(op, "moecEmuProductRegisters", {}, {memory, words, b, n, op.getScaleD(), none});
  }
  op->replaceAllUsesWith(r.products(op, memory, op->getResultTypes()));
  return r.erase(op);
}

/// The accumulators pass through.
static Rewritten passThrough(KernelRewriter &r, Operation *op, ValueRange accumulators) {
  op->replaceAllUsesWith(accumulators);
  return r.erase(op);
}

static emu::AtomicKind kindOf(tile::AtomicKind kind) {
  switch (kind) {
  case tile::AtomicKind::Add:
    return emu::AtomicKind::Add;
  case tile::AtomicKind::Inc:
    return emu::AtomicKind::Inc;
  case tile::AtomicKind::Exch:
    return emu::AtomicKind::Exchange;
  case tile::AtomicKind::Or:
    return emu::AtomicKind::Or;
  case tile::AtomicKind::And:
    return emu::AtomicKind::And;
  case tile::AtomicKind::Min:
    return emu::AtomicKind::UMin;
  case tile::AtomicKind::Max:
    return emu::AtomicKind::UMax;
  }
  llvm_unreachable("a kind of atomic operation");
}

// Both enums number these alike.
static_assert(int(tile::Sem::Relaxed) == int(emu::Ordering::Relaxed) &&
              int(tile::Sem::Acquire) == int(emu::Ordering::Acquire) &&
              int(tile::Sem::Release) == int(emu::Ordering::Release) &&
              int(tile::Sem::AcqRel) == int(emu::Ordering::AcquireRelease));
static_assert(int(tile::Scope::CTA) == int(emu::Scope::Cta) &&
              int(tile::Scope::GPU) == int(emu::Scope::Gpu) &&
              int(tile::Scope::Sys) == int(emu::Scope::System));

template <typename Enum> static Value number(KernelRewriter &r, Enum value) {
  return r.constant(static_cast<int64_t>(value));
}

static Value bytesOf(KernelRewriter &r, Value word) {
  return r.constant(word.getType().getIntOrFloatBitWidth() / 8);
}

static Value wide(KernelRewriter &r, Value word) {
  if (word.getType() == r.i64)
    return word;
  return LLVM::ZExtOp::create(r.builder, word.getLoc(), r.i64, word);
}

template <typename Op> static Value rewriteChange(KernelRewriter &r, Op op) {
  return r.call(op, "moecEmuAtomic", r.i64,
                {number(r, kindOf(op.getKind())), op.getPointer(), wide(r, op.getValue()),
                 bytesOf(r, op.getValue()), number(r, op.getSem()), number(r, op.getScope())});
}

Rewritten rewriteTile(KernelRewriter &r, Operation *op) {
  return llvm::TypeSwitch<Operation *, Rewritten>(op)
      .Case([&](tile::PtxWgmmaOp product) { return rewriteProduct(r, product); })
      .Case([&](tile::PtxWgmmaFenceOp fence) {
        r.call(op, "moecEmuProductFence", {}, {});
        return passThrough(r, op, fence.getAcc());
      })
      .Case([&](tile::PtxWgmmaWaitOp wait) {
        r.call(op, "moecEmuProductWait", {}, {r.constant(wait.getPending())});
        return passThrough(r, op, wait.getAcc());
      })
      .Case([&](tile::PtxArriveIfOp arrive) {
        return r.become(op, "moecEmuMbarrierArriveIf",
                        {arrive.getPredicate(), arrive.getBarrier()});
      })
      .Case([&](tile::PtxBarrierSyncOp barrier) {
        return r.become(op, "moecEmuBarrier",
                        {r.constant(barrier.getId()), r.constant(barrier.getThreads())});
      })
      .Case([&](tile::PtxAdvanceOp advance) {
        Value bytes = r.constant64(static_cast<int64_t>(advance.getBytes()));
        return r.replace(op, LLVM::GEPOp::create(r.builder, op->getLoc(), advance.getType(),
                                                 r.builder.getI8Type(), advance.getPointer(),
                                                 ArrayRef<LLVM::GEPArg>{bytes}));
      })
      .Case([&](tile::PtxAtomOp atom) { return r.replace(op, rewriteChange(r, atom)); })
      .Case([&](tile::PtxRedOp red) {
        rewriteChange(r, red);
        return r.erase(op);
      })
      .Case([&](tile::PtxStReleaseOp store) {
        r.call(op, "moecEmuStoreAtomic", {},
               {store.getPointer(), wide(r, store.getValue()), bytesOf(r, store.getValue()),
                number(r, emu::Ordering::Release), number(r, store.getScope())});
        return r.erase(op);
      })
      .Case([&](tile::PtxLdAcquireOp load) {
        return r.replace(op,
                         r.call(op, "moecEmuLoadAtomic", r.i64,
                                {load.getPointer(), bytesOf(r, load.getResult()),
                                 number(r, emu::Ordering::Acquire), number(r, load.getScope())}));
      })
      .Default([](Operation *) { return Rewritten::NotMine; });
}

} // namespace moec::emulator
