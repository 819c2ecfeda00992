//===- StageBuilder.h - Put stages into a kernel ----------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A stage builder writes one `tile.stage` into a kernel: its pipes, its roles, its
// code. What the code reads and writes comes in as arguments of the kernel, which
// are asked for by the object that they refer to; stages of one kernel share them.
//
// To add a stage: a function as those at the end, and its place in StageKind
// (KernelForm.h).
//===----------------------------------------------------------------------===//

#ifndef MOEC_PASSES_FUSION_STAGES_STAGEBUILDER_H
#define MOEC_PASSES_FUSION_STAGES_STAGEBUILDER_H

#include "dialects/tile/TileOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "passes/fusion/KernelForm.h"
#include "passes/fusion/Step.h"
#include "runtime/module/Kernels.h"

namespace moec::fusion {

/// A kernel in the making.
class KernelBuilder {
public:
  /// Makes an empty `tile.kernel` of this name at the end of `module`. Ops of a
  /// stage stand at `loc`, the place of what it computes in the source.
  KernelBuilder(mlir::ModuleOp module, const Step &step, llvm::StringRef name, mlir::Location loc);

  const Step &step;
  mlir::OpBuilder builder; ///< stands where the next op of the stage goes
  mlir::Location loc;      ///< of the ops of the stage

  //===--------------------------------------------------------------------===//
  // Arguments: !llvm.ptr<1>, but i64 for the offsets
  //===--------------------------------------------------------------------===//

  /// This rank's copy of a buffer of the plan, region 0; its flag cells.
  mlir::Value buffer(uint32_t number) { return pointer(KernelObject::Buffer, number); }
  mlir::Value flag(uint32_t number) { return pointer(KernelObject::Flag, number); }
  /// u64[ranks]: base address of each rank's symmetric heap, and where in it a
  /// buffer or flag begins.
  mlir::Value peers() { return pointer(KernelObject::Peers); }
  mlir::Value bufferOffset(uint32_t number) { return scalar(KernelObject::BufferOffset, number); }
  mlir::Value flagOffset(uint32_t number) { return scalar(KernelObject::FlagOffset, number); }
  mlir::Value weight(WeightRole role) { return pointer(KernelObject::Weight, uint32_t(role)); }
  mlir::Value state() { return pointer(KernelObject::State); }
  mlir::Value placement() { return pointer(KernelObject::Placement); }
  mlir::Value chosenExperts() { return pointer(KernelObject::ChosenExperts); }
  mlir::Value chosenWeights() { return pointer(KernelObject::ChosenWeights); }
  /// Memory that only kernels use, the same in every kernel that names it. The
  /// module holds it from the first use on; all uses must agree on the size.
  mlir::Value workspace(const Workspace &workspace);

  /// A tensor map of an object, an argument for each different one.
  mlir::Value view(KernelObject object, uint32_t index, const TensorMap &map, bool ragged = false);
  /// The same of a bf16 matrix whose tiles end in the middle: rows of `columns`
  /// elements and `pitch` bytes, `rows` of them, moved in boxes of 128 bytes times
  /// `tileRows`.
  mlir::Value raggedView(KernelObject object, uint32_t index, uint32_t columns, uint64_t pitch,
                         Extent rows, uint32_t tileRows);
  uint32_t getWorkspaceIndex(const Workspace &workspace);
  /// An argument as such; prefer the words above.
  mlir::Value pointer(KernelObject object, uint32_t index = 0);
  mlir::Value scalar(KernelObject object, uint32_t index = 0);

  //===--------------------------------------------------------------------===//
  // Stages
  //===--------------------------------------------------------------------===//

  /// Begins a stage; the builder stands in its body.
  tile::StageOp startStage(llvm::StringRef name);
  /// A ring of `slots` times these buffers.
  mlir::Value pipe(llvm::StringRef name, uint32_t slots, llvm::ArrayRef<tile::BufType> buffers);
  /// A role of warps `first` to `last`; `body` writes its code.
  void role(llvm::StringRef name, unsigned first, unsigned last, llvm::function_ref<void()> body);

  /// For what the module says of a kernel: "128x256x64".
  void setShape(llvm::StringRef shape);
  /// Ends the kernel: what it was given is written on the op.
  tile::KernelOp finish();

private:
  mlir::Value argument(KernelArgKind kind, KernelObject object, uint32_t index, mlir::Type type,
                       tile::TensorMapAttr map);
  mlir::Value find(tile::BindingAttr wanted);
  std::string nameOf(KernelObject object, uint32_t index);
  mlir::Operation *getFirstKernel();

  mlir::ModuleOp module;
  tile::KernelOp kernel;
  llvm::SmallVector<tile::BindingAttr> bindings; ///< one an argument, in order
};

//===----------------------------------------------------------------------===//
// Workspaces that several stages know
//===----------------------------------------------------------------------===//

/// The expert index, written by dispatch: the rows of local expert e are numbers
/// offsets[e] to offsets[e + 1] - 1, in the order of (source, position).
Workspace offsetsSpace();   ///< u32 [local experts + 1]
Workspace rowSourceSpace(); ///< u32 [rows]: source * maxTokens + position in `received`
Workspace rowTargetSpace(); ///< u32 [rows][2]: source rank, token * topK + slot
Workspace rowWeightSpace(); ///< f32 [rows]
/// sigmoid of the shared expert's gate, written by route: f32 [tokens].
Workspace sharedGateSpace();

//===----------------------------------------------------------------------===//
// The stages
//===----------------------------------------------------------------------===//

/// Chooses experts, and counts what goes where.
mlir::LogicalResult buildRoute(KernelBuilder &kernel);
/// Sends rows and records, signals; waits for all sources, makes the expert index.
mlir::LogicalResult buildDispatch(KernelBuilder &kernel);
/// Waits for the experts' rows, adds them up; ends the step.
mlir::LogicalResult buildReduce(KernelBuilder &kernel);

/// act(gate) * up of each row of each local expert, from `received`.
mlir::LogicalResult buildExpertUp(KernelBuilder &kernel, const GemmTile &tile);
/// The down product of those rows, times the routing weight, put to the slot at
/// the token's rank; then the signal to every rank.
mlir::LogicalResult buildExpertDown(KernelBuilder &kernel, const GemmTile &tile);
/// The shared expert on this rank's tokens.
mlir::LogicalResult buildSharedUp(KernelBuilder &kernel, const GemmTile &tile);
mlir::LogicalResult buildSharedDown(KernelBuilder &kernel, const GemmTile &tile);

} // namespace moec::fusion

#endif // MOEC_PASSES_FUSION_STAGES_STAGEBUILDER_H
