//===- RewriteCopies.cpp - TMA, bulk copies and cp.async -------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "codegen/emulator/KernelRewriter.h"

#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "llvm/ADT/TypeSwitch.h"

namespace moec::emulator {
using namespace mlir;

/// The rank and five coordinates.
static void addCoordinates(KernelRewriter &r, SmallVector<Value> &arguments, ValueRange given) {
  arguments.push_back(r.constant(static_cast<int64_t>(given.size())));
  arguments.append(given.begin(), given.end());
  for (size_t i = given.size(); i < 5; ++i)
    arguments.push_back(r.constant(0));
}

static Rewritten rewriteTensorLoad(KernelRewriter &r,
                                   NVVM::CpAsyncBulkTensorGlobalToSharedClusterOp op) {
  if (op.getPredicate() || op.getMulticastMask() || !op.getIm2colOffsets().empty() ||
      op.getMode() != NVVM::TMALoadMode::TILE)
    return r.refuse(op, "this form");
  SmallVector<Value> arguments{op.getDstMem(), op.getTmaDescriptor(), op.getMbar()};
  addCoordinates(r, arguments, op.getCoordinates());
  return r.become(op, "moecEmuTensorLoad", arguments);
}

static Rewritten rewriteTensorStore(KernelRewriter &r,
                                    NVVM::CpAsyncBulkTensorSharedCTAToGlobalOp op) {
  if (op.getPredicate() || op.getMode() != NVVM::TMAStoreMode::TILE)
    return r.refuse(op, "this form");
  SmallVector<Value> arguments{op.getTmaDescriptor(), op.getSrcMem()};
  addCoordinates(r, arguments, op.getCoordinates());
  return r.become(op, "moecEmuTensorStore", arguments);
}

Rewritten rewriteCopies(KernelRewriter &r, Operation *op) {
  return llvm::TypeSwitch<Operation *, Rewritten>(op)
      .Case([&](NVVM::CpAsyncBulkTensorGlobalToSharedClusterOp load) {
        return rewriteTensorLoad(r, load);
      })
      .Case([&](NVVM::CpAsyncBulkTensorSharedCTAToGlobalOp store) {
        return rewriteTensorStore(r, store);
      })
      .Case([&](NVVM::CpAsyncBulkGlobalToSharedClusterOp load) {
        if (load.getMulticastMask())
          return r.refuse(op, "multicast");
        return r.become(op, "moecEmuBulkLoad",
                        {load.getDstMem(), load.getSrcMem(), load.getMbar(), load.getSize()});
      })
      .Case([&](NVVM::CpAsyncBulkSharedCTAToGlobalOp store) {
        if (store.getByteMask())
          return r.refuse(op, "a byte mask");
        return r.become(op, "moecEmuBulkStore",
                        {store.getDstMem(), store.getSrcMem(), store.getSize()});
      })
      .Case<NVVM::CpAsyncBulkCommitGroupOp>(
          [&](Operation *) { return r.become(op, "moecEmuBulkCommit"); })
      .Case([&](NVVM::CpAsyncBulkWaitGroupOp wait) {
        return r.become(op, "moecEmuBulkWait",
                        {r.constant(wait.getGroup()), r.constant(wait.getRead() ? 1 : 0)});
      })
      .Case([&](NVVM::CpAsyncOp copy) {
        Value size = r.constant(copy.getSize());
        return r.become(
            op, "moecEmuCopyElement",
            {copy.getDst(), copy.getSrc(), size, copy.getCpSize() ? copy.getCpSize() : size});
      })
      .Case<NVVM::CpAsyncCommitGroupOp>(
          [&](Operation *) { return r.become(op, "moecEmuCopyCommit"); })
      .Case([&](NVVM::CpAsyncWaitGroupOp wait) {
        return r.become(op, "moecEmuCopyWait", {r.constant(wait.getN())});
      })
      .Case([&](NVVM::PrefetchOp prefetch) {
        if (prefetch.getTensormap())
          return r.become(op, "moecEmuCheckMap", {prefetch.getAddr()});
        return r.erase(op);
      })
      .Case<NVVM::CpAsyncBulkPrefetchOp, NVVM::CpAsyncBulkTensorPrefetchOp>(
          [&](Operation *) { return r.erase(op); })
      .Default([](Operation *) { return Rewritten::NotMine; });
}

} // namespace moec::emulator
