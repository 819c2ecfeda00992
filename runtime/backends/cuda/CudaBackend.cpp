//===- CudaBackend.cpp - Entry point of libmoec_cuda.so --------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/backends/cuda/CudaDevice.h"
#include "runtime/backends/kernels/KernelSession.h"

namespace moec::rt::cuda {
namespace {

/// Several times the deadline of a wait: whoever waits for flags has given up by then.
constexpr std::chrono::seconds patience(60);

Result<std::unique_ptr<BackendSession>> makeSession(const ModuleParts &parts,
                                                    const SessionOptions &options) {
  if (options.testSeed)
    return unsupportedError("wanted no test seed, found ", options.testSeed);
  MOEC_ASSIGN_OR_RETURN(Driver driver, Driver::open());
  MOEC_ASSIGN_OR_RETURN(std::unique_ptr<CudaDevice> device,
                        CudaDevice::create(driver, /*ordinal=*/0, patience));
  MOEC_ASSIGN_OR_RETURN(std::unique_ptr<KernelSession> session,
                        KernelSession::create(parts, options, std::move(device)));
  return std::unique_ptr<BackendSession>(std::move(session));
}

class CudaBackend final : public Backend {
public:
  const char *name() const override { return "cuda"; }

  Result<std::unique_ptr<BackendSession>> createSession(const ModuleParts &parts,
                                                        const SessionOptions &options) override {
    auto session = makeSession(parts, options);
    if (!session)
      return session.status().within("backend 'cuda'");
    return session;
  }
};

} // namespace
} // namespace moec::rt::cuda

extern "C" MOEC_API moec::rt::Backend *moecBackend(uint32_t abi) {
  static moec::rt::cuda::CudaBackend backend;
  return abi == moec::rt::backendAbi ? &backend : nullptr;
}
