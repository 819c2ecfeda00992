//===- ExpertLoads.h - How often each expert was chosen ---------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Histograms as serving systems write them, one a layer and period of time:
//
//   CSV   `expert,count` or `layer,expert,count`, one a line; a first line of
//         words names the columns in any order (layer, window, expert, count).
//         An expert without a line has none, but the last one is named: a file
//         that was cut short would pass for one.
//   JSON  [counts], [layers][counts], [windows][layers][counts], or an object
//         with one of them under `logical_count`: what SGLang's expert
//         distribution recorder holds and its --init-expert-location reads
//         (sgl-project/sglang python/sglang/srt/eplb, 01fec5c); or the report of
//         `moec run --json`, which has [counts] under `expert_tokens`.
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_TRAFFIC_EXPERTLOADS_H
#define MOEC_RUNTIME_TRAFFIC_EXPERTLOADS_H

#include "runtime/base/Status.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace moec::traffic {

/// Counts are of any unit (rows, shares): only their ratios matter. They are
/// finite and not negative, and no window is without any.
struct LayerLoads {
  std::vector<std::vector<double>> windows; ///< [period of time][expert]; at least one
  /// The highest expert that the file names, plus one.
  uint32_t experts() const;
};

/// By number of the layer. A file that names no layers holds layer 0 alone.
struct ExpertLoads {
  std::string name; ///< of the file, for messages
  bool namesLayers = false;
  std::map<uint32_t, LayerLoads> layers; ///< at least one

  /// How lines of numbers alone were read, where they could be meant otherwise.
  std::string reading;

  /// The layer's histograms, [window][expert], for `experts` experts, 0: as many as the
  /// file names. Without a number the file must hold one layer only.
  rt::Result<std::vector<std::vector<double>>> of(std::optional<uint32_t> layer,
                                                  uint32_t experts) const;
};

/// `name` is what messages call the text. One error, with its line or element.
rt::Result<ExpertLoads> parseExpertLoads(std::string_view text, const std::string &name);

} // namespace moec::traffic

#endif // MOEC_RUNTIME_TRAFFIC_EXPERTLOADS_H
