//===- FilesRead.h - What this process has read -----------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A command reads more than its arguments name: imports of a source, shards, traces of a
// set. Whoever reads a file for a user notes it, so that no output replaces one of them.
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_BASE_FILESREAD_H
#define MOEC_RUNTIME_BASE_FILESREAD_H

#include "runtime/base/Status.h"

#include <string>

namespace moec::rt {

/// The file of an open descriptor. Pipes and devices are not noted: nothing in them can be
/// replaced. Any thread may.
void noteRead(int descriptor);

/// An error where `path` is a file that was noted, by whatever name.
Status refuseToReplaceRead(const std::string &path);

} // namespace moec::rt

#endif // MOEC_RUNTIME_BASE_FILESREAD_H
