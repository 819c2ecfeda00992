//===- ChooseExperts.h - The experts of a token, drawn ----------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A router's scores as a race: expert e arrives after an exponential time of rate
// w_e, the first K are chosen (the same as the K largest of log w_e plus Gumbel
// noise). A group limit takes groups by their first arrival, or by the product of
// the first two, which is the sum of their two best scores.
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_TRAFFIC_CHOOSEEXPERTS_H
#define MOEC_RUNTIME_TRAFFIC_CHOOSEEXPERTS_H

#include "runtime/module/Layer.h"
#include "runtime/traffic/Random.h"

#include <span>

namespace moec::traffic {

class ExpertChooser {
public:
  /// `shares`: of the rows, by expert, of sum 1. The rates are such that experts
  /// are chosen in these shares (as far as one can: nobody is chosen twice).
  ExpertChooser(const std::vector<double> &shares, uint32_t topK,
                const std::optional<GroupLimit> &groups);

  /// Writes `topK` distinct experts.
  void choose(Random &random, std::span<uint32_t> chosen);

private:
  struct Group {
    double next = 0, first = 0; ///< time of the next arrival and of the first
    uint32_t expert = 0;        ///< that arrives next
    uint32_t left = 0;          ///< experts behind it
  };

  void chooseOfAll(Random &random, std::span<uint32_t> chosen);
  void chooseOfGroups(Random &random, std::span<uint32_t> chosen);
  /// Draws the next arrival of a group.
  void advance(Random &random, uint32_t group);
  /// The rates of a group's experts that have not arrived; `first` is its first expert.
  double rateLeft(uint32_t first) const;
  uint32_t drawLeft(Random &random, uint32_t first, uint32_t last, double rate) const;

  std::vector<double> rates, sums; ///< by expert; running sums
  std::vector<uint8_t> isTaken;    ///< by expert
  std::optional<GroupLimit> limit;
  std::vector<double> groupRates;   ///< of all experts of a group
  std::vector<double> ratesWithout; ///< of all of an expert's group but itself
  std::vector<Group> groups;
  std::vector<uint32_t> order, arrivals, seconds; ///< by group
  std::vector<double> secondTimes;
  uint32_t groupSize = 0;
};

/// Rates whose race of `topK` winners has the inclusion chances topK * shares, capped
/// at 1: w = -log(1 - chance), Rosen's approximation of successive sampling.
std::vector<double> ratesOf(const std::vector<double> &shares, uint32_t topK);

} // namespace moec::traffic

#endif // MOEC_RUNTIME_TRAFFIC_CHOOSEEXPERTS_H
