//===- EmulatorBackend.cpp - Entry point of libmoec_emulator.so ------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/backends/emulator/device/EmulatorDevice.h"
#include "runtime/backends/kernels/KernelSession.h"

#include <cstdlib>

namespace moec::rt::emulator {
namespace {

/// Numbers of the environment, README.md lists them.
Result<uint64_t> numberOf(const char *variable, uint64_t otherwise, uint64_t least, uint64_t most) {
  const char *text = std::getenv(variable);
  if (!text || !*text)
    return otherwise;
  char *end = nullptr;
  const unsigned long long value = std::strtoull(text, &end, 10);
  if (*end != 0 || value < least || value > most)
    return invalidError(variable, ": wanted a number from ", least, " to ", most, ", found '", text,
                        "'");
  return uint64_t{value};
}

Result<std::unique_ptr<BackendSession>> makeSession(const ModuleParts &parts,
                                                    const SessionOptions &given) {
  DeviceOptions options;
  options.seed = given.testSeed;
  MOEC_ASSIGN_OR_RETURN(uint64_t ctas, numberOf("MOEC_EMULATOR_CTAS", options.ctasPerRank, 1, 64));
  options.ctasPerRank = static_cast<uint32_t>(ctas);
  MOEC_ASSIGN_OR_RETURN(uint64_t refines,
                        numberOf("MOEC_EMULATOR_REFINE", given.testSeed != 0, 0, 1));
  options.refines = refines != 0;
  MOEC_ASSIGN_OR_RETURN(uint64_t deadlineMs, numberOf("MOEC_EMULATOR_DEADLINE_MS",
                                                      defaultDeadlineNs / 1'000'000, 1, 1'000'000));
  auto device = std::make_unique<EmulatorDevice>(parts.plan, options);
  MOEC_ASSIGN_OR_RETURN(
      std::unique_ptr<KernelSession> session,
      KernelSession::create(parts, given, std::move(device), deadlineMs * 1'000'000));
  return std::unique_ptr<BackendSession>(std::move(session));
}

class EmulatorBackend final : public Backend {
public:
  const char *name() const override { return "emulator"; }

  Result<std::unique_ptr<BackendSession>> createSession(const ModuleParts &parts,
                                                        const SessionOptions &options) override {
    auto session = makeSession(parts, options);
    if (!session)
      return session.status().within("backend 'emulator'");
    return session;
  }
};

} // namespace
} // namespace moec::rt::emulator

extern "C" MOEC_API moec::rt::Backend *moecBackend(uint32_t abi) {
  static moec::rt::emulator::EmulatorBackend backend;
  return abi == moec::rt::backendAbi ? &backend : nullptr;
}
