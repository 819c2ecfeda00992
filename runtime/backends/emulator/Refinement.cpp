//===- Refinement.cpp - Did the kernels do what the plan says? -------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/backends/emulator/Refinement.h"

#include "runtime/plan/Expand.h"

#include <algorithm>
#include <map>
#include <set>

namespace moec::rt::emulator {

using plan::BufferLayout;
using plan::BufferSpace;
using plan::ConcreteItems;
using plan::ConcreteRegion;
using plan::ItemSetKind;
using plan::Op;
using plan::OpKind;
using plan::Plan;
using plan::Scope;

namespace {

/// A record that one rank writes on another.
struct Record {
  uint64_t bytes = 0, pitch = 0; ///< that must, that may be written
  uint32_t op = 0, from = 0;
  bool isOptional = false; ///< of a local task
  std::vector<bool> written;
};

/// A flag cell that is to be released.
struct Cell {
  uint32_t op = 0, from = 0, to = 0;
  uint64_t value = 0;
  std::optional<size_t> event; ///< where it was
};

class Checker {
public:
  Checker(const Plan &plan, const StepFacts &facts, const Trace &trace)
      : plan(plan), facts(facts), trace(trace) {}
  Status run();

private:
  Status expectAll();
  Status expectOp(uint32_t number, const Scope &scope);
  Status expectRegion(uint32_t number, const ConcreteRegion &region, uint32_t from, uint32_t to,
                      bool isOptional);
  Status expectSignal(uint32_t number, const Scope &scope);
  Status expectWait(uint32_t number, const Scope &scope);
  Result<uint64_t> cellAddress(const Op &op, const Scope &scope, uint32_t owner) const;
  std::vector<uint64_t> items(const ConcreteItems &set) const;

  Status seePut(size_t index);
  Status seeSignal(size_t index);
  Status checkRecords() const;
  Status checkCells() const;
  Status checkOrder(const Cell &cell) const;
  Status checkWaits() const;
  std::set<uint32_t> putsBefore(uint32_t op) const;
  std::string placeText(uint32_t owner, uint64_t address) const;
  const Record *recordOf(uint64_t address) const;

