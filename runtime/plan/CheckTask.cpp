//===- CheckTask.cpp - Do the regions of a local task fit its kind? ------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/plan/CheckTask.h"

#include "runtime/plan/Expr.h"
#include "runtime/plan/Names.h"

#include <span>

namespace moec::plan {

using rt::Status;
using rt::Where;

namespace {

/// What a record of a region is.
enum class Content : uint8_t { Rows, Route, Record };

/// One region of a task's signature.
struct Slot {
  Content content;
  ItemSetKind items;
  bool own; ///< the first rank of the set is the task's own
};

struct Signature {
  OpKind kind;
  std::span<const Slot> reads;
  size_t requiredReads; ///< those after it may be missing
  std::span<const Slot> writes;
};

constexpr Slot ownRows = {Content::Rows, ItemSetKind::A, true};
constexpr Slot ownRoute = {Content::Route, ItemSetKind::A, true};
constexpr Slot ownRecords = {Content::Record, ItemSetKind::D, true};
constexpr Slot ownSlotRows = {Content::Rows, ItemSetKind::Y, true};
constexpr Slot theirRows = {Content::Rows, ItemSetKind::D, false};
constexpr Slot theirRecords = {Content::Record, ItemSetKind::D, false};
constexpr Slot theirSlotRows = {Content::Rows, ItemSetKind::Y, false};

constexpr Slot routeReads[] = {ownRows}, routeWrites[] = {ownRoute};
constexpr Slot packReads[] = {ownRoute}, packWrites[] = {ownRecords};
constexpr Slot expertsReads[] = {theirRows, theirRecords}, expertsWrites[] = {theirSlotRows};
constexpr Slot sharedReads[] = {ownRows}, sharedWrites[] = {ownRows};
constexpr Slot sumReads[] = {ownRoute, ownSlotRows, ownRows, ownRows}, sumWrites[] = {ownRows};

} // namespace

static Signature signatureOf(TaskKind task) {
  switch (task) {
  case TaskKind::Route:
    return {OpKind::Compute, routeReads, 1, routeWrites};
  case TaskKind::Pack:
    return {OpKind::Compute, packReads, 1, packWrites};
  case TaskKind::Experts:
    return {OpKind::Compute, expertsReads, 2, expertsWrites};
  case TaskKind::Shared:
    return {OpKind::Compute, sharedReads, 1, sharedWrites};
  case TaskKind::SlotSum:
    return {OpKind::Reduce, sumReads, 2, sumWrites};
  }
  return {};
}

/// Bytes that a record must have; 0 where the layer says it, not the plan.
static uint64_t recordBytes(const Plan &plan, Content content) {
  switch (content) {
  case Content::Rows:
    return 0;
  case Content::Route:
    return 12ull * plan.topK;
  case Content::Record:
    return 4ull * (2 + 2 * plan.topK);
  }
  return 0;
}

static Status checkSlot(const Plan &plan, const Region &region, const Slot &slot,
                        const Where &where) {
  if (region.items.kind != slot.items)
    return where.invalid("wanted items ", nameOf(slot.items), ", found ",
                         nameOf(region.items.kind));
  // A(r), D(r,p), Y(r,p) are the rank's own tokens; D(s,r), Y(s,r) run on it.
  size_t position = slot.own ? 0 : 1;
  if (region.items.args[position] != rank())
    return where.invalid("wanted argument ", position, " of the items to be the rank itself");
  const Buffer &buffer = plan.buffers[region.buffer];
  uint64_t bytes = recordBytes(plan, slot.content);
  if (bytes && buffer.bytesPerRecord != bytes)
    return where.at("buffer", region.buffer, buffer.name)
        .invalid("wanted ", bytes, " bytes a record for top ", plan.topK, ", found ",
                 buffer.bytesPerRecord);
  return {};
}

static Status checkSlots(const Plan &plan, std::span<const Region> regions,
                         std::span<const Slot> slots, size_t required, const char *word,
                         const Where &where) {
  if (regions.size() < required || regions.size() > slots.size()) {
    std::string wanted = required == slots.size() ? rt::concat(required)
                                                  : rt::concat(required, " to ", slots.size());
    return where.invalid("wanted ", wanted, " ", word, "s, found ", regions.size());
  }
  for (size_t i = 0; i < regions.size(); ++i)
    MOEC_RETURN_IF_ERROR(checkSlot(plan, regions[i], slots[i], where.at(word, i)));
  return {};
}

/// Rows, records and results of the experts are of the same sources, in one order.
static Status checkExpertsAgree(const Op &op, const Where &where) {
  const Region &rows = op.reads[0];
  for (const Region *other : {&op.reads[1], &op.writes[0]})
    if (other->each != rows.each || other->items.args != rows.items.args)
      return where.invalid("wanted the same sources for rows, records and results");
  return {};
}

Status checkTask(const Plan &plan, const Op &op, const Where &where) {
  Signature signature = signatureOf(op.task);
  if (op.kind != signature.kind)
    return where.invalid("wanted task ", nameOf(op.task), " in a ", nameOf(signature.kind),
                         ", found it in a ", nameOf(op.kind));
  MOEC_RETURN_IF_ERROR(
      checkSlots(plan, op.reads, signature.reads, signature.requiredReads, "reads region", where));
  MOEC_RETURN_IF_ERROR(checkSlots(plan, op.writes, signature.writes, signature.writes.size(),
                                  "writes region", where));
  return op.task == TaskKind::Experts ? checkExpertsAgree(op, where) : Status();
}

} // namespace moec::plan
