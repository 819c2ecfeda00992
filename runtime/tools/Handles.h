//===- Handles.h - The C ABI's objects, owned ------------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_TOOLS_HANDLES_H
#define MOEC_RUNTIME_TOOLS_HANDLES_H

#include "moec/runtime.h"
#include "runtime/base/Status.h"

#include <memory>

namespace moec::run {

struct CloseModule {
  void operator()(moec_module *module) const { moec_module_close(module); }
};
struct DestroySession {
  void operator()(moec_session *session) const { moec_session_destroy(session); }
};
using ModuleHandle = std::unique_ptr<moec_module, CloseModule>;
using SessionHandle = std::unique_ptr<moec_session, DestroySession>;

/// Takes over a status of the C ABI.
inline rt::Status take(moec_status *status) {
  if (!status)
    return {};
  std::string message = moec_status_message(status);
  rt::Code code = static_cast<rt::Code>(moec_status_code(status));
  moec_status_release(status);
  return rt::Status(code, message.empty() ? "failed without a message" : std::move(message));
}

/// The other way round.
inline moec_status *give(const rt::Status &status) {
  if (status.ok())
    return nullptr;
  return moec_status_make(static_cast<moec_code>(status.exitCode()), status.message().c_str());
}

} // namespace moec::run

#endif // MOEC_RUNTIME_TOOLS_HANDLES_H
