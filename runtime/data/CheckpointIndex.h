//===- CheckpointIndex.h - Which shard holds which tensor ------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_DATA_CHECKPOINTINDEX_H
#define MOEC_RUNTIME_DATA_CHECKPOINTINDEX_H

#include "runtime/base/Status.h"

#include <map>
#include <string>
#include <string_view>

namespace moec::rt {

/// Tensor name to file name. The files lie in the folder of the index: a name with
/// a folder in it is refused.
using WeightMap = std::map<std::string, std::string, std::less<>>;

/// Reads {"weight_map": {tensor: file}, ..}; other keys are skipped.
Result<WeightMap> parseCheckpointIndex(std::string_view json);

} // namespace moec::rt

#endif // MOEC_RUNTIME_DATA_CHECKPOINTINDEX_H
