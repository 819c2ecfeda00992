//===- RewriteMemory.cpp - Loads, stores, atomics and fences ---------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "codegen/emulator/KernelRewriter.h"

#include "runtime/backends/emulator/Calls.h"

#include "mlir/Interfaces/DataLayoutInterfaces.h"
#include "llvm/ADT/TypeSwitch.h"

namespace moec::emulator {
using namespace mlir;
using rt::emulator::AtomicKind;
using rt::emulator::Ordering;
using rt::emulator::Scope;

/// Memory of the thread itself: nobody else can see it.
static bool isPrivate(Value address) {
  while (true) {
    Operation *op = address.getDefiningOp();
    if (auto step = dyn_cast_or_null<LLVM::GEPOp>(op))
      address = step.getBase();
    else if (auto cast = dyn_cast_or_null<LLVM::AddrSpaceCastOp>(op))
      address = cast.getArg();
    else
      return isa_and_nonnull<LLVM::AllocaOp, LLVM::AddressOfOp>(op);
  }
}

static std::optional<Scope> scopeOf(std::optional<StringRef> name) {
  if (!name || name->empty())
    return Scope::System;
  if (*name == "device")
    return Scope::Gpu;
  if (*name == "block" || *name == "cluster")
    return Scope::Cta;
  return std::nullopt;
}

static Ordering orderingOf(LLVM::AtomicOrdering ordering) {
  switch (ordering) {
  case LLVM::AtomicOrdering::not_atomic:
  case LLVM::AtomicOrdering::unordered:
  case LLVM::AtomicOrdering::monotonic:
    return Ordering::Relaxed;
  case LLVM::AtomicOrdering::acquire:
    return Ordering::Acquire;
  case LLVM::AtomicOrdering::release:
    return Ordering::Release;
  case LLVM::AtomicOrdering::acq_rel:
  case LLVM::AtomicOrdering::seq_cst:
    return Ordering::AcquireRelease;
  }
  return Ordering::Relaxed;
}

static uint64_t bytesOf(Operation *op, Type type) {
  return DataLayout::closest(op).getTypeSize(type);
}

/// A value of 1 to 8 bytes as an integer of 64 bits, and back.
static Value toBits(KernelRewriter &r, Operation *op, Value value) {
  if (isa<LLVM::LLVMPointerType>(value.getType()))
    return r.address(value);
  const unsigned bits = static_cast<unsigned>(bytesOf(op, value.getType())) * 8;
  Type integer = r.builder.getIntegerType(bits);
  if (value.getType() != integer)
    value = LLVM::BitcastOp::create(r.builder, op->getLoc(), integer, value);
  return bits == 64 ? value : LLVM::ZExtOp::create(r.builder, op->getLoc(), r.i64, value);
}

static Value fromBits(KernelRewriter &r, Operation *op, Value bits, Type type) {
  if (isa<LLVM::LLVMPointerType>(type))
    return LLVM::IntToPtrOp::create(r.builder, op->getLoc(), type, bits);
  const unsigned width = static_cast<unsigned>(bytesOf(op, type)) * 8;
  Type integer = r.builder.getIntegerType(width);
  Value value =
      width == 64 ? bits : Value(LLVM::TruncOp::create(r.builder, op->getLoc(), integer, bits));
  return type == integer ? value : LLVM::BitcastOp::create(r.builder, op->getLoc(), type, value);
}

static bool isWord(uint64_t bytes) { return bytes == 1 || bytes == 2 || bytes == 4 || bytes == 8; }

static Rewritten rewriteLoad(KernelRewriter &r, LLVM::LoadOp op) {
  if (isPrivate(op.getAddr()))
    return Rewritten::Done;
  Type type = op.getResult().getType();
  const uint64_t bytes = bytesOf(op, type);
  if (op.getOrdering() == LLVM::AtomicOrdering::not_atomic && !op.getVolatile_()) {
    r.call(op, "moecEmuLoad", {}, {op.getAddr(), r.constant(static_cast<int64_t>(bytes))});
    return Rewritten::Done; // and then the load itself
  }
  const auto scope = scopeOf(op.getSyncscope());
  if (!scope || !isWord(bytes))
    return r.refuse(op, "this width or scope");
  Value bits = r.call(op, "moecEmuLoadAtomic", r.i64,
                      {op.getAddr(), r.constant(static_cast<int64_t>(bytes)),
                       r.constant(static_cast<int64_t>(orderingOf(op.getOrdering()))),
                       r.constant(static_cast<int64_t>(*scope))});
  return r.replace(op, fromBits(r, op, bits, type));
}

static Rewritten rewriteStore(KernelRewriter &r, LLVM::StoreOp op) {
  if (isPrivate(op.getAddr()))
    return Rewritten::Done;
  Type type = op.getValue().getType();
  const uint64_t bytes = bytesOf(op, type);
  if (op.getOrdering() == LLVM::AtomicOrdering::not_atomic && !op.getVolatile_()) {
    Value memory = r.allocate(op, type);
    LLVM::StoreOp::create(r.builder, op.getLoc(), op.getValue(), memory);
    r.call(op, "moecEmuStore", {}, {op.getAddr(), memory, r.constant(static_cast<int64_t>(bytes))});
    return r.erase(op);
  }
  const auto scope = scopeOf(op.getSyncscope());
  if (!scope || !isWord(bytes))
    return r.refuse(op, "this width or scope");
  r.call(op, "moecEmuStoreAtomic", {},
         {op.getAddr(), toBits(r, op, op.getValue()), r.constant(static_cast<int64_t>(bytes)),
          r.constant(static_cast<int64_t>(orderingOf(op.getOrdering()))),
          r.constant(static_cast<int64_t>(*scope))});
  return r.erase(op);
}

static std::optional<AtomicKind> kindOf(LLVM::AtomicBinOp op) {
  switch (op) {
  case LLVM::AtomicBinOp::add:
    return AtomicKind::Add;
  case LLVM::AtomicBinOp::uinc_wrap:
    return AtomicKind::Inc;
  case LLVM::AtomicBinOp::udec_wrap:
    return AtomicKind::Dec;
  case LLVM::AtomicBinOp::xchg:
    return AtomicKind::Exchange;
  case LLVM::AtomicBinOp::_or:
    return AtomicKind::Or;
  case LLVM::AtomicBinOp::_and:
    return AtomicKind::And;
  case LLVM::AtomicBinOp::_xor:
    return AtomicKind::Xor;
  case LLVM::AtomicBinOp::max:
    return AtomicKind::Max;
  case LLVM::AtomicBinOp::min:
    return AtomicKind::Min;
  case LLVM::AtomicBinOp::umax:
    return AtomicKind::UMax;
  case LLVM::AtomicBinOp::umin:
    return AtomicKind::UMin;
  default: // LLVM's enum, not ours
    return std::nullopt;
  }
}

/// NVPTX makes a plain `atom` of it, whatever ordering and scope are written: relaxed,
/// and of the GPU.
static Rewritten rewriteAtomic(KernelRewriter &r, LLVM::AtomicRMWOp op) {
  Value relaxed = r.constant(static_cast<int64_t>(Ordering::Relaxed));
  Value gpu = r.constant(static_cast<int64_t>(Scope::Gpu));
  Type type = op.getResult().getType();
  if (op.getBinOp() == LLVM::AtomicBinOp::fadd && type == r.f32) {
    Value bits =
        r.call(op, "moecEmuAtomicAddFloat", r.i32, {op.getPtr(), op.getVal(), relaxed, gpu});
    return r.replace(op, bits);
  }
  const auto kind = kindOf(op.getBinOp());
  const uint64_t bytes = bytesOf(op, type);
  if (!kind || (bytes != 4 && bytes != 8))
    return r.refuse(op, "this kind or width");
  Value bits =
      r.call(op, "moecEmuAtomic", r.i64,
             {r.constant(static_cast<int64_t>(*kind)), op.getPtr(), toBits(r, op, op.getVal()),
              r.constant(static_cast<int64_t>(bytes)), relaxed, gpu});
  return r.replace(op, fromBits(r, op, bits, type));
}

static Rewritten rewriteExchange(KernelRewriter &r, LLVM::AtomicCmpXchgOp op) {
  Type type = op.getVal().getType();
  const uint64_t bytes = bytesOf(op, type);
  const auto scope = scopeOf(op.getSyncscope());
  if (!scope || (bytes != 4 && bytes != 8))
    return r.refuse(op, "this width or scope");
  Value old = r.call(op, "moecEmuCompareExchange", r.i64,
                     {op.getPtr(), toBits(r, op, op.getCmp()), toBits(r, op, op.getVal()),
                      r.constant(static_cast<int64_t>(bytes)),
                      r.constant(static_cast<int64_t>(orderingOf(op.getSuccessOrdering()))),
                      r.constant(static_cast<int64_t>(*scope))});
  Value value = fromBits(r, op, old, type);
  Value same =
      LLVM::ICmpOp::create(r.builder, op.getLoc(), LLVM::ICmpPredicate::eq, value, op.getCmp());
  Value pair = LLVM::PoisonOp::create(r.builder, op.getLoc(), op.getResult().getType());
  pair = LLVM::InsertValueOp::create(r.builder, op.getLoc(), pair, value, ArrayRef<int64_t>{0});
  pair = LLVM::InsertValueOp::create(r.builder, op.getLoc(), pair, same, ArrayRef<int64_t>{1});
  return r.replace(op, pair);
}

static Rewritten rewriteFence(KernelRewriter &r, LLVM::FenceOp op) {
  const auto scope = scopeOf(op.getSyncscope());
  if (!scope)
    return r.refuse(op, "this scope");
  r.call(op, "moecEmuFence", {}, {r.constant(static_cast<int64_t>(*scope))});
  return r.erase(op);
}

/// What a thread has for itself holds nothing at first.
static Rewritten rewriteAlloca(KernelRewriter &r, LLVM::AllocaOp op) {
  r.builder.setInsertionPointAfter(op);
  Value count = LLVM::ZExtOp::create(r.builder, op.getLoc(), r.i64, op.getArraySize());
  if (op.getArraySize().getType() == r.i64) {
    count.getDefiningOp()->erase();
    count = op.getArraySize();
  }
  Value one = r.constant64(static_cast<int64_t>(bytesOf(op, op.getElemType())));
  Value bytes = LLVM::MulOp::create(r.builder, op.getLoc(), count, one);
  Value flat = op.getResult();
  if (op.getType() != r.pointer)
    flat = LLVM::AddrSpaceCastOp::create(r.builder, op.getLoc(), r.pointer, flat);
  r.callPlain(op, "moecEmuPoison", {}, {r.address(flat), bytes});
  return Rewritten::Done;
}

Rewritten rewriteMemory(KernelRewriter &rewriter, Operation *op) {
  return llvm::TypeSwitch<Operation *, Rewritten>(op)
      .Case([&](LLVM::LoadOp load) { return rewriteLoad(rewriter, load); })
      .Case([&](LLVM::StoreOp store) { return rewriteStore(rewriter, store); })
      .Case([&](LLVM::AtomicRMWOp atomic) { return rewriteAtomic(rewriter, atomic); })
      .Case([&](LLVM::AtomicCmpXchgOp exchange) { return rewriteExchange(rewriter, exchange); })
      .Case([&](LLVM::FenceOp fence) { return rewriteFence(rewriter, fence); })
      .Case([&](LLVM::AllocaOp alloca) { return rewriteAlloca(rewriter, alloca); })
      .Case<LLVM::MemcpyOp, LLVM::MemmoveOp, LLVM::MemsetOp>([&](Operation *block) {
        return isPrivate(block->getOperand(0)) ? Rewritten::Done
                                               : rewriter.refuse(block, "shared memory as operand");
      })
      .Default([](Operation *) { return Rewritten::NotMine; });
}

} // namespace moec::emulator
