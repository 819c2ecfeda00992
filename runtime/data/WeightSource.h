//===- WeightSource.h - Where weights come from ----------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_DATA_WEIGHTSOURCE_H
#define MOEC_RUNTIME_DATA_WEIGHTSOURCE_H

#include "runtime/base/Status.h"
#include "runtime/data/Tensor.h"

#include <memory>
#include <string>
#include <string_view>

namespace moec::rt {

/// Finds tensors by the name that they have in the checkpoint. One thread at a
/// time.
class WeightSource {
public:
  virtual ~WeightSource() = default;

  virtual bool contains(std::string_view name) const = 0;
  /// Invalid where there is no such tensor. The bytes stay valid until the next
  /// call of find() of the same source.
  virtual Result<TensorView> find(const std::string &name) = 0;
  /// Type and shape alone; touches and makes no values.
  virtual Result<TensorSpec> describe(const std::string &name) = 0;
  /// Which place a tensor comes from, for messages: "x.safetensors".
  virtual std::string placeOf(std::string_view name) const = 0;
};

/// Opens a safetensors file, the index of a sharded checkpoint (`*.index.json`),
/// or a folder that holds an index or else safetensors files. A file may hold more
/// than is asked for. Shards of an index are opened when a tensor of theirs is
/// asked for, so that those of other layers need not be there.
Result<std::unique_ptr<WeightSource>> openCheckpoint(const std::string &path);

} // namespace moec::rt

#endif // MOEC_RUNTIME_DATA_WEIGHTSOURCE_H
