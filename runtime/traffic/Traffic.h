//===- Traffic.h - Where the tokens of a step go ----------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The argument of --traffic, of every command:
//
//   uniform                       expectations of routing without preference
//   lognormal:SIGMA:SEED[:OF]     loads exp(SIGMA * normal), OF experts (default),
//                                 ranks or pairs
//   zipf:A:SEED                   loads 1 / i^A, dealt to the experts at random
//   FILE                          README.md lists the formats
//
// Loads are those of experts, shared by all sources: every rank finds the same
// experts hot, as it is in measured traffic. `ranks` makes ranks hot as a whole;
// `pairs` gives each source its own hot ranks, which is the other reading of skew.
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_TRAFFIC_TRAFFIC_H
#define MOEC_RUNTIME_TRAFFIC_TRAFFIC_H

#include "runtime/base/Status.h"
#include "runtime/module/Layer.h"
#include "runtime/traffic/ExpertLoads.h"
#include "runtime/traffic/ItemCounts.h"

#include <optional>
#include <string>
#include <vector>

namespace moec::traffic {

enum class TrafficKind : uint8_t {
  Uniform,
  LogNormal,
  Zipf,
  Load,  ///< measured: how often each expert was chosen
  Bytes, ///< ranks x ranks, row = source
  Trace, ///< the experts of every token
};
enum class SkewOf : uint8_t { Experts, Ranks, Pairs };

/// The experts of the tokens of one layer, in the order of the tokens.
struct Trace {
  uint32_t topK = 0;
  std::vector<uint32_t> experts; ///< [token][slot]
  std::vector<uint32_t> ranks;   ///< source of each token; empty: dealt evenly, in order
  size_t tokens() const { return topK ? experts.size() / topK : 0; }
  /// The expert that the last token has chosen twice, if there is one.
  std::optional<uint32_t> repeatedExpert() const;
};

struct Traffic {
  TrafficKind kind = TrafficKind::Uniform;
  double parameter = 0; ///< sigma or A
  uint64_t seed = 0;
  SkewOf of = SkewOf::Experts;
  std::optional<ExpertLoads> loads;
  Matrix bytes;
  std::vector<Trace> trace; ///< [layer]
  std::string text;         ///< as it was asked for

  /// Without a number there must be one layer.
  rt::Result<const Trace *> traceOf(std::optional<uint32_t> layer) const;
};

/// Reads the argument, and the file if it names one.
rt::Result<Traffic> parseTraffic(const std::string &argument);

/// The bytes of a file, told apart by content (README.md). `name` is for messages.
rt::Result<Traffic> readTraffic(std::string_view text, const std::string &name);

/// What traffic is routed by.
struct Routing {
  std::vector<uint32_t> tokens; ///< of each rank
  uint32_t nodes = 1;           ///< divides the ranks
  uint32_t topK = 1;
  uint32_t experts = 1;
  std::optional<GroupLimit> groups;
  Placement placement; ///< as many lists as ranks

  uint32_t ranks() const { return static_cast<uint32_t>(tokens.size()); }
};

/// The step's sizes. `layer` picks the layer of a file that has several, and
/// the draw of a law. Uniform traffic gives expectations, laws and loads a drawn step:
/// chosen without replacement, with weights under which each expert's expected share
/// is its load. A copy of a replicated expert serves a token by the rule of the
/// runtime (runtime/module/Homes.h). Errors: traffic that is bytes (there are
/// no counts in it), files of other experts, top-k, ranks or layers than `routing`.
rt::Result<ItemCounts> countItems(const Traffic &traffic, const Routing &routing,
                                  std::optional<uint32_t> layer = {});

/// The load of every expert that a law or a file gives, [source or 1][expert],
/// each row of sum 1.
rt::Result<std::vector<std::vector<double>>>
shareOfExperts(const Traffic &traffic, const Routing &routing, std::optional<uint32_t> layer = {});

/// As nccl-tests reads it from NCCL_TESTS_ALLTOALLV_MATRIX_FILE: whitespace between
/// the cells, each rounded up to 16 bytes.
std::string ncclTestsText(const Matrix &bytes);
/// As --traffic reads it: commas, whole bytes.
std::string csvText(const Matrix &bytes);

} // namespace moec::traffic

#endif // MOEC_RUNTIME_TRAFFIC_TRAFFIC_H
