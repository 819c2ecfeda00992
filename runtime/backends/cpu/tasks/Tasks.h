//===- Tasks.h - The local tasks of a plan ----------------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One function a TaskKind, and the copy behind a put. Each runs to its end; a
// failure is a fault of the plan, or a record that makes no sense.
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_BACKENDS_CPU_TASKS_TASKS_H
#define MOEC_RUNTIME_BACKENDS_CPU_TASKS_TASKS_H

#include "runtime/backends/cpu/TaskContext.h"

namespace moec::rt::cpu {

/// Chooses experts and replicas; makes D(r,p) and Y(r,p) known.
Status runRoute(TaskContext &context);
Status runPack(TaskContext &context);
/// Makes the rows of Y(s,r) known.
Status runExperts(TaskContext &context);
Status runShared(TaskContext &context);
Status runSlotSum(TaskContext &context);

// Two tiers: what goes to a node, and its part for each rank there, which makes D(s,p)
// and Y(s,p) known.
Status runPackNodes(TaskContext &context);
Status runSplit(TaskContext &context);
/// Makes S known on this rank, from the sizes that have come.
Status runStages(TaskContext &context);
// Sums of a rank's rows, of a node's ranks, of what came back.
Status runRankSum(TaskContext &context);
Status runNodeSum(TaskContext &context);
Status runPartSum(TaskContext &context);

// Multicast: a rank's part of what another has sent to all, which makes D(s,r) and Y(s,r)
// known.
Status runSelect(TaskContext &context);
// Sums that the switch adds: of a rank for every token, of all ranks, of a token. The
// switch here adds the ranks in ascending order.
Status runFullSum(TaskContext &context);
Status runPull(TaskContext &context);
Status runSwitchSum(TaskContext &context);

/// Copies the items of one set into a region of the peer, of all ranks or of itself: the `turn`-th
/// of `turns` even shares of them.
Status runPut(TaskContext &context, uint32_t turn = 0, uint32_t turns = 1);

// --- The words of records, as runtime/plan/Plan.h lays them out -----------------

/// An entry of the `route` buffer.
struct ChoiceEntry {
  uint32_t *words;
  uint32_t topK;
  uint32_t &expert(uint32_t slot) const { return words[slot]; }
  uint32_t &destination(uint32_t slot) const { return words[topK + slot]; }
  float &weight(uint32_t slot) const { return reinterpret_cast<float *>(words)[2 * topK + slot]; }
};
inline ChoiceEntry choiceEntry(const std::byte *record, uint32_t topK) {
  return {reinterpret_cast<uint32_t *>(const_cast<std::byte *>(record)), topK};
}

/// A record for a node.
struct NodeRecord {
  uint32_t *words;
  uint32_t topK;
  uint32_t &token() const { return words[0]; }
  uint32_t &count() const { return words[1]; }
  uint32_t &slot(uint32_t entry) const { return words[2 + entry]; } ///< {slot, local expert}
  uint32_t &weight(uint32_t entry) const { return words[2 + topK + entry]; } ///< f32 bits
  uint32_t &lane(uint32_t entry) const { return words[2 + 2 * topK + entry]; }
};
inline NodeRecord nodeRecord(const std::byte *record, uint32_t topK) {
  return {reinterpret_cast<uint32_t *>(const_cast<std::byte *>(record)), topK};
}

/// Writes the record of a token for the rank that owns some of its slots: `words` has
/// 2 + 2 * topK. Returns how many these are.
uint32_t packRecord(const ChoiceEntry &entry, uint32_t token, uint32_t destination,
                    uint32_t *words);

/// {rank, local expert} and {slot, local expert} in one word.
constexpr uint32_t packHalves(uint32_t upper, uint32_t lower) { return upper << 16 | lower; }
constexpr uint32_t upperHalf(uint32_t word) { return word >> 16; }
constexpr uint32_t lowerHalf(uint32_t word) { return word & 0xffff; }

} // namespace moec::rt::cpu

#endif // MOEC_RUNTIME_BACKENDS_CPU_TASKS_TASKS_H
