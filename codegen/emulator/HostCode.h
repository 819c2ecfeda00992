//===- HostCode.h - An MLIR module of LLVM ops, compiled for here -*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_CODEGEN_EMULATOR_HOSTCODE_H
#define MOEC_CODEGEN_EMULATOR_HOSTCODE_H

#include "runtime/base/Status.h"

#include "mlir/IR/BuiltinOps.h"

#include <memory>
#include <string>

namespace moec::emulator {

/// Code in memory; it is gone with the object.
class HostCode {
public:
  /// Links against the calls of the emulator and what this process has.
  static rt::Result<std::unique_ptr<HostCode>> compile(mlir::ModuleOp module);
  ~HostCode();
  rt::Result<void *> find(const std::string &function) const;

private:
  struct Impl;
  explicit HostCode(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl;
};

} // namespace moec::emulator

#endif // MOEC_CODEGEN_EMULATOR_HOSTCODE_H
