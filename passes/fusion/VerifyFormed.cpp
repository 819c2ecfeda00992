//===- VerifyFormed.cpp - The end of the phase form-kernels ---------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Holds the launches against the plan as the module will hold it. Knows nothing of
// how they were made.
//===----------------------------------------------------------------------===//

#include "dialects/comm/CommOps.h"
#include "dialects/moe/LayerAttr.h"
#include "dialects/tile/TileOps.h"
#include "passes/Passes.h"
#include "passes/distribute/PlanFacts.h"
#include "passes/scheduling/SerializePlan.h"

using namespace mlir;

namespace moec {
#define GEN_PASS_DEF_COMMVERIFYFORMEDPASS
#include "passes/Passes.h.inc"

namespace {
/// What the launches of a module must fit.
class FormVerifier {
public:
  FormVerifier(ModuleOp module, plan::Plan plan, Layer layer)
      : module(module), plan(std::move(plan)), layer(std::move(layer)) {}
  LogicalResult run();

private:
  LogicalResult verifyOps();
  LogicalResult verifyOrder();
  LogicalResult verifyStages();
  LogicalResult verifyBinding(tile::KernelOp kernel, tile::BindingAttr binding);
  std::string missingObject(tile::BindingAttr binding);
  bool hasWeight(WeightRole role);

