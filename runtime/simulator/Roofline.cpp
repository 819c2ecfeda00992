//===- Roofline.cpp - Kernel times from operations and bytes --------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/simulator/Roofline.h"

#include <algorithm>
#include <cmath>

namespace moec::simulator {

static double bytesOf(DType type) { return type == DType::F32 ? 4 : 2; }

rt::Result<GpuRates> gpuRatesOf(const topology::Machine &machine, DType type) {
  if (!machine.memoryBytesPerSecond)
    return rt::invalidError("machine ", machine.name,
                            ": wanted the rate of its memory, found none");
  std::string name = type == DType::F32 ? "tf32" : "bf16";
  for (const topology::Compute &compute : machine.compute)
    if (compute.type == name || compute.type == "bf16")
      return GpuRates{.operationsPerSecond =
                          reachedOfOperations * compute.operationsPerSecond.value,
                      .bytesPerSecond = reachedOfMemory * machine.memoryBytesPerSecond->value,
                      .launchSeconds = kernelLaunchSeconds};
  return rt::invalidError("machine ", machine.name, ": wanted its rate of ", name,
                          " products, found none");
}

double Roofline::timeOf(double operations, double bytes) const {
  if (operations == 0 && bytes == 0)
    return 0;
  return rates.launchSeconds +
         std::max(operations / rates.operationsPerSecond, bytes / rates.bytesPerSecond);
}

/// For one row.
double Roofline::operationsOfMlp(const GatedMlp &mlp) const {
  int matrices = mlp.activation.usesGate() ? 3 : 2;
  return 2.0 * matrices * layer.hidden * mlp.intermediate;
}

double Roofline::bytesOfMlp(const GatedMlp &mlp) const {
  return operationsOfMlp(mlp) / 2 * bytesOf(layer.weightsType);
}

/// Weights of an expert are read once if any row is its own, which `rows` thrown at
/// `experts` leave out with (1 - 1 / experts) ^ rows.
double Roofline::timeOfExperts(const KernelWork &work) const {
  double experts = static_cast<double>(placement.slots[work.rank].size());
  double hit = experts == 0
                   ? 0
                   : experts * (1 - std::pow(1 - 1 / std::max(experts, 1.0), work.itemsWritten));
  return timeOf(operationsOfMlp(layer.expert) * work.itemsWritten,
                work.bytesRead + work.bytesWritten + hit * bytesOfMlp(layer.expert));
}

double Roofline::seconds(const KernelWork &work) const {
  double bytes = work.bytesRead + work.bytesWritten;
  double hidden = layer.hidden, experts = layer.experts;
  switch (work.task) {
  case plan::TaskKind::Route:
    if (work.itemsRead == 0)
      return 0;
    return timeOf(2 * work.itemsRead * hidden * experts,
                  bytes + hidden * experts * bytesOf(layer.weightsType));
  case plan::TaskKind::Experts:
    return work.itemsWritten == 0 ? 0 : timeOfExperts(work);
  case plan::TaskKind::Shared:
    if (work.itemsRead == 0 || !layer.shared)
      return 0;
    return timeOf(operationsOfMlp(layer.shared->mlp) * work.itemsRead,
                  bytes + bytesOfMlp(layer.shared->mlp));
  case plan::TaskKind::Pack:
  case plan::TaskKind::PackNodes:
  case plan::TaskKind::Split:
  case plan::TaskKind::Select:
  case plan::TaskKind::Stages:
  case plan::TaskKind::Lanes:
    return bytes / rates.bytesPerSecond; // a few records, in the launch of what follows
  case plan::TaskKind::RankSum:
  case plan::TaskKind::FullSum:
  case plan::TaskKind::NodeSum: // one launch for all sources or nodes
    return bytes == 0 ? 0 : bytes / rates.bytesPerSecond + rates.launchSeconds / work.tasks;
  case plan::TaskKind::SlotSum:
  case plan::TaskKind::PartSum:
  case plan::TaskKind::SwitchSum:
    return timeOf(0, bytes);
  }
  return 0;
}

} // namespace moec::simulator
