//===- Weights.h - The weights of a run ------------------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_TOOLS_WEIGHTS_H
#define MOEC_RUNTIME_TOOLS_WEIGHTS_H

#include "runtime/data/WeightSource.h"
#include "runtime/module/Manifest.h"
#include "runtime/tools/Handles.h"
#include "runtime/tools/Progress.h"

#include <vector>

namespace moec::run {

/// One weight that some rank of the module needs.
struct NeededWeight {
  std::string name;
  WeightRole role = WeightRole::Router;
  rt::Shape shape;
};

rt::Result<std::vector<NeededWeight>> neededWeights(const moec_module *module);

/// Opens `options.weights`, or a generator for `options.random`, and makes sure
/// that all that is needed is there, of a type and shape that can be loaded.
rt::Result<std::unique_ptr<rt::WeightSource>> openWeights(const RunOptions &options,
                                                          const Manifest &manifest,
                                                          const std::vector<NeededWeight> &needed);

/// Writes what is needed, and nothing else, to a safetensors file.
rt::Status saveWeights(const std::string &path, rt::WeightSource &source,
                       const std::vector<NeededWeight> &needed, const Terminal &terminal);

/// A moec_weight_lookup over a source.
class WeightLookup {
public:
  WeightLookup(rt::WeightSource &source, uint64_t count, const Terminal &terminal)
      : source(source), count(count), progress(terminal, "loading weights") {}

  /// `user` is the WeightLookup.
  static moec_status *call(void *user, const char *name, moec_tensor *tensor);

private:
  rt::Status find(const char *name, moec_tensor &tensor);

  rt::WeightSource &source;
  uint64_t count, done = 0;
  Progress progress;
  std::vector<uint64_t> aligned; ///< a copy of a tensor that lies at an odd address
};

/// Of F32, BF16 and F16 only.
rt::Result<moec_dtype> dtypeOf(rt::ElementType type);

} // namespace moec::run

#endif // MOEC_RUNTIME_TOOLS_WEIGHTS_H
