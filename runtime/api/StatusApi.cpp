//===- StatusApi.cpp - Statuses across the C ABI ---------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/api/Handles.h"

namespace moec::rt {

/// Stands for a status for which there was no memory; never released.
static moec_status *outOfMemory() {
  static moec_status status{Status(Code::Unsupported, "out of memory")};
  return &status;
}
/// Made at load time, while there is memory.
[[maybe_unused]] static moec_status *const madeEarly = outOfMemory();

moec_status *release(Status status) noexcept {
  if (status.ok())
    return nullptr;
  moec_status *handle = new (std::nothrow) moec_status{std::move(status)};
  return handle ? handle : outOfMemory();
}

Status adopt(moec_status *status) {
  if (!status)
    return Status();
  Status copy = status->status;
  moec_status_release(status);
  return copy;
}

} // namespace moec::rt

using namespace moec::rt;

moec_code moec_status_code(const moec_status *status) {
  return status ? static_cast<moec_code>(status->status.exitCode()) : MOEC_OK;
}

const char *moec_status_message(const moec_status *status) {
  return status ? status->status.message().c_str() : "";
}

void moec_status_release(moec_status *status) {
  if (status != outOfMemory())
    delete status;
}

moec_status *moec_status_make(moec_code code, const char *message) {
  return guarded([&] {
    if (code == MOEC_OK)
      return Status();
    bool isKnown = code == MOEC_INVALID || code == MOEC_UNSUPPORTED || code == MOEC_INTERNAL;
    std::string text = message && *message ? message : "failure without a message";
    return Status(isKnown ? static_cast<Code>(code) : Code::Internal, std::move(text));
  });
}

const char *moec_version(void) { return MOEC_VERSION; }