  ModuleOp module;
  plan::Plan plan;
  Layer layer;
  SmallVector<tile::LaunchOp> launches;
  SmallVector<std::optional<size_t>> launchOf; ///< by op of the plan
};
} // namespace

//===----------------------------------------------------------------------===//
// Ops of the plan
//===----------------------------------------------------------------------===//

LogicalResult FormVerifier::verifyOps() {
  launchOf.assign(plan.ops.size(), std::nullopt);
  for (auto [number, launch] : llvm::enumerate(launches))
    for (int32_t op : launch.getOps()) {
      if (op < 0 || size_t(op) >= plan.ops.size())
        return launch.emitOpError()
               << "carries out op " << op << ", but the plan has " << plan.ops.size();
      if (launchOf[op])
        return launch.emitOpError()
               << "carries out '" << plan.ops[op].name << "', which an earlier launch does";
      launchOf[op] = number;
    }
  for (auto [op, launch] : llvm::zip(plan.ops, launchOf))
    if (!launch)
      return module.emitError() << "no launch carries out '" << op.name << "'";
  return success();
}

LogicalResult FormVerifier::verifyOrder() {
  for (auto [number, op] : llvm::enumerate(plan.ops))
    for (const plan::After &after : op.after)
      if (*launchOf[after.op] > *launchOf[number])
        return launches[*launchOf[number]].emitOpError()
               << "carries out '" << op.name << "' before '" << plan.ops[after.op].name
               << "', after which it runs";
  return success();
}

//===----------------------------------------------------------------------===//
// Kernels
//===----------------------------------------------------------------------===//

static SmallVector<StringRef> getStageNames(tile::KernelOp kernel) {
  SmallVector<StringRef> names;
  for (tile::StageOp stage : kernel.getStages())
    names.push_back(stage.getLabel());
  return names;
}

LogicalResult FormVerifier::verifyStages() {
  llvm::StringMap<tile::LaunchOp> owners;
  for (tile::LaunchOp launch : launches) {
    std::optional<SmallVector<StringRef>> stages;
    for (auto name : launch.getKernels().getAsRange<FlatSymbolRefAttr>()) {
      auto kernel = module.lookupSymbol<tile::KernelOp>(name.getValue());
      if (!kernel)
        return launch.emitOpError() << "launches " << name << ", which is no kernel any more";
      SmallVector<StringRef> found = getStageNames(kernel);
      if (stages && *stages != found)
        return launch.emitOpError() << "has kernels of different stages";
      stages = found;
    }
    for (StringRef stage : *stages)
      if (auto [owner, fresh] = owners.try_emplace(stage, launch); !fresh) {
        InFlightDiagnostic error = launch.emitOpError() << "has the stage '" << stage << "' again";
        error.attachNote(owner->second.getLoc()) << "the first is here";
        return error;
      }
  }
  return success();
}

//===----------------------------------------------------------------------===//
// Arguments
//===----------------------------------------------------------------------===//

/// A weight of its own, or one that is stored beside another: up follows gate.
bool FormVerifier::hasWeight(WeightRole role) {
  return llvm::any_of(layer.weights, [&](const WeightName &weight) { return weight.role == role; });
}

/// What the argument refers to, if there is no such thing.
std::string FormVerifier::missingObject(tile::BindingAttr binding) {
  uint32_t index = binding.getIndex();
  std::string number = std::to_string(index);
  auto isSymmetric = [&] {
    return index < plan.buffers.size() && plan.buffers[index].space == plan::BufferSpace::Symmetric;
  };
  switch (binding.getObject()) {
  case tile::Object::Buffer:
    return index < plan.buffers.size() ? "" : "buffer " + number;
  case tile::Object::BufferOffset:
    return isSymmetric() ? "" : "symmetric buffer " + number;
  case tile::Object::Flag:
  case tile::Object::FlagOffset:
    return index < plan.flags.size() ? "" : "flag " + number;
  case tile::Object::Weight:
    return hasWeight(WeightRole(index)) ? "" : "weight of role " + number;
  case tile::Object::Workspace:
    return index < size_t(llvm::range_size(module.getOps<tile::WorkspaceOp>()))
               ? ""
               : "workspace " + number;
  case tile::Object::Placement:
  case tile::Object::Peers:
  case tile::Object::State:
  case tile::Object::ChosenExperts:
  case tile::Object::ChosenWeights:
    return "";
  }
  llvm_unreachable("all objects are handled");
}

LogicalResult FormVerifier::verifyBinding(tile::KernelOp kernel, tile::BindingAttr binding) {
  std::string missing = missingObject(binding);
  if (missing.empty())
    return success();
  return kernel.emitOpError() << "argument '" << binding.getName() << "' refers to " << missing
                              << ", which does not exist";
}

LogicalResult FormVerifier::run() {
  llvm::append_range(launches, module.getOps<tile::LaunchOp>());
  if (failed(verifyOps()) || failed(verifyOrder()) || failed(verifyStages()))
    return failure();
  for (auto kernel : module.getOps<tile::KernelOp>())
    for (auto binding : kernel.getBindings().getAsRange<tile::BindingAttr>())
      if (failed(verifyBinding(kernel, binding)))
        return failure();
  return success();
}

//===----------------------------------------------------------------------===//
// The pass
//===----------------------------------------------------------------------===//

namespace {
struct CommVerifyFormedPass : impl::CommVerifyFormedPassBase<CommVerifyFormedPass> {
  using CommVerifyFormedPassBase::CommVerifyFormedPassBase;

  LogicalResult verify(comm::PlanOp plan) {
    FailureOr<plan::Plan> serialized = serializePlan(plan);
    FailureOr<PlanFacts> facts = readFacts(plan);
    if (failed(serialized) || failed(facts))
      return failure();
    Layer layer = moe::toLayer(facts->layer, plan.getSymName());
    return FormVerifier(getOperation(), std::move(*serialized), std::move(layer)).run();
  }

  void runOnOperation() override {
    markAllAnalysesPreserved();
    ModuleOp module = getOperation();
    if (!module->hasAttr(tile::kArchAttrName)) {
      if (module->hasAttr(moe::kTargetAttrName)) {
        module.emitError() << "a module with a target must have kernels, but has none";
        signalPassFailure();
      }
      return;
    }
    for (auto plan : module.getOps<comm::PlanOp>())
      if (failed(verify(plan)))
        return signalPassFailure();
  }
};
} // namespace
} // namespace moec
