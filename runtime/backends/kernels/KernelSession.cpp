//===- KernelSession.cpp - A session of generated kernels ------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/backends/kernels/KernelSession.h"

#include "runtime/backends/Capacity.h"
#include "runtime/backends/WeightTensor.h"
#include "runtime/backends/kernels/ArgumentBlocks.h"
#include "runtime/backends/kernels/RouteCounts.h"
#include "runtime/plan/Names.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstring>

namespace moec::rt {

// --- Making a session --------------------------------------------------------

KernelSession::KernelSession(const ModuleParts &given, std::unique_ptr<Device> givenDevice,
                             uint64_t deadlineNs)
    : manifest(given.manifest), plan(given.plan), kernels(given.kernels),
      device(std::move(givenDevice)), deadlineNs(deadlineNs), pitches(devicePitches(plan)),
      input(bufferOf(plan, plan::BufferSpace::Input)),
      output(bufferOf(plan, plan::BufferSpace::Output)), route(routeBuffer(plan)) {
  for (const Launch &launch : kernels.launches)
    lastReport.phaseNames.push_back(launch.name);
  lastReport.phaseSeconds.resize(kernels.launches.size());
  lastReport.dispatchBytes.resize(size_t(plan.ranks) * plan.ranks);
  lastReport.combineBytes.resize(size_t(plan.ranks) * plan.ranks);
  lastReport.expertTokens.resize(manifest.layer.experts);
}

Result<std::unique_ptr<KernelSession>> KernelSession::create(const ModuleParts &parts,
                                                             const SessionOptions &options,
                                                             std::unique_ptr<Device> device,
                                                             uint64_t deadlineNs) {
  if (parts.kernels.arch.empty())
    return invalidError("wanted a module with kernels (moec compile --target sm_90a), found ",
                        "one for target ", quote(parts.manifest.target));
  for (const plan::Op &op : parts.plan.ops)
    if (op.task > plan::TaskKind::SlotSum) // two tiers, partial sums
      return unsupportedError("wanted a plan that kernels carry out, found one with the task ",
                              plan::nameOf(op.task), "; the cpu backend runs it");
  const Layer &layer = parts.manifest.layer;
  if (layer.tokensType != DType::BF16 || layer.weightsType != DType::BF16)
    return unsupportedError("kernels want tokens and weights of bf16");
  MOEC_ASSIGN_OR_RETURN(uint32_t capacity,
                        chooseCapacity(options.maxTokensPerRank, parts.manifest.maxTokensPerRank));
  std::unique_ptr<KernelSession> session(new KernelSession(parts, std::move(device), deadlineNs));
  session->mayGrow = capacity == 0;
  MOEC_RETURN_IF_ERROR(session->prepare(capacity));
  return session;
}

Status KernelSession::prepare(uint32_t capacity) {
  MOEC_RETURN_IF_ERROR(device->load(kernels));
  MOEC_RETURN_IF_ERROR(chooseGrid());
  MOEC_ASSIGN_OR_RETURN(weights, DeviceWeights::create(*device, manifest, kernels));
  PlacementTables owners = placementTables(manifest);
  uint64_t bytes = owners.words.size() * sizeof(uint32_t);
  placementStride = owners.stride;
  MOEC_ASSIGN_OR_RETURN(
      placement, DeviceAllocation::create(*device, bytes, MemoryKind::Table, 0, "placement"));
  MOEC_RETURN_IF_ERROR(device->copyIn(placement.address(), owners.words.data(), bytes));
  return capacity ? reserve(capacity) : Status();
}

/// All CTAs of a launch are resident at once, on every kernel alike.
Status KernelSession::chooseGrid() {
  uint32_t fewest = UINT32_MAX;
  for (uint32_t kernel = 0; kernel < kernels.kernels.size(); ++kernel) {
    MOEC_ASSIGN_OR_RETURN(uint32_t resident, device->residentCtas(kernel));
    if (resident < plan.ranks)
      return unsupportedError("kernel ", quote(kernels.kernels[kernel].name), ": wanted room for ",
                              plan.ranks, " CTAs at once, one a rank, found ", resident);
    fewest = std::min(fewest, resident);
  }
  ctasPerRank = fewest / plan.ranks;
  return {};
}

Status KernelSession::writeState(uint32_t rank) {
  RankState state;
  state.rank = rank;
  state.ranks = plan.ranks;
  state.localExperts = static_cast<uint32_t>(manifest.placement.slots[rank].size());
  state.maxTokens = memory->maxTokens();
  state.deadlineNs = deadlineNs;
  return device->copyIn(memory->state(rank), &state, sizeof(state));
}

Status KernelSession::reserve(uint32_t maxTokens) {
  tables.clear(); // not both at once
  memory.reset();
  deviceSteps = 0;
  MOEC_ASSIGN_OR_RETURN(memory, DeviceMemory::create(*device, parts, maxTokens));
  Status status = fillMemory();
  if (!status.ok())
    memory.reset();
  return status;
}

/// What kernels find when they first run.
Status KernelSession::fillMemory() {
  for (uint32_t rank = 0; rank < plan.ranks; ++rank)
    MOEC_RETURN_IF_ERROR(writeState(rank));
  for (const Kernel &kernel : kernels.kernels) {
    MOEC_ASSIGN_OR_RETURN(
        DeviceAllocation table,
        makeArgumentTable(*device, parts, kernel,
                          {*memory, *weights, placement.address(), placementStride}));
    tables.push_back(std::move(table));
  }
  return {};
}

Status KernelSession::loadWeights(const WeightLookup &lookup) { return weights->load(lookup); }

// --- A step ------------------------------------------------------------------

/// Rows of hidden elements as they lie on the device, zeros up to the pitch.
Status KernelSession::copyIn(uint32_t rank, const moec_rank_io &io) {
  uint32_t tokens = static_cast<uint32_t>(io.tokens);
  MOEC_RETURN_IF_ERROR(
      device->copyIn(memory->state(rank) + offsetof(RankState, tokens), &tokens, sizeof(tokens)));
  if (tokens == 0)
    return {};
  uint64_t hidden = manifest.layer.hidden, pitch = pitches[input];
  uint64_t target = memory->buffer(rank, input);
  if (io.input_dtype == MOEC_BF16 && pitch == hidden * 2)
    return device->copyIn(target, io.input, tokens * pitch);
  moec_tensor tensor = {io.input_dtype, 2, {tokens, manifest.layer.hidden}, io.input};
  staging.assign(tokens * pitch, std::byte(0));
  convertRows(tensor, {tokens, hidden, 0, hidden}, 0, tokens, DType::BF16, staging.data(), pitch);
  return device->copyIn(target, staging.data(), staging.size());
}

/// The first kernel that is made for that many rows of an expert.
static uint32_t chooseVariant(const Launch &launch, uint64_t rowsPerExpert) {
  for (const KernelVariant &variant : launch.variants)
    if (rowsPerExpert <= variant.maxRowsPerExpert)
      return variant.kernel;
  return launch.variants.back().kernel;
}

Status KernelSession::launchAll(uint64_t tokens) {
  uint64_t experts = manifest.layer.experts;
  uint64_t expected = (tokens * plan.topK + experts - 1) / experts;
  auto start = std::chrono::steady_clock::now();
  for (const Launch &launch : kernels.launches) {
    uint32_t kernel = chooseVariant(launch, expected);
    Status status = device->launch({kernel, ctasPerRank, plan.ranks, tables[kernel].address()});
    MOEC_RETURN_IF_ERROR(status.within("launch ", quote(launch.name)));
  }
  MOEC_RETURN_IF_ERROR(device->synchronize());
  std::chrono::duration<double> passed = std::chrono::steady_clock::now() - start;
  lastReport.seconds = passed.count();
  std::vector<double> seconds = device->launchSeconds();
  for (size_t i = 0; i < lastReport.phaseSeconds.size(); ++i)
    lastReport.phaseSeconds[i] = i < seconds.size() ? seconds[i] : 0;
  return {};
}

/// "rank 1: waited 10000 ms for fd of rank 0 at x.moe:12:3: wanted epoch 4, found 3".
std::string KernelSession::describeExpiry(uint32_t rank, const RankState &state) const {
  std::string flag = concat("flag ", state.statusFlag), place;
  if (state.statusFlag < plan.flags.size())
    flag = plan.flags[state.statusFlag].name;
  for (const plan::Op &op : plan.ops)
    if (op.kind == plan::OpKind::Wait && op.flag == state.statusFlag && op.location.line)
      place = concat(" at ", printable(op.location.file), ":", op.location.line, ":",
                     op.location.column);
  return concat("rank ", rank, ": waited ", deadlineNs / 1'000'000, " ms for ", flag, " of rank ",
                state.statusPeer, place, ": wanted epoch ", deviceSteps + 1, ", found ",
                state.statusSeen);
}

Status KernelSession::checkStates() {
  std::string expired;
  for (uint32_t rank = 0; rank < plan.ranks; ++rank) {
    RankState state;
    MOEC_RETURN_IF_ERROR(device->copyOut(&state, memory->state(rank), sizeof(state)));
    if (state.statusCode)
      expired += (expired.empty() ? "" : "; ") + describeExpiry(rank, state);
    else if (expired.empty() && state.step != deviceSteps + 1)
      return internalError("rank ", rank, ": wanted ", deviceSteps + 1, " steps done, found ",
                           state.step);
  }
  return expired.empty() ? Status() : internalError(expired);
}

Status KernelSession::copyOut(uint32_t rank, const moec_rank_io &io) {
  uint64_t tokens = static_cast<uint64_t>(io.tokens);
  if (tokens == 0)
    return {};
  uint64_t bytes = manifest.layer.hidden * sizeof(float), pitch = pitches[output];
  uint64_t source = memory->buffer(rank, output);
  if (pitch == bytes) {
    MOEC_RETURN_IF_ERROR(device->copyOut(io.output, source, tokens * bytes));
  } else {
    staging.resize(tokens * pitch);
    MOEC_RETURN_IF_ERROR(device->copyOut(staging.data(), source, staging.size()));
    for (uint64_t token = 0; token < tokens; ++token)
      std::memcpy(io.output + token * manifest.layer.hidden, &staging[token * pitch], bytes);
  }
  uint64_t choices = tokens * plan.topK;
  if (io.topk_indices)
    MOEC_RETURN_IF_ERROR(
        device->copyOut(io.topk_indices, memory->chosenExperts(rank), choices * sizeof(int64_t)));
  if (io.topk_weights)
    MOEC_RETURN_IF_ERROR(
        device->copyOut(io.topk_weights, memory->chosenWeights(rank), choices * sizeof(float)));
  return {};
}

Status KernelSession::fillReport(std::span<const moec_rank_io> io) {
  for (std::vector<uint64_t> *counts :
       {&lastReport.dispatchBytes, &lastReport.combineBytes, &lastReport.expertTokens})
    std::fill(counts->begin(), counts->end(), 0);
  for (uint32_t rank = 0; rank < plan.ranks; ++rank) {
    uint64_t tokens = static_cast<uint64_t>(io[rank].tokens);
    std::vector<uint32_t> entries(tokens * 3 * plan.topK);
    MOEC_RETURN_IF_ERROR(device->copyOut(entries.data(), memory->buffer(rank, route),
                                         entries.size() * sizeof(uint32_t)));
    MOEC_RETURN_IF_ERROR(countRoute(manifest, plan, rank, entries, tokens, lastReport));
  }
  return {};
}

/// Failures from here on leave the ranks in different states.
Status KernelSession::run(std::span<const moec_rank_io> io) {
  uint64_t tokens = 0;
  for (uint32_t rank = 0; rank < plan.ranks; ++rank) {
    MOEC_RETURN_IF_ERROR(copyIn(rank, io[rank]));
    tokens += static_cast<uint64_t>(io[rank].tokens);
  }
  MOEC_RETURN_IF_ERROR(launchAll(tokens));
  MOEC_RETURN_IF_ERROR(checkStates());
  for (uint32_t rank = 0; rank < plan.ranks; ++rank)
    MOEC_RETURN_IF_ERROR(copyOut(rank, io[rank]));
  return fillReport(io);
}

Status KernelSession::step(std::span<const moec_rank_io> io) {
  if (!failure.ok())
    return failure.within("an earlier step failed");
  if (!weights->isLoaded())
    return invalidError("wanted weights before the first step, found none loaded");
  uint32_t capacity = memory ? memory->maxTokens() : 0;
  MOEC_RETURN_IF_ERROR(checkStepIo(io, plan.ranks, mayGrow ? 0 : capacity));
  int64_t most = 1;
  for (const moec_rank_io &part : io)
    most = std::max(most, part.tokens);
  if (most > capacity)
    MOEC_RETURN_IF_ERROR(reserve(grownCapacity(capacity, most)));
  failure = run(io).within("step ", lastReport.step + 1);
  MOEC_RETURN_IF_ERROR(failure);
  ++deviceSteps;
  ++lastReport.step;
  return {};
}

} // namespace moec::rt
