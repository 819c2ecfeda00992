//===- KernelRewriter.h - Ops of a kernel into runtime calls ----*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Every op of nvvm and tile.ptx, and every access to memory that threads share,
// becomes a call of runtime/backends/emulator/Calls.h with its site as the first
// argument. Addresses travel as integers; address spaces are forgotten afterwards.
//===----------------------------------------------------------------------===//

#ifndef MOEC_CODEGEN_EMULATOR_KERNELREWRITER_H
#define MOEC_CODEGEN_EMULATOR_KERNELREWRITER_H

#include "runtime/backends/emulator/Sites.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinOps.h"

#include <map>
#include <string>

namespace moec::emulator {

enum class Rewritten : uint8_t {
  NotMine, ///< ask the next
  Done,
  Failed, ///< with a diagnostic
};

class KernelRewriter {
public:
  KernelRewriter(mlir::ModuleOp module, rt::emulator::SiteTable &sites);

  /// False: a diagnostic says which op the emulator does not know.
  bool run();
  /// Bytes of the shared variables that are declared with a size.
  uint64_t staticShared() const { return sharedBytes; }

  // --- For the rewrites (Rewrite*.cpp) -------------------------------------------
  mlir::OpBuilder builder;
  mlir::Type i1, i32, i64, f32, pointer;

  mlir::Value constant(int64_t value); ///< i32
  mlir::Value constant64(int64_t value);
  /// As i64, if it is a pointer.
  mlir::Value address(mlir::Value value);
  /// Extended to i32, if it is shorter.
  mlir::Value word(mlir::Value value);
  mlir::Value orZero(mlir::Value optional) { return optional ? optional : constant(0); }
  /// Calls without and with the op's site as the first argument. The builder stands
  /// before the op that is rewritten.
  mlir::Value callPlain(mlir::Operation *op, llvm::StringRef function, mlir::Type result,
                        mlir::ValueRange arguments);
  mlir::Value call(mlir::Operation *op, llvm::StringRef function, mlir::Type result,
                   mlir::ValueRange arguments);
  /// Replaces the op, whose result has the type of the value or is one bit of it.
  Rewritten replace(mlir::Operation *op, mlir::Value value);
  Rewritten erase(mlir::Operation *op);
  /// The common case: the op becomes the call.
  Rewritten become(mlir::Operation *op, llvm::StringRef function, mlir::ValueRange arguments = {});
  Rewritten refuse(mlir::Operation *op, llvm::StringRef why);
  /// Memory of the thread, made once at the function's entry.
  mlir::Value allocate(mlir::Operation *op, mlir::Type type);
  mlir::Value element(mlir::Value memory, mlir::Type type, int32_t index);

  /// Accumulators live in memory between products. `values` are operands of a product;
  /// gives the memory that holds them, storing them if they are not there already.
  mlir::Value accumulators(mlir::Operation *op, mlir::ValueRange values);
  /// The product has written `memory`: what its results are. `types` as the operands'.
  llvm::SmallVector<mlir::Value> products(mlir::Operation *op, mlir::Value memory,
                                          mlir::TypeRange types);

private:
  uint32_t siteOf(mlir::Operation *op);
  void layOutShared();
  Rewritten rewriteShared(mlir::LLVM::AddressOfOp op);
  bool rewrite(mlir::Operation *op);
  void forgetAddressSpaces();

  mlir::ModuleOp module;
  rt::emulator::SiteTable &sites;
  std::map<std::pair<std::string, std::pair<std::string, uint32_t>>, uint32_t> siteNumbers;
  std::map<std::string, uint32_t> sharedOffsets;
  uint64_t sharedBytes = 0;
  /// The values that a memory of accumulators holds at this point of a block.
  struct Held {
    mlir::Block *block = nullptr;
    llvm::SmallVector<mlir::Value> values;
  };
  llvm::DenseMap<mlir::Value, Held> held;
  llvm::DenseMap<mlir::Value, mlir::Value> heldIn; ///< by first value
};

/// Each looks whether an op is of its kind.
Rewritten rewriteMemory(KernelRewriter &rewriter, mlir::Operation *op);
Rewritten rewriteThreads(KernelRewriter &rewriter, mlir::Operation *op);
Rewritten rewriteBarriers(KernelRewriter &rewriter, mlir::Operation *op);
Rewritten rewriteCopies(KernelRewriter &rewriter, mlir::Operation *op);
Rewritten rewriteMatrices(KernelRewriter &rewriter, mlir::Operation *op);
Rewritten rewriteTile(KernelRewriter &rewriter, mlir::Operation *op);

/// Where an op comes from: the `.moe` file if its location leads there, else any file.
std::pair<std::string, uint32_t> sourceOf(mlir::Location location);

} // namespace moec::emulator

#endif // MOEC_CODEGEN_EMULATOR_KERNELREWRITER_H
