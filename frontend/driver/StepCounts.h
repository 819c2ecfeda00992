//===- StepCounts.h - Sizes of a step of a plan -----------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef MOEC_FRONTEND_DRIVER_STEPCOUNTS_H
#define MOEC_FRONTEND_DRIVER_STEPCOUNTS_H

#include "runtime/module/Manifest.h"
#include "runtime/plan/Plan.h"
#include "runtime/topology/Machine.h"
#include "runtime/traffic/Traffic.h"

#include <optional>

namespace moec::driver {

/// Tokens of a rank where nobody says: the most that the layer was compiled for; 0: any.
uint32_t defaultTokens(uint32_t most);
/// Invalid, in the words of moe-run, if a rank has more than that; `option` says where from.
rt::Status checkTokens(const char *option, double tokens, uint32_t most);
/// The same of bytes, which do not say how often a token is sent: a rank has at least as many
/// as go to one other, and as all copies over those that each of them may have.
rt::Status checkCopies(const traffic::ItemCounts &counts, uint32_t topK, uint32_t most);

/// Whether it says how many tokens there are, whether it has layers to choose from.
bool hasTokens(const traffic::Traffic &traffic);
bool hasLayers(const traffic::Traffic &traffic);
/// Invalid for options that such traffic leaves without effect: tokens beside some that has
/// its own, a layer of some that has none. `layerOption` is what the command calls that.
rt::Status checkTraffic(const traffic::Traffic &traffic, bool saysTokens,
                        std::optional<uint32_t> layer, const char *layerOption = "--layer");
/// Reads and checks what --traffic names.
rt::Result<traffic::Traffic> readTraffic(const std::string &argument, bool saysTokens,
                                         std::optional<uint32_t> layer);

/// Sizes of a step of the plan from what --traffic says; without `manifest` each rank
/// has one expert, or as many as a token chooses. `tokens` of each rank, where the
/// traffic does not say; `layer` of a file that has several; `nodes`: the plan's, or
/// those of `nodesOfCounts`. Invalid for more tokens than the layer was compiled for.
rt::Result<traffic::ItemCounts> readCounts(const plan::Plan &plan,
                                           const std::optional<Manifest> &manifest,
                                           const std::string &argument, uint32_t tokens,
                                           std::optional<uint32_t> layer, uint32_t nodes);

/// What that assumes of a plan that says nothing of its layer; empty for bytes.
std::string assumptionOf(const plan::Plan &plan, const traffic::Traffic &traffic);

/// Nodes of a step's sizes on a machine: the plan's; where it has one, those that it lies on,
/// or the groups of one at which a bound lets copies merge.
uint32_t nodesOfCounts(const plan::Plan &plan, const topology::Machine &machine,
                       topology::Shape shape);

/// The same for traffic that has been read; of some without layers `layer` is not asked.
rt::Result<traffic::ItemCounts> countsOf(const plan::Plan &plan,
                                         const std::optional<Manifest> &manifest,
                                         const traffic::Traffic &traffic, uint32_t tokens,
                                         std::optional<uint32_t> layer, uint32_t nodes);

/// Sizes of a step from bytes that ranks dispatch to each other: as many tokens as give
/// these bytes, each with one row at its destination. Nodes get the sum of their ranks.
/// Invalid for bytes that cross `nodes` between ranks of one number alone, and meet others
/// on either side: hops of two tiers, of which nobody can tell whose token they are.
rt::Result<traffic::ItemCounts> countsOfBytes(const traffic::Matrix &bytes, double bytesPerToken,
                                              uint32_t nodes);

/// Bytes of a token that goes to another rank: all puts of tokens `D(r, p)` of the plan, or
/// of `M(r, b)` where it sends to nodes. Where it multicasts, of a row and of the record
/// that its rank selects, as if these were put.
double dispatchedBytesPerToken(const plan::Plan &plan);

} // namespace moec::driver

#endif // MOEC_FRONTEND_DRIVER_STEPCOUNTS_H
