//===- Handles.h - What stands behind the C handles -------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_API_HANDLES_H
#define MOEC_RUNTIME_API_HANDLES_H

#include "moec/runtime.h"
#include "runtime/backends/Backend.h"
#include "runtime/backends/WeightTable.h"
#include "runtime/module/Module.h"

#include <cstring>
#include <exception>
#include <new>
#include <system_error>

namespace moec::rt {

/// What a module and its sessions share.
struct ModuleState {
  explicit ModuleState(Module opened)
      : module(std::move(opened)), weights(tensorTable(module.manifest())) {}
  Module module;
  std::vector<WeightEntry> weights;
};

/// Null for success. Cannot fail: without memory it returns a constant.
moec_status *release(Status status) noexcept;
/// Takes `status` over.
Status adopt(moec_status *status);

/// The body of a C function: no exception leaves it.
template <typename Body> moec_status *guarded(const Body &body) noexcept {
  try {
    return release(body());
  } catch (const std::bad_alloc &) {
    return release(unsupportedError("out of memory"));
  } catch (const std::system_error &error) { // no thread to be had, say
    return release(unsupportedError("the system refused: ", error.what()));
  } catch (const std::exception &exception) {
    return release(internalError("unexpected exception: ", exception.what()));
  } catch (...) {
    return release(internalError("unexpected exception"));
  }
}

/// The caller's struct in our version: what it does not have is zero.
template <typename Struct> Result<Struct> readStruct(const Struct *given, const char *name) {
  Struct ours{};
  if (!given)
    return invalidError(name, ": wanted a struct, found a null pointer");
  if (given->struct_size < sizeof(given->struct_size))
    return invalidError(name, ": wanted struct_size = sizeof(", name, "), found ",
                        given->struct_size);
  std::memcpy(&ours, given, std::min(given->struct_size, sizeof(Struct)));
  ours.struct_size = sizeof(Struct);
  return ours;
}

/// Fills as much of the caller's struct as it has.
template <typename Struct> Status writeStruct(Struct ours, Struct *target, const char *name) {
  if (!target)
    return invalidError(name, ": wanted a struct, found a null pointer");
  size_t size = target->struct_size;
  if (size < sizeof(size))
    return invalidError(name, ": wanted struct_size = sizeof(", name, "), found ", size);
  ours.struct_size = size;
  std::memcpy(target, &ours, std::min(size, sizeof(Struct)));
  return Status();
}

inline Status wantPointer(const void *pointer, const char *name) {
  return pointer ? Status() : invalidError(name, ": wanted a pointer, found null");
}

/// Loads libmoec_<name>.so when it is first asked for and keeps it.
Result<Backend *> loadBackend(const std::string &name);

} // namespace moec::rt

struct moec_status {
  moec::rt::Status status;
};

struct moec_module {
  std::shared_ptr<const moec::rt::ModuleState> state;
};

struct moec_session {
  std::shared_ptr<const moec::rt::ModuleState> state;
  std::unique_ptr<moec::rt::BackendSession> session;
  std::vector<const char *> phaseNames;
};

#endif // MOEC_RUNTIME_API_HANDLES_H
