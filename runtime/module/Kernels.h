//===- Kernels.h - The generated kernels of a module ------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Decoded form of the sections KRNL, "PTX ", CUBN and "KIR ": which kernels there
// are, what each needs as arguments and memory, and in which order a step launches
// them. It names objects of the plan and the manifest by number, so that a session
// can make all of it for any capacity without knowing what a kernel does.
//
// Every kernel has one parameter, the address of a table of argument blocks, one
// block of `argBytes` a rank of the launch. Grid: (CTAs of a rank, 1, ranks).
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_MODULE_KERNELS_H
#define MOEC_RUNTIME_MODULE_KERNELS_H

#include "runtime/module/Layer.h"

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace moec {

/// A size that a session knows: constant + perToken * T + perReceived * T * ranks
/// + perRow * R + perExpert * E, where T is the capacity of a rank in tokens, E its
/// local experts, and R = T * ranks * min(topK, E) the most rows it can compute.
struct Extent {
  uint64_t constant = 0;
  uint64_t perToken = 0;
  uint64_t perReceived = 0;
  uint64_t perRow = 0;
  uint64_t perExpert = 0;
  bool operator==(const Extent &) const = default;
};

/// What an argument refers to. `index` is the number of a buffer or flag of the
/// plan, a WeightRole, or a workspace.
enum class KernelObject : uint8_t {
  Buffer = 0,         ///< this rank's copy of a plan buffer, region 0
  Flag = 1,           ///< this rank's cells of a plan flag, cell 0
  Peers = 2,          ///< u64[ranks]: base address of each rank's symmetric heap
  BufferOffset = 3,   ///< scalar: bytes from that base to region 0 of a symmetric buffer
  FlagOffset = 4,     ///< scalar: bytes from that base to cell 0 of a flag
  Weight = 5,         ///< this rank's weights of a role, as Weights below
  Workspace = 6,      ///< this rank's copy of a workspace; zero before the first step
  State = 7,          ///< this rank's RankState
  Placement = 8,      ///< u32 first[experts + 1], then u32 owner[]: rank << 16 | local
  ChosenExperts = 9,  ///< i64 [tokens, topK] that the caller wants, or null
  ChosenWeights = 10, ///< f32 [tokens, topK] that the caller wants, or null
};

enum class KernelArgKind : uint8_t {
  View = 0,    ///< a tensor map, 128 bytes at a multiple of 64
  Pointer = 1, ///< 8 bytes
  Scalar = 2,  ///< 8 bytes
};

/// Arguments of cuTensorMapEncodeTiled, innermost dimension first. Rows of device
/// arrays are padded to multiples of 16 bytes.
struct TensorMap {
  DType element = DType::BF16;
  uint32_t rank = 2;
  std::array<Extent, 5> dims;        ///< elements
  std::array<uint64_t, 5> strides{}; ///< bytes; [0] is the element's size
  std::array<uint32_t, 5> box{};     ///< elements
  uint32_t swizzle = 128;            ///< bytes; 0: none
  int64_t baseOffset = 0;            ///< bytes added to the object's address
  bool operator==(const TensorMap &) const = default;
};

struct KernelArg {
  std::string name;
  KernelArgKind kind = KernelArgKind::Pointer;
  uint32_t offset = 0; ///< in the block
  KernelObject object = KernelObject::State;
  uint32_t index = 0;
  TensorMap map; ///< views only
  bool operator==(const KernelArg &) const = default;
};

/// Device memory of a rank that only kernels use.
struct Workspace {
  std::string name;
  Extent bytes;
  bool operator==(const Workspace &) const = default;
};

/// What ptxas and the disassembler say of a kernel; zero where nobody looked.
struct KernelResources {
  uint32_t registers = 0;
  uint32_t spillBytes = 0;
  uint32_t codeBytes = 0;
  bool operator==(const KernelResources &) const = default;
};

struct Kernel {
  std::string name;                ///< entry symbol, unique
  std::vector<std::string> stages; ///< "route", "dispatch", ..., in order
  std::string tile;                ///< for people: "128x256x64", "swapped 16", ""
  uint32_t pipeSlots = 0;          ///< slots of the main ring; 0: none
  uint32_t threads = 384;
  uint32_t sharedBytes = 0; ///< dynamic shared memory of a CTA
  uint32_t argBytes = 128;  ///< of one block, a multiple of 128
  std::vector<KernelArg> args;
  KernelResources resources;
  std::string ptx;            ///< a whole PTX file; never empty
  std::vector<uint8_t> cubin; ///< empty: the driver compiles the PTX
  bool operator==(const Kernel &) const = default;
};

/// One of several kernels that do the same: the first whose `maxRowsPerExpert` is
/// at least the expected rows of an expert (tokens of all ranks * topK / experts).
struct KernelVariant {
  uint32_t kernel = 0;
  uint32_t maxRowsPerExpert = UINT32_MAX;
  bool operator==(const KernelVariant &) const = default;
};

/// In the order of a step. All launches are cooperative.
struct Launch {
  std::string name;
  std::vector<KernelVariant> variants; ///< at least one, the last without a limit
  std::vector<uint32_t> ops;           ///< ops of the plan that it carries out
  bool operator==(const Launch &) const = default;
};

struct KernelSet {
  std::string arch; ///< "sm_90a"; empty: the module has no kernels
  std::string form; ///< which stages share a launch, as the schedule block spells it
  /// Rows of the experts' biases begin at multiples of this and are filled up with zeros, so that a
  /// product reads those of a whole tile without a look at the features' number. A power of two
  /// from 16; 16 in modules that do not say.
  uint32_t biasRowBytes = 16;
  std::vector<Workspace> workspaces;
  std::vector<Kernel> kernels;
  std::vector<Launch> launches;
  /// The kernels before they became machine code: MLIR bytecode of one module of
  /// llvm.func, nvvm and tile.ptx ops. What the emulator runs.
  std::vector<uint8_t> ir;
  bool operator==(const KernelSet &) const = default;
};

/// Lives in device memory, one a rank. Kernels read it by these offsets.
struct RankState {
  uint32_t step = 0;   ///< steps done; the last CTA of `reduce` adds one
  uint32_t tokens = 0; ///< of this step; the host writes it before
  uint32_t rank = 0;
  uint32_t ranks = 1;
  uint32_t localExperts = 0;
  uint32_t maxTokens = 0;
  uint64_t deadlineNs = 0; ///< of one wait
  uint32_t statusCode = 0; ///< 0 well, 1 a wait expired
  uint32_t statusFlag = 0; ///< number of the plan's flag
  uint32_t statusPeer = 0; ///< writer of the cell
  uint32_t statusSeen = 0; ///< epoch that the cell held
  std::array<uint32_t, 4> reserved{};
};
static_assert(sizeof(RankState) == 64);

/// Weights on the device, all of a rank's experts of a role in local order, rows
/// padded to 16 bytes with zeros:
///   Router [experts, hidden] bf16; RouterBias, SelectionBias [experts] f32
///   ExpertGate: gate and up together, [local, 2, intermediate, hidden] bf16
///   ExpertUp, of experts without a gate: [local, intermediate, hidden] bf16
///   ExpertDown [local, hidden, intermediate] bf16
///   SharedGate, SharedUp, SharedDown: as these with one expert; SharedScale [1, hidden] bf16
///   ExpertGateBias, ExpertUpBias [local, intermediate], ExpertDownBias [local, hidden] f32,
///     their rows padded to KernelSet::biasRowBytes
constexpr uint64_t paddedRowBytes(uint64_t elements, uint64_t elementBytes, uint64_t to = 16) {
  return (elements * elementBytes + to - 1) / to * to;
}

/// What new kernels want: as many f32 as the widest tile has features.
inline constexpr uint32_t biasTileBytes = 1024;

} // namespace moec

#endif // MOEC_RUNTIME_MODULE_KERNELS_H
