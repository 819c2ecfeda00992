//===- Check.cpp - Prove that every layer can be compiled -----------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The gate behind the front end: it runs on imported modules and on those written
// by hand, and everything after it relies on closedForm() not failing.
//===----------------------------------------------------------------------===//

#include "passes/Passes.h"
#include "passes/check/ClosedForm.h"

namespace moec {
#define GEN_PASS_DEF_MOECHECKPASS
#include "passes/Passes.h.inc"

namespace {
using namespace mlir;

struct CheckPass : impl::MoeCheckPassBase<CheckPass> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    bool sound = true;
    for (Operation &op : *module.getBody()) {
      auto layer = dyn_cast<moe::LayerOp>(op);
      if (!layer) {
        op.emitError() << "only moe.layer can be here before distribute, but found "
                       << op.getName();
        sound = false;
        continue;
      }
      sound &= succeeded(closedForm(layer));
      if (!layer.getRequest() && !layer.getPlacement()) {
        layer.emitError() << "layer must have a request or a placement, but has neither";
        sound = false;
      }
    }
    if (module.getBody()->empty()) {
      module.emitError() << "module must hold a moe.layer, but holds none";
      sound = false;
    }
    if (!sound)
      signalPassFailure();
  }
};
} // namespace
} // namespace moec
