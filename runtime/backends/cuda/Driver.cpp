//===- Driver.cpp - What is used of libcuda --------------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/backends/cuda/Driver.h"

#include <dlfcn.h>

namespace moec::rt::cuda {

std::string Driver::describe(Error error) const {
  const char *name = nullptr, *text = nullptr;
  if (getErrorName(error, &name) != 0 || getErrorString(error, &text) != 0 || !name || !text)
    return concat("error ", error);
  return concat(text, " (", name, ")");
}

Status Driver::check(Error error, const char *what) const {
  if (error == 0)
    return {};
  if (error == errorOutOfMemory || error == errorTooLarge)
    return unsupportedError(what, ": ", describe(error));
  return internalError(what, ": ", describe(error));
}

Result<Driver> Driver::open(const char *name) {
  // Never closed: the driver keeps threads of its own.
  void *library = dlopen(name, RTLD_NOW | RTLD_LOCAL);
  if (!library)
    return unsupportedError("wanted NVIDIA's driver on this machine, found none: ", dlerror());
  Driver driver;
  const char *missing = nullptr;
#define MOEC_LOAD(symbol, member, parameters)                                                      \
  driver.member = reinterpret_cast<Error(*) parameters>(dlsym(library, #symbol));                  \
  missing = driver.member ? missing : #symbol;
  MOEC_CUDA_FUNCTIONS(MOEC_LOAD)
#undef MOEC_LOAD
  if (missing)
    return unsupportedError("wanted a driver for CUDA 12.0 or newer, found one without ", missing);
  if (Error error = driver.init(0))
    return unsupportedError("wanted a GPU that is ready, found none: ", driver.describe(error));
  return driver;
}

} // namespace moec::rt::cuda
