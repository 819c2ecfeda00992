//===- HostKernels.h - Kernels as host code ---------------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// From the IR of a module's kernels, as it is before they become PTX, to functions
// that the emulator's engine runs. No MLIR in this header: backends include it.
//===----------------------------------------------------------------------===//

#ifndef MOEC_CODEGEN_EMULATOR_HOSTKERNELS_H
#define MOEC_CODEGEN_EMULATOR_HOSTKERNELS_H

#include "runtime/backends/emulator/KernelCode.h"
#include "runtime/base/Status.h"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace moec::emulator {

/// Owns the code. Kernels point into it.
class HostKernels {
public:
  /// `ir`: text or bytecode of one module of llvm.func, nvvm and tile.ptx ops (scf, cf and
  /// arith are lowered first). Every llvm.func with nvvm.kernel is a kernel; it has one
  /// parameter. An op that the emulator does not know is an error that names it.
  static rt::Result<std::unique_ptr<HostKernels>> compile(std::string_view ir);
  ~HostKernels();
  HostKernels(const HostKernels &) = delete;
  HostKernels &operator=(const HostKernels &) = delete;

  const std::vector<rt::emulator::KernelCode> &kernels() const;
  /// Null: there is none. `dynamicShared` is added to what the kernel declares itself.
  const rt::emulator::KernelCode *find(std::string_view name) const;
  void setDynamicShared(std::string_view name, uint64_t bytes);

private:
  struct Impl;
  explicit HostKernels(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl;
};

} // namespace moec::emulator

#endif // MOEC_CODEGEN_EMULATOR_HOSTKERNELS_H