  const Plan &plan;
  const StepFacts &facts;
  const Trace &trace;
  std::map<uint64_t, Record> records; ///< by address
  std::map<uint64_t, Cell> cells;     ///< by address
  struct Awaited {
    uint32_t op, rank;
    uint32_t epoch;
  };
  std::map<uint64_t, Awaited> waits; ///< by address
};

} // namespace

// --- What the plan wants ---------------------------------------------------------

std::vector<uint64_t> Checker::items(const ConcreteItems &set) const {
  std::vector<uint64_t> list;
  const std::vector<uint32_t> &owners = facts.owners[set.first];
  for (uint64_t token = 0; token < facts.tokens[set.first]; ++token) {
    bool isThere = set.kind == ItemSetKind::A;
    for (uint32_t slot = 0; slot < plan.topK; ++slot) {
      uint32_t owner = owners[token * plan.topK + slot] >> 16;
      if (set.kind == ItemSetKind::M)
        owner /= plan.lanes();
      if (set.kind == ItemSetKind::A || owner != set.second)
        continue;
      isThere = true;
      if (set.kind == ItemSetKind::Y)
        list.push_back(token * plan.topK + slot);
    }
    if (isThere && set.kind != ItemSetKind::Y)
      list.push_back(token);
  }
  return list;
}

Status Checker::expectRegion(uint32_t number, const ConcreteRegion &region, uint32_t from,
                             uint32_t to, bool isOptional) {
  const plan::Buffer &buffer = plan.buffers[region.buffer];
  if (!facts.bufferOffsets[region.buffer])
    return invalidError("plan op '", plan.ops[number].name, "' writes '", buffer.name,
                        "', which no kernel knows");
  const uint64_t pitch = facts.pitches[region.buffer];
  const uint64_t base = facts.heaps[to] + *facts.bufferOffsets[region.buffer] +
                        region.region * facts.maxTokens * buffer.recordsPerToken * pitch;
  uint64_t position = 0;
  for (uint64_t item : items(region.items)) {
    const uint64_t at = buffer.layout == BufferLayout::Seq ? position++ : item;
    Record record;
    record.bytes = buffer.bytesPerRecord;
    record.pitch = pitch;
    record.op = number;
    record.from = from;
    record.isOptional = isOptional;
    record.written.resize(pitch);
    records.try_emplace(base + at * pitch, std::move(record));
  }
  return {};
}

Result<uint64_t> Checker::cellAddress(const Op &op, const Scope &scope, uint32_t owner) const {
  if (!facts.flagOffsets[op.flag])
    return invalidError("plan op '", op.name, "' uses flag '", plan.flags[op.flag].name,
                        "', which no kernel knows");
  return facts.heaps[owner] + *facts.flagOffsets[op.flag] +
         8 * plan::flatIndex(plan.flags[op.flag].extents, op.flagIndex, scope);
}

Status Checker::expectSignal(uint32_t number, const Scope &scope) {
  const Op &op = plan.ops[number];
  uint64_t payload = 0;
  if (op.hasPayload)
    payload = items(plan::concreteItems(op.payload, scope)).size();
  const auto epoch = static_cast<uint64_t>(scope(op.value));
  for (uint32_t to : plan::targetRanks(plan, op, scope)) {
    MOEC_ASSIGN_OR_RETURN(uint64_t address, cellAddress(op, scope, to));
    cells[address] = {number, scope.rank(), to, epoch << 32 | payload, {}};
  }
  return {};
}

Status Checker::expectWait(uint32_t number, const Scope &scope) {
  const Op &op = plan.ops[number];
  MOEC_ASSIGN_OR_RETURN(uint64_t address, cellAddress(op, scope, scope.rank()));
  waits[address] = {number, scope.rank(), static_cast<uint32_t>(scope(op.value))};
  return {};
}

Status Checker::expectOp(uint32_t number, const Scope &scope) {
  const Op &op = plan.ops[number];
  switch (op.kind) {
  case OpKind::Signal:
    return expectSignal(number, scope);
  case OpKind::Wait:
    return expectWait(number, scope);
  case OpKind::Put:
  case OpKind::Compute:
  case OpKind::Reduce:
  case OpKind::Pull:
  case OpKind::Copy:
    break;
  }
  const bool isPut = op.kind == OpKind::Put;
  const std::vector<uint32_t> targets =
      isPut ? plan::targetRanks(plan, op, scope) : std::vector<uint32_t>{scope.rank()};
  for (const plan::Region &write : op.writes)
    if (plan.buffers[write.buffer].space == BufferSpace::Symmetric)
      for (const ConcreteRegion &region : plan::expandRegion(plan, write, scope))
        for (uint32_t to : targets)
          MOEC_RETURN_IF_ERROR(expectRegion(number, region, scope.rank(), to, !isPut));
  return {};
}

Status Checker::expectAll() {
  Status status;
  for (uint32_t number = 0; number < plan.ops.size(); ++number)
    for (uint32_t rank = 0; rank < plan.ranks; ++rank) {
      Scope scope(rank, facts.epoch);
      plan::forEachPoint(plan.ops[number].domains, plan, scope, [&](const Scope &point) {
        if (status.ok())
          status = expectOp(number, point);
      });
    }
  return status;
}

// --- What happened ---------------------------------------------------------------

std::string Checker::placeText(uint32_t owner, uint64_t address) const {
  const uint64_t offset = address - facts.heaps[owner];
  const plan::Buffer *best = nullptr;
  uint64_t start = 0, pitch = 1;
  for (size_t i = 0; i < plan.buffers.size(); ++i)
    if (facts.bufferOffsets[i] && *facts.bufferOffsets[i] <= offset &&
        (!best || *facts.bufferOffsets[i] >= start)) {
      best = &plan.buffers[i];
      start = *facts.bufferOffsets[i];
      pitch = facts.pitches[i];
    }
  if (!best || plan::cellCount(best->extents) * facts.maxTokens * best->recordsPerToken * pitch <=
                   offset - start)
    return concat("byte ", offset, " of the heap of rank ", owner);
  return concat("'", best->name, "' of rank ", owner, ", record ", (offset - start) / pitch);
}

const Record *Checker::recordOf(uint64_t address) const {
  auto next = records.upper_bound(address);
  if (next == records.begin())
    return nullptr;
  auto found = std::prev(next);
  return address < found->first + found->second.pitch ? &found->second : nullptr;
}

Status Checker::seePut(size_t index) {
  const Event &event = trace.events[index];
  // A run of bytes may reach over several records.
  for (uint64_t at = event.address; at < event.address + event.bytes;) {
    auto next = records.upper_bound(at);
    auto found = next == records.begin() ? records.end() : std::prev(next);
    if (found == records.end() || at >= found->first + found->second.pitch ||
        found->second.from != event.rank) {
      const uint64_t offset = at - facts.heaps[event.to];
      for (uint32_t peer = 0; peer < plan.ranks; ++peer)
        if (const Record *other = recordOf(facts.heaps[peer] + offset);
            peer != event.to && other && other->from == event.rank)
          return invalidError("rank ", event.rank, " writes ", placeText(event.to, at),
                              ": the wrong peer, the plan's op '", plan.ops[other->op].name,
                              "' writes there on rank ", peer);
      return invalidError("rank ", event.rank, " writes ", placeText(event.to, at),
                          ", which no op of the plan does");
    }
    Record &record = found->second;
    const uint64_t end = std::min(event.address + event.bytes, found->first + record.pitch);
    for (; at < end; ++at) {
      std::vector<bool>::reference byte = record.written[at - found->first];
      if (byte && !record.isOptional)
        return invalidError("rank ", event.rank, " writes ", placeText(event.to, at), " twice");
      byte = true;
    }
  }
  return {};
}

static std::string wordText(uint64_t word) {
  return concat("{epoch ", word >> 32, ", count ", word & 0xffffffff, "}");
}

Status Checker::seeSignal(size_t index) {
  const Event &event = trace.events[index];
  auto found = cells.find(event.address);
  if (found == cells.end())
    return invalidError("rank ", event.rank, " signals ", wordText(event.value), " at ",
                        placeText(event.to, event.address), ", which no op of the plan does");
  Cell &cell = found->second;
  const std::string what =
      concat("the signal '", plan.ops[cell.op].name, "' of rank ", cell.from, " to rank ", cell.to);
  if (cell.from != event.rank)
    return invalidError(what, " comes from rank ", event.rank);
  if (cell.event)
    return invalidError(what, " comes twice");
  if (cell.value != event.value)
    return invalidError(what, ": wanted ", wordText(cell.value), ", found ", wordText(event.value));
  cell.event = index;
  return {};
}

// --- The comparison --------------------------------------------------------------

Status Checker::checkRecords() const {
  for (const auto &[address, record] : records) {
    if (record.isOptional)
      continue;
    for (uint64_t byte = 0; byte < record.bytes; ++byte)
      if (!record.written[byte]) {
        uint32_t to = 0;
        for (uint32_t rank = 0; rank < plan.ranks; ++rank)
          if (facts.heaps[rank] <= address && facts.heaps[rank] >= facts.heaps[to])
            to = rank;
        return invalidError("rank ", record.from, " does not write byte ", byte, " of ",
                            placeText(to, address), ", as the plan's op '",
                            plan.ops[record.op].name, "' does");
      }
  }
  return {};
}

/// The puts that come before an op in the plan, directly or not.
std::set<uint32_t> Checker::putsBefore(uint32_t op) const {
  std::set<uint32_t> seen, puts;
  std::vector<uint32_t> open{op};
  while (!open.empty()) {
    const uint32_t next = open.back();
    open.pop_back();
    for (const plan::After &after : plan.ops[next].after)
      if (seen.insert(after.op).second && plan.ops[after.op].kind != OpKind::Wait) {
        open.push_back(after.op);
        if (plan.ops[after.op].kind == OpKind::Put)
          puts.insert(after.op);
      }
  }
  return puts;
}

Status Checker::checkOrder(const Cell &cell) const {
  const std::set<uint32_t> covered = putsBefore(cell.op);
  const Event &signal = trace.events[*cell.event];
  const auto isCovered = [&](size_t index) {
    const Event &put = trace.events[index];
    if (put.kind != EventKind::Put || put.rank != cell.from || put.to != cell.to)
      return false;
    const Record *record = recordOf(put.address);
    return record && !record->isOptional && covered.contains(record->op);
  };
  for (uint32_t index : signal.unordered)
    if (isCovered(index))
      return invalidError("rank ", cell.from, " signals '", plan.ops[cell.op].name, "' to rank ",
                          cell.to, " without knowing of its write to ",
                          placeText(cell.to, trace.events[index].address));
  for (size_t index = *cell.event; index < trace.events.size(); ++index)
    if (isCovered(index))
      return invalidError("rank ", cell.from, " signals '", plan.ops[cell.op].name, "' to rank ",
                          cell.to, " before its write to ",
                          placeText(cell.to, trace.events[index].address));
  return {};
}

Status Checker::checkCells() const {
  for (const auto &[address, cell] : cells) {
    if (!cell.event)
      return invalidError("the signal '", plan.ops[cell.op].name, "' of rank ", cell.from,
                          " to rank ", cell.to, " never comes");
    MOEC_RETURN_IF_ERROR(checkOrder(cell));
  }
  return {};
}

Status Checker::checkWaits() const {
  for (const auto &[address, awaited] : waits) {
    const bool isSeen = std::any_of(
        trace.events.begin(), trace.events.end(),
        [&, at = address, want = awaited](const Event &event) {
          return event.kind == EventKind::Wait && event.rank == want.rank && event.address == at &&
                 static_cast<int32_t>(static_cast<uint32_t>(event.value >> 32) - want.epoch) >= 0;
        });
    if (!isSeen)
      return invalidError("rank ", awaited.rank, " goes on without the wait '",
                          plan.ops[awaited.op].name, "' for ", placeText(awaited.rank, address));
  }
  return {};
}

Status Checker::run() {
  MOEC_RETURN_IF_ERROR(expectAll());
  for (size_t index = 0; index < trace.events.size(); ++index)
    switch (trace.events[index].kind) {
    case EventKind::Put:
      MOEC_RETURN_IF_ERROR(seePut(index));
      break;
    case EventKind::Signal:
      MOEC_RETURN_IF_ERROR(seeSignal(index));
      break;
    case EventKind::Wait:
      break;
    }
  MOEC_RETURN_IF_ERROR(checkRecords());
  MOEC_RETURN_IF_ERROR(checkCells());
  return checkWaits();
}

Status checkRefinement(const Plan &plan, const StepFacts &facts, const Trace &trace) {
  return Checker(plan, facts, trace).run().within("the kernels do not refine the plan");
}

} // namespace moec::rt::emulator
