//===- RewriteBarriers.cpp - Barriers, proxy fences, register budgets ------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "codegen/emulator/KernelRewriter.h"

#include "runtime/backends/emulator/Calls.h"

#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "llvm/ADT/TypeSwitch.h"

namespace moec::emulator {
using namespace mlir;
using rt::emulator::Scope;

/// The state that an arrival gives is the parity of its phase: waits take either.
static Rewritten rewriteTest(KernelRewriter &r, Operation *op, Value barrier, Value stateOrPhase,
                             bool isTry) {
  if (stateOrPhase.getType() == r.i64)
    stateOrPhase = LLVM::TruncOp::create(r.builder, op->getLoc(), r.i32, stateOrPhase);
  return r.become(op, "moecEmuMbarrierTest", {barrier, stateOrPhase, r.constant(isTry ? 1 : 0)});
}

static Rewritten rewriteArrive(KernelRewriter &r, NVVM::MBarrierArriveOp op) {
  if (op.getRelaxed())
    return r.refuse(op, "the relaxed form");
  Value count = op.getCount() ? op.getCount() : r.constant(1);
  Value state = r.call(op, "moecEmuMbarrierArrive", r.i64, {op.getAddr(), count});
  return op.getNumResults() == 0 ? r.erase(op) : r.replace(op, state);
}

static Rewritten rewriteFenceProxy(KernelRewriter &r, NVVM::FenceProxyOp op) {
  bool global = false, shared = false;
  switch (op.getKind()) {
  case NVVM::ProxyKind::async:
    global = shared = true;
    break;
  case NVVM::ProxyKind::async_global:
    global = true;
    break;
  case NVVM::ProxyKind::async_shared:
    shared = true;
    break;
  case NVVM::ProxyKind::alias:
    break; // orders generic accesses through other addresses of the same memory: no such here
  default: // NVVM's enum
    return r.refuse(op, "this proxy");
  }
  r.call(op, "moecEmuFenceProxy", {}, {r.constant(global), r.constant(shared)});
  return r.erase(op);
}

static Rewritten rewriteMembar(KernelRewriter &r, NVVM::MembarOp op) {
  Scope scope = Scope::System;
  switch (op.getScope()) {
  case NVVM::MemScopeKind::CTA:
  case NVVM::MemScopeKind::CLUSTER:
    scope = Scope::Cta;
    break;
  case NVVM::MemScopeKind::GPU:
    scope = Scope::Gpu;
    break;
  case NVVM::MemScopeKind::SYS:
    break;
  }
  r.call(op, "moecEmuFence", {}, {r.constant(static_cast<int64_t>(scope))});
  return r.erase(op);
}

static Rewritten rewriteMbarrier(KernelRewriter &r, Operation *op) {
  return llvm::TypeSwitch<Operation *, Rewritten>(op)
      .Case([&](NVVM::MBarrierInitOp init) {
        if (init.getPredicate())
          return r.refuse(op, "the predicated form");
        return r.become(op, "moecEmuMbarrierInit", {init.getAddr(), init.getCount()});
      })
      .Case([&](NVVM::MBarrierInvalOp inval) {
        return r.become(op, "moecEmuMbarrierInval", {inval.getAddr()});
      })
      .Case([&](NVVM::MBarrierArriveOp arrive) { return rewriteArrive(r, arrive); })
      .Case([&](NVVM::MBarrierArriveExpectTxOp arrive) {
        if (arrive.getPredicate() || op->getNumResults() != 0)
          return r.refuse(op, "this form");
        return r.become(op, "moecEmuMbarrierArriveExpect", {arrive.getAddr(), arrive.getTxcount()});
      })
      .Case([&](NVVM::MBarrierExpectTxOp expect) {
        return r.become(op, "moecEmuMbarrierExpect", {expect.getAddr(), expect.getTxcount()});
      })
      .Case([&](NVVM::MBarrierTryWaitParityOp wait) {
        return r.become(op, "moecEmuMbarrierWait", {wait.getAddr(), wait.getPhase()});
      })
      .Case([&](NVVM::MBarrierTestWaitOp test) {
        return rewriteTest(r, op, test.getAddr(), test.getStateOrPhase(), false);
      })
      .Case([&](NVVM::MBarrierTryWaitOp wait) {
        return rewriteTest(r, op, wait.getAddr(), wait.getStateOrPhase(), true);
      })
      .Default([](Operation *) { return Rewritten::NotMine; });
}

Rewritten rewriteBarriers(KernelRewriter &r, Operation *op) {
  return llvm::TypeSwitch<Operation *, Rewritten>(op)
      .Case([&](NVVM::BarrierOp barrier) {
        if (barrier.getReductionOp())
          return r.refuse(op, "the reducing form");
        return r.become(op, "moecEmuBarrier",
                        {r.orZero(barrier.getBarrierId()), r.orZero(barrier.getNumberOfThreads())});
      })
      .Case<NVVM::Barrier0Op>([&](Operation *) {
        return r.become(op, "moecEmuBarrier", {r.constant(0), r.constant(0)});
      })
      .Case([&](NVVM::BarrierArriveOp barrier) {
        return r.become(op, "moecEmuBarrierArrive",
                        {r.orZero(barrier.getBarrierId()), barrier.getNumberOfThreads()});
      })
      .Case([&](NVVM::SetMaxRegisterOp set) {
        const bool isIncrease = set.getAction() == NVVM::SetMaxRegisterAction::increase;
        return r.become(op, "moecEmuSetRegisters",
                        {r.constant(set.getRegCount()), r.constant(isIncrease ? 1 : 0)});
      })
      .Case([&](NVVM::FenceProxyOp fence) { return rewriteFenceProxy(r, fence); })
      // Of a tensor map that the host wrote before the launch: it must lie there.
      .Case([&](NVVM::FenceProxyAcquireOp fence) {
        if (fence.getToProxy() != NVVM::ProxyKind::TENSORMAP)
          return r.refuse(op, "this proxy");
        return r.become(op, "moecEmuCheckMap", {fence.getAddr()});
      })
      .Case([&](NVVM::MembarOp fence) { return rewriteMembar(r, fence); })
      // One thread's initializations: the barrier behind them orders more than this does.
      .Case<NVVM::FenceMbarrierInitOp>([&](Operation *) { return r.erase(op); })
      .Default([&](Operation *) { return rewriteMbarrier(r, op); });
}

} // namespace moec::emulator
