//===- Nvptx.h - From llvm and nvvm ops to PTX and machine code -*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the driver calls for the kernels of a module. Every kernel becomes a PTX
// file of its own, which is linted and assembled; kernels go through this side by
// side. Whatever goes wrong is a diagnostic at the kernel or at the place in the
// `.moe` source that the instruction came from.
//===----------------------------------------------------------------------===//

#ifndef MOEC_CODEGEN_NVPTX_NVPTX_H
#define MOEC_CODEGEN_NVPTX_NVPTX_H

#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/STLFunctionalExtras.h"

#include <cstdint>
#include <string>
#include <vector>

namespace mlir {
class DialectRegistry;
} // namespace mlir

namespace moec::codegen {

/// Who turns PTX into machine code.
enum class Assembler {
  Any,       ///< ptxas, else nvJitLink, else nobody (with a warning)
  Ptxas,     ///< the program, or an error
  NvJitLink, ///< the library, or an error
  None,      ///< PTX only
};

struct NvptxOptions {
  /// The target of the PTX; the only one with kernels is sm_90a.
  std::string arch = "sm_90a";
  Assembler assembler = Assembler::Any;
  /// Path of ptxas; empty: in $CUDA_HOME/bin, $CUDA_PATH/bin, then on $PATH.
  std::string ptxas;
  /// Path of libnvJitLink.so; empty: in $CUDA_HOME/lib64, $CUDA_PATH/lib64, then as
  /// the dynamic loader finds it.
  std::string nvJitLink;
  /// Kernels compiled at a time; 0: one a core.
  unsigned threads = 0;
  /// Spills and remarks of ptxas about serialised wgmma are errors, not warnings.
  bool strict = true;
  /// Spills are neither, but left in CompiledKernel::spillBytes: the caller has another
  /// form to try.
  bool mindSpills = true;
  /// Check the PTX (codegen/nvptx/lint).
  bool lint = true;
  /// What the caller has to do with the module (and its context) meanwhile: called once all
  /// kernels are with their workers.
  llvm::function_ref<void()> meanwhile = nullptr;
};

/// Wall seconds of each phase.
struct KernelSeconds {
  double translate = 0; ///< MLIR to LLVM IR, one kernel after the other
  double optimize = 0;  ///< LLVM's passes
  double emit = 0;      ///< instruction selection, PTX
  double lint = 0;
  double assemble = 0;
};

struct CompiledKernel {
  std::string name;           ///< entry symbol
  std::string ptx;            ///< a whole PTX file with this one kernel
  std::vector<uint8_t> cubin; ///< empty without an assembler
  uint32_t registers = 0;     ///< a thread's at launch; 0 without an assembler
  uint32_t spillBytes = 0;    ///< stores and loads together
  uint32_t stackBytes = 0;
  uint32_t sharedStatic = 0; ///< static shared memory, bytes
  uint32_t barriers = 0;     ///< named barriers
  uint32_t codeBytes = 0;    ///< machine code
  std::string log;           ///< what the assembler said
  KernelSeconds seconds;
};

/// Compiles every `llvm.func` marked `nvvm.kernel` (llvm, nvvm and tile.ptx ops
/// only), in the module's order. Leaves the module as it is.
///
/// The same module and options give the same bytes. On failure errors were
/// emitted for all kernels that failed.
mlir::FailureOr<std::vector<CompiledKernel>> compileKernels(mlir::ModuleOp module,
                                                            const NvptxOptions &options);

/// Adds the translations to LLVM IR that `compileKernels` needs, and the llvm and
/// nvvm dialects with them.
void registerNvptxTranslations(mlir::DialectRegistry &registry);

} // namespace moec::codegen

#endif // MOEC_CODEGEN_NVPTX_NVPTX_H
