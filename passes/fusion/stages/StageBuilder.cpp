//===- StageBuilder.cpp - Put stages into a kernel ------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/fusion/stages/StageBuilder.h"
#include "dialects/moe/LayerAttr.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "runtime/module/Names.h"

namespace moec::fusion {
using namespace mlir;

//===----------------------------------------------------------------------===//
// Arguments
//===----------------------------------------------------------------------===//

static tile::ExtentAttr toAttr(MLIRContext *context, const Extent &extent) {
  return tile::ExtentAttr::get(context, extent.constant, extent.perToken, extent.perReceived,
                               extent.perRow, extent.perExpert);
}

static tile::TensorMapAttr toAttr(MLIRContext *context, const TensorMap &map) {
  SmallVector<tile::ExtentAttr> dims;
  SmallVector<int64_t> strides, box;
  for (uint32_t i = 0; i < map.rank; ++i) {
    dims.push_back(toAttr(context, map.dims[i]));
    strides.push_back(int64_t(map.strides[i]));
    box.push_back(map.box[i]);
  }
  return tile::TensorMapAttr::get(context, moe::toType(map.element, context), dims, strides, box,
                                  map.swizzle, map.baseOffset);
}

/// An object of which there is one has no number.
static bool isNumbered(KernelObject object) {
  switch (object) {
  case KernelObject::Buffer:
  case KernelObject::Flag:
  case KernelObject::BufferOffset:
  case KernelObject::FlagOffset:
  case KernelObject::Weight:
  case KernelObject::Workspace:
    return true;
  case KernelObject::Peers:
  case KernelObject::State:
  case KernelObject::Placement:
  case KernelObject::ChosenExperts:
  case KernelObject::ChosenWeights:
    return false;
  }
  llvm_unreachable("all objects are handled");
}

KernelBuilder::KernelBuilder(ModuleOp module, const Step &step, StringRef name, Location loc)
    : step(step), builder(module.getBodyRegion()), loc(loc), module(module) {
  builder.setInsertionPointToEnd(module.getBody());
  kernel =
      tile::KernelOp::create(builder, loc, name, ArrayRef<tile::BindingAttr>(), ArrayRef<Type>());
}

/// The argument that binds the same, if there is one.
Value KernelBuilder::find(tile::BindingAttr wanted) {
  for (auto [binding, value] : llvm::zip(bindings, kernel.getBody().getArguments()))
    if (binding.getKind() == wanted.getKind() && binding.getObject() == wanted.getObject() &&
        binding.getIndex() == wanted.getIndex() && binding.getMap() == wanted.getMap())
      return value;
  return {};
}

/// A workspace has a name of its own, other objects that of their kind.
std::string KernelBuilder::nameOf(KernelObject object, uint32_t index) {
  if (object == KernelObject::Workspace)
    return (*std::next(module.getOps<tile::WorkspaceOp>().begin(), index)).getSymName().str();
  std::string name = moec::nameOf(object);
  return isNumbered(object) ? name + std::to_string(index) : name;
}

Value KernelBuilder::argument(KernelArgKind kind, KernelObject object, uint32_t index, Type type,
                              tile::TensorMapAttr map) {
  std::string name = nameOf(object, index);
  if (kind == KernelArgKind::View) // one object may be seen in several ways
    name += "_view" + std::to_string(bindings.size());
  auto binding = tile::BindingAttr::get(builder.getContext(), name, tile::ArgKind(kind),
                                        tile::Object(object), index, map);
  if (Value known = find(binding))
    return known;
  bindings.push_back(binding);
  return kernel.getBody().addArgument(type, loc);
}

Value KernelBuilder::pointer(KernelObject object, uint32_t index) {
  auto type = LLVM::LLVMPointerType::get(builder.getContext(), /*addressSpace=*/1);
  return argument(KernelArgKind::Pointer, object, index, type, {});
}

Value KernelBuilder::scalar(KernelObject object, uint32_t index) {
  return argument(KernelArgKind::Scalar, object, index, builder.getI64Type(), {});
}

uint32_t KernelBuilder::getWorkspaceIndex(const Workspace &workspace) {
  tile::ExtentAttr bytes = toAttr(builder.getContext(), workspace.bytes);
  uint32_t index = 0;
  Operation *last = nullptr;
  for (auto made : module.getOps<tile::WorkspaceOp>()) {
    if (made.getSymName() == workspace.name) {
      assert(made.getBytes() == bytes && "two sizes of one workspace");
      return index;
    }
    last = made;
    ++index;
  }
  OpBuilder::InsertionGuard guard(builder);
  // Behind the others: numbers that were given stay.
  if (last)
    builder.setInsertionPointAfter(last);
  else
    builder.setInsertionPoint(getFirstKernel());
  tile::WorkspaceOp::create(builder, module.getLoc(), workspace.name, bytes);
  return index;
}

Operation *KernelBuilder::getFirstKernel() { return *module.getOps<tile::KernelOp>().begin(); }

Value KernelBuilder::workspace(const Workspace &workspace) {
  return pointer(KernelObject::Workspace, getWorkspaceIndex(workspace));
}

Value KernelBuilder::view(KernelObject object, uint32_t index, const TensorMap &map, bool ragged) {
  SmallVector<int64_t> box;
  for (uint32_t i = map.rank; i-- > 0;)
    box.push_back(map.box[i]);
  if (ragged) // (row and valid rows are one coordinate of the op)
    box.erase(box.begin());
  auto type =
      tile::ViewType::get(builder.getContext(), box, moe::toType(map.element, builder.getContext()),
                          map.swizzle, ragged);
  return argument(KernelArgKind::View, object, index, type, toAttr(builder.getContext(), map));
}

Value KernelBuilder::raggedView(KernelObject object, uint32_t index, uint32_t columns,
                                uint64_t pitch, Extent rows, uint32_t tileRows) {
  constexpr uint32_t boxColumns = 64; // 128 bytes of bf16
  TensorMap map;
  map.rank = 3;
  map.dims[0].constant = columns;
  map.dims[1].constant = tileRows;
  map.dims[2] = rows;
  map.dims[2].constant += 1;
  map.strides = {2, pitch, pitch};
  map.box = {boxColumns, tileRows, 1};
  map.baseOffset = -int64_t(tileRows * pitch);
  return view(object, index, map, /*ragged=*/true);
}

//===----------------------------------------------------------------------===//
// Stages
//===----------------------------------------------------------------------===//

tile::StageOp KernelBuilder::startStage(StringRef name) {
  builder.setInsertionPointToEnd(&kernel.getBody().front());
  auto stage = tile::StageOp::create(builder, loc, name);
  builder.setInsertionPointToEnd(&stage.getBody().front());
  return stage;
}

Value KernelBuilder::pipe(StringRef name, uint32_t slots, ArrayRef<tile::BufType> buffers) {
  return tile::PipeOp::create(builder, loc, name, slots, buffers);
}

void KernelBuilder::role(StringRef name, unsigned first, unsigned last,
                         llvm::function_ref<void()> body) {
  auto role = tile::RoleOp::create(builder, loc, name, first, last);
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToEnd(&role.getBody().front());
  body();
}

void KernelBuilder::setShape(StringRef shape) { kernel.setShape(shape); }

/// Of the barrier between stages.
static Workspace gridCounterSpace() { return {"grid_counter", {.constant = 4}}; }

tile::KernelOp KernelBuilder::finish() {
  if (llvm::range_size(kernel.getStages()) > 1) {
    Value counter = workspace(gridCounterSpace());
    kernel.setGridCounter(cast<BlockArgument>(counter).getArgNumber());
  }
  SmallVector<Attribute> attributes(bindings.begin(), bindings.end());
  kernel.setBindingsAttr(builder.getArrayAttr(attributes));
  return kernel;
}

//===----------------------------------------------------------------------===//
// Workspaces
//===----------------------------------------------------------------------===//

Workspace offsetsSpace() { return {"offsets", {.constant = 4, .perExpert = 4}}; }
Workspace rowSourceSpace() { return {"row_source", {.perRow = 4}}; }
Workspace rowTargetSpace() { return {"row_target", {.perRow = 8}}; }
Workspace rowWeightSpace() { return {"row_weight", {.perRow = 4}}; }
Workspace sharedGateSpace() { return {"shared_gate", {.perToken = 4}}; }

} // namespace moec::fusion
