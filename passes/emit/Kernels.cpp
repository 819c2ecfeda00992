//===- Kernels.cpp - From a lowered module to its kernels -----------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/emit/Kernels.h"
#include "dialects/comm/CommOps.h"
#include "dialects/moe/LayerAttr.h"
#include "dialects/tile/TileOps.h"
#include "mlir/Bytecode/BytecodeWriter.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "passes/check/ClosedForm.h"

namespace moec {
using namespace mlir;

//===----------------------------------------------------------------------===//
// Attributes
//===----------------------------------------------------------------------===//

static Extent toExtent(tile::ExtentAttr attr) {
  return {attr.getConstant(), attr.getPerToken(), attr.getPerReceived(), attr.getPerRow(),
          attr.getPerExpert()};
}

static TensorMap toTensorMap(tile::TensorMapAttr attr) {
  TensorMap map;
  map.element = moe::toDType(attr.getElement());
  map.rank = uint32_t(attr.getDims().size());
  for (uint32_t i = 0; i < map.rank; ++i) {
    map.dims[i] = toExtent(attr.getDims()[i]);
    map.strides[i] = uint64_t(attr.getStrides()[i]);
    map.box[i] = uint32_t(attr.getBox()[i]);
  }
  map.swizzle = attr.getSwizzle();
  map.baseOffset = attr.getBase();
  return map;
}

static KernelArg toArg(tile::BindingAttr attr) {
  KernelArg arg;
  arg.name = attr.getName().str();
  arg.kind = KernelArgKind(attr.getKind());
  arg.offset = *attr.getOffset();
  arg.object = KernelObject(attr.getObject());
  arg.index = attr.getIndex();
  if (attr.getMap())
    arg.map = toTensorMap(attr.getMap());
  return arg;
}

//===----------------------------------------------------------------------===//
// The table
//===----------------------------------------------------------------------===//

namespace {
class KernelSetBuilder {
public:
  explicit KernelSetBuilder(ModuleOp module) : module(module) {}
  FailureOr<KernelSet> run();

private:
  LogicalResult addKernel(LLVM::LLVMFuncOp function);
  LogicalResult addLaunch(tile::LaunchOp op);
  LogicalResult addCode();

  ModuleOp module;
  KernelSet set;
  llvm::StringMap<uint32_t> numbers; ///< of kernels, by name
};
} // namespace

LogicalResult KernelSetBuilder::addKernel(LLVM::LLVMFuncOp function) {
  auto info = function->getAttrOfType<tile::KernelInfoAttr>(tile::kInfoAttrName);
  if (!info)
    return success(); // what a kernel calls
  Kernel kernel;
  kernel.name = function.getSymName().str();
  for (StringAttr stage : info.getStages())
    kernel.stages.push_back(stage.str());
  kernel.tile = info.getShape().str();
  kernel.pipeSlots = info.getPipeSlots();
  kernel.threads = info.getThreads();
  kernel.sharedBytes = info.getSharedBytes();
  kernel.argBytes = info.getArgBytes();
  for (tile::BindingAttr binding : info.getArgs()) {
    if (!binding.getOffset())
      return function.emitError() << kInternalError << "argument '" << binding.getName()
                                  << "' of a lowered kernel has no offset";
    kernel.args.push_back(toArg(binding));
  }
  numbers[kernel.name] = uint32_t(set.kernels.size());
  set.kernels.push_back(std::move(kernel));
  return success();
}

LogicalResult KernelSetBuilder::addLaunch(tile::LaunchOp op) {
  Launch launch;
  launch.name = op.getSymName().str();
  for (auto [name, rows] :
       llvm::zip_equal(op.getKernels().getAsRange<FlatSymbolRefAttr>(), op.getMaxRows())) {
    auto number = numbers.find(name.getValue());
    if (number == numbers.end())
      return op.emitOpError() << "names " << name << ", which is no lowered kernel";
    launch.variants.push_back({number->second, rows < 0 ? UINT32_MAX : uint32_t(rows)});
  }
  for (int32_t number : op.getOps())
    launch.ops.push_back(uint32_t(number));
  set.launches.push_back(std::move(launch));
  return success();
}

/// The kernels alone, as the emulator reads them.
LogicalResult KernelSetBuilder::addCode() {
  OwningOpRef<ModuleOp> code = cast<ModuleOp>(module->cloneWithoutRegions());
  code->getBodyRegion().emplaceBlock();
  OpBuilder builder = OpBuilder::atBlockEnd(code->getBody());
  for (Operation &op : *module.getBody())
    if (!isa<comm::PlanOp, tile::WorkspaceOp, tile::LaunchOp>(op))
      builder.clone(op);
  std::string bytes;
  llvm::raw_string_ostream stream(bytes);
  if (failed(writeBytecodeToFile(*code, stream)))
    return module.emitError() << kInternalError << "kernels have no bytecode";
  set.ir.assign(bytes.begin(), bytes.end());
  return success();
}

FailureOr<KernelSet> KernelSetBuilder::run() {
  auto arch = module->getAttrOfType<StringAttr>(tile::kArchAttrName);
  if (!arch)
    return set;
  set.arch = arch.str();
  set.biasRowBytes = biasTileBytes;
  if (auto form = module->getAttrOfType<StringAttr>(tile::kFormAttrName))
    set.form = form.str();
  for (auto workspace : module.getOps<tile::WorkspaceOp>())
    set.workspaces.push_back({workspace.getSymName().str(), toExtent(workspace.getBytes())});
  for (auto function : module.getOps<LLVM::LLVMFuncOp>())
    if (failed(addKernel(function)))
      return failure();
  for (auto launch : module.getOps<tile::LaunchOp>())
    if (failed(addLaunch(launch)))
      return failure();
  if (failed(addCode()))
    return failure();
  return std::move(set);
}

FailureOr<KernelSet> buildKernelSet(ModuleOp module) { return KernelSetBuilder(module).run(); }

} // namespace moec
