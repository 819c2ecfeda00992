//===- CpuBackend.cpp - Entry point of libmoec_cpu.so ----------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/backends/cpu/CpuSession.h"

namespace moec::rt::cpu {
namespace {

class CpuBackend final : public Backend {
public:
  const char *name() const override { return "cpu"; }

  Result<std::unique_ptr<BackendSession>> createSession(const ModuleParts &parts,
                                                        const SessionOptions &options) override {
    MOEC_ASSIGN_OR_RETURN(std::unique_ptr<CpuSession> session,
                          CpuSession::create(parts.manifest, parts.plan, options));
    return std::unique_ptr<BackendSession>(std::move(session));
  }
};

} // namespace
} // namespace moec::rt::cpu

extern "C" MOEC_API moec::rt::Backend *moecBackend(uint32_t abi) {
  static moec::rt::cpu::CpuBackend backend;
  return abi == moec::rt::backendAbi ? &backend : nullptr;
}
