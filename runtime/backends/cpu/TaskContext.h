//===- TaskContext.h - How a task sees its memory ---------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Tasks reach records through read() and write(), and say each time what they take
// the record for. Outside test mode that is an address computation; in test mode
// the probe compares it with the declared effects of the task and with what the
// record really holds.
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_BACKENDS_CPU_TASKCONTEXT_H
#define MOEC_RUNTIME_BACKENDS_CPU_TASKCONTEXT_H

#include "runtime/backends/cpu/Machine.h"

#include <span>

namespace moec::rt::cpu {

/// What a record is.
enum class Content : uint8_t {
  Token,      ///< a token's row: as it came, or dispatched
  Choice,     ///< a token's choices and weights
  Record,     ///< what a dispatched token brings along; slot = the destination
  NodeRecord, ///< the same for a node; slot = the node
  Row,        ///< an expert's result for (token, slot)
  RankSum,    ///< the sum of a rank's rows of a token; slot = the rank
  NodeSum,    ///< the sum of a node's; slot = the node
  SwitchSum,  ///< the sum of all ranks', made by the switch
  Shared,     ///< the shared expert's result for a token
  Result,     ///< a token's sum
  Any,        ///< whatever is put
};
inline constexpr uint32_t noSlot = ~0u;
inline constexpr uint32_t anyToken = ~0u; ///< of what is put by who does not know its tokens
struct Item {
  uint32_t rank = 0; ///< the token's source
  uint32_t token = 0;
  uint32_t slot = noSlot;
};

/// One region in one rank's memory.
struct RegionView {
  std::byte *base = nullptr;
  uint32_t recordBytes = 0;
  uint64_t records = 0;
  plan::BufferLayout layout = plan::BufferLayout::Seq;
  uint32_t rank = 0;
  uint32_t buffer = 0;
  uint64_t region = 0;
};

/// Sees what tasks do; only in test mode.
class Probe {
public:
  virtual ~Probe() = default;
  virtual void reads(const RegionView &region, uint64_t record, Content content, Item item) = 0;
  virtual void writes(const RegionView &region, uint64_t record, Content content, Item item) = 0;
  /// A store to a peer: `bytes` land in that record at some later time. What is there is
  /// what the last record read holds.
  virtual void puts(const RegionView &region, uint64_t record, const std::byte *bytes,
                    Item item) = 0;
  /// A place where another rank may go on instead.
  virtual void pause() = 0;
};

class TaskContext {
public:
  TaskContext(Machine &machine, Rank &rank, const Task &task, Probe *probe)
      : machine(machine), rank(rank), task(task), probe(probe) {}

  Machine &machine;
  Rank &rank;
  const Task &task;

  /// The regions of the op's operand number `operand`.
  std::span<const plan::ConcreteRegion> reads(uint32_t operand) const {
    return operandRegions(task.reads, task.op->reads, operand);
  }
  std::span<const plan::ConcreteRegion> writes(uint32_t operand) const {
    return operandRegions(task.writes, task.op->writes, operand);
  }

  RegionView view(const plan::ConcreteRegion &region, uint32_t onRank) const;
  RegionView view(const plan::ConcreteRegion &region) const { return view(region, rank.number); }

  /// The address alone: for a look before read() says what is there.
  std::byte *peek(const RegionView &region, uint64_t record) const {
    return region.base + record * region.recordBytes;
  }
  const std::byte *read(const RegionView &region, uint64_t record, Content content, Item item) {
    if (probe)
      probe->reads(region, record, content, item);
    return peek(region, record);
  }
  std::byte *write(const RegionView &region, uint64_t record, Content content, Item item) {
    if (probe)
      probe->writes(region, record, content, item);
    return peek(region, record);
  }
  bool isProbed() const { return probe; }
  /// Only where isProbed().
  void put(const RegionView &region, uint64_t record, const std::byte *bytes, Item item) {
    probe->puts(region, record, bytes, item);
  }
  void pause() {
    if (probe)
      probe->pause();
  }

  /// The items of a set, or why this rank cannot tell them.
  Result<const ItemList *> items(const plan::ConcreteItems &set) const;
  /// A fault at this task: "pd(1) at olmoe.moe:12:3, rank 0, step 3: <parts>".
  template <typename... Parts> Status fault(const Parts &...parts) const {
    return internalError(taskPlace(task, rank.number, rank.step), ": ", parts...);
  }

private:
  std::span<const plan::ConcreteRegion> operandRegions(const std::vector<plan::ConcreteRegion> &all,
                                                       const std::vector<plan::Region> &operands,
                                                       uint32_t operand) const;

  Probe *probe;
};

/// Position of item number `index` of `list` in a region of that layout; one that holds
/// no more than the list.
inline uint64_t recordOf(const RegionView &region, const ItemList &list, uint32_t index) {
  return region.layout == plan::BufferLayout::Seq ? index : list.items[index];
}

} // namespace moec::rt::cpu

#endif // MOEC_RUNTIME_BACKENDS_CPU_TASKCONTEXT_H
