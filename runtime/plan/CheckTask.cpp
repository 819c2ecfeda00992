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
enum class Content : uint8_t { Rows, Route, Record, NodeRecord };

/// Which ranks a set speaks of, for a task on rank r of node a.
enum class Whose : uint8_t {
  Own,    ///< A(r), D(r,p), Y(r,p), M(r,b): the rank's own tokens
  Theirs, ///< D(s,r), Y(s,r): what runs on the rank
  Node,   ///< M(s,a): what the rank hands on within its node
  Passed, ///< D(s,p): a part of that
  Any,    ///< A(s): the tokens of any rank
};

/// One region of a task's signature.
struct Slot {
  Content content;
  ItemSetKind items;
  Whose whose;
};

struct Signature {
  OpKind kind;
  std::span<const Slot> reads;
  size_t requiredReads; ///< those after it may be missing
  std::span<const Slot> writes;
};

constexpr Slot ownRows = {Content::Rows, ItemSetKind::A, Whose::Own};
constexpr Slot ownRoute = {Content::Route, ItemSetKind::A, Whose::Own};
constexpr Slot ownRecords = {Content::Record, ItemSetKind::D, Whose::Own};
constexpr Slot ownSlotRows = {Content::Rows, ItemSetKind::Y, Whose::Own};
constexpr Slot ownRankSums = {Content::Rows, ItemSetKind::D, Whose::Own};
constexpr Slot ownNodeSums = {Content::Rows, ItemSetKind::M, Whose::Own};
constexpr Slot ownNodeRecords = {Content::NodeRecord, ItemSetKind::M, Whose::Own};
constexpr Slot theirRows = {Content::Rows, ItemSetKind::D, Whose::Theirs};
constexpr Slot theirRecords = {Content::Record, ItemSetKind::D, Whose::Theirs};
constexpr Slot theirSlotRows = {Content::Rows, ItemSetKind::Y, Whose::Theirs};
constexpr Slot nodeRecords = {Content::NodeRecord, ItemSetKind::M, Whose::Node};
constexpr Slot nodeSums = {Content::Rows, ItemSetKind::M, Whose::Node};
constexpr Slot passedRecords = {Content::Record, ItemSetKind::D, Whose::Passed};
constexpr Slot passedSums = {Content::Rows, ItemSetKind::D, Whose::Passed};

constexpr Slot anyRoute = {Content::Route, ItemSetKind::A, Whose::Any};
constexpr Slot anyRows = {Content::Rows, ItemSetKind::A, Whose::Any};

constexpr Slot routeReads[] = {ownRows}, routeWrites[] = {ownRoute};
constexpr Slot packReads[] = {ownRoute}, packWrites[] = {ownRecords};
constexpr Slot expertsReads[] = {theirRows, theirRecords}, expertsWrites[] = {theirSlotRows};
constexpr Slot sharedReads[] = {ownRows}, sharedWrites[] = {ownRows};
constexpr Slot sumReads[] = {ownRoute, ownSlotRows, ownRows, ownRows}, sumWrites[] = {ownRows};
constexpr Slot packNodesWrites[] = {ownNodeRecords};
constexpr Slot splitReads[] = {nodeRecords}, splitWrites[] = {passedRecords};
constexpr Slot rankSumReads[] = {theirRecords, theirSlotRows}, rankSumWrites[] = {theirRows};
constexpr Slot nodeSumReads[] = {nodeRecords, passedSums}, nodeSumWrites[] = {nodeSums};
constexpr Slot ofRanksReads[] = {ownRoute, ownRankSums, ownRows, ownRows};
constexpr Slot ofNodesReads[] = {ownRoute, ownNodeSums, ownRows, ownRows};
constexpr Slot selectReads[] = {anyRoute}, selectWrites[] = {theirRecords};
constexpr Slot fullSumWrites[] = {anyRows};
constexpr Slot switchSumReads[] = {ownRows, ownRows, ownRows};

} // namespace

/// What is added up at the end depends on the sums made before.
static Signature signatureOf(TaskKind task, SumTree tree) {
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
  case TaskKind::PackNodes:
    return {OpKind::Compute, packReads, 1, packNodesWrites};
  case TaskKind::Split:
    return {OpKind::Compute, splitReads, 1, splitWrites};
  case TaskKind::RankSum:
    return {OpKind::Reduce, rankSumReads, 2, rankSumWrites};
  case TaskKind::NodeSum:
    return {OpKind::Reduce, nodeSumReads, 2, nodeSumWrites};
  case TaskKind::PartSum:
    if (tree == SumTree::NodePartial)
      return {OpKind::Reduce, ofNodesReads, 2, sumWrites};
    return {OpKind::Reduce, ofRanksReads, 2, sumWrites};
  case TaskKind::Select:
    return {OpKind::Compute, selectReads, 1, selectWrites};
  case TaskKind::FullSum:
    return {OpKind::Reduce, rankSumReads, 2, fullSumWrites};
  case TaskKind::SwitchSum:
    return {OpKind::Reduce, switchSumReads, 1, sumWrites};
  case TaskKind::Stages:
  case TaskKind::Lanes:
    return {OpKind::Compute, {}, 0, {}};
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
  case Content::NodeRecord:
    return 4ull * (2 + 3 * plan.topK);
  }
  return 0;
}

static Status checkWhose(const Plan &plan, const ItemSet &items, Whose whose, const Where &where) {
  switch (whose) {
  case Whose::Own:
  case Whose::Theirs: {
    size_t position = whose == Whose::Own ? 0 : 1;
    if (items.args[position] != rank())
      return where.invalid("wanted argument ", position, " of the items to be the rank itself");
    return {};
  }
  case Whose::Node:
    if (items.args[1] != nodeOf(rank(), plan.lanes()))
      return where.invalid("wanted argument 1 of the items to be the rank's own node");
    return {};
  case Whose::Passed:
  case Whose::Any:
    return {};
  }
  return {};
}

static Status checkSlot(const Plan &plan, const Region &region, const Slot &slot, bool inPieces,
                        const Where &where) {
  bool isPiece = wholeOf(region.items.kind) == slot.items && region.items.kind != ItemSetKind::S;
  if (region.items.kind != slot.items && !(inPieces && isPiece))
    return where.invalid("wanted items ", nameOf(slot.items), ", found ",
                         nameOf(region.items.kind));
  if (region.frame && !isPiece)
    return where.invalid("wanted a frame around pieces alone, found one around ",
                         nameOf(region.items.kind));
  MOEC_RETURN_IF_ERROR(checkWhose(plan, region.items, slot.whose, where));
  const Buffer &buffer = plan.buffers[region.buffer];
  uint64_t bytes = recordBytes(plan, slot.content);
  if (bytes && buffer.bytesPerRecord != bytes)
    return where.at("buffer", region.buffer, buffer.name)
        .invalid("wanted ", bytes, " bytes a record for top ", plan.topK, ", found ",
                 buffer.bytesPerRecord);
  return {};
}

static Status checkSlots(const Plan &plan, std::span<const Region> regions,
                         std::span<const Slot> slots, size_t required, bool inPieces,
                         const char *word, const Where &where) {
  if (regions.size() < required || regions.size() > slots.size()) {
    std::string wanted = required == slots.size() ? rt::concat(required)
                                                  : rt::concat(required, " to ", slots.size());
    return where.invalid("wanted ", wanted, " ", word, "s, found ", regions.size());
  }
  for (size_t i = 0; i < regions.size(); ++i)
    MOEC_RETURN_IF_ERROR(checkSlot(plan, regions[i], slots[i], inPieces, where.at(word, i)));
  return {};
}

TaskKind lastTaskOf(SumTree tree) {
  switch (tree) {
  case SumTree::Rows:
    return TaskKind::SlotSum;
  case SumTree::RankPartial:
  case SumTree::NodePartial:
    return TaskKind::PartSum;
  case SumTree::Switch:
    return TaskKind::SwitchSum;
  }
  return TaskKind::SlotSum;
}

/// Which result a plan's last sum has is said by its tree.
static Status checkTree(const Plan &plan, const Op &op, const Where &where) {
  bool isLast = op.task == TaskKind::SlotSum || op.task == TaskKind::PartSum ||
                op.task == TaskKind::SwitchSum;
  if (isLast && op.task != lastTaskOf(plan.sumTree))
    return where.invalid("wanted another task for a plan with result ", nameOf(plan.sumTree),
                         ", found ", nameOf(op.task));
  return {};
}

/// All regions of such a task are of the same sources, in one order: rows, records and
/// results of the experts, what a rank selects, what it sums.
static Status checkSourcesAgree(const Op &op, const Where &where) {
  const Region &first = op.reads[0];
  for (const auto *regions : {&op.reads, &op.writes})
    for (const Region &other : *regions)
      if (other.each != first.each || other.items.args[0] != first.items.args[0])
        return where.invalid("wanted the same sources for rows, records and results");
  return {};
}

bool mayBeInPieces(TaskKind task) { return task == TaskKind::RankSum || task == TaskKind::NodeSum; }

/// A sum of pieces is of one piece of each of its sets. Rows lie in slots, where those of a
/// piece need no name.
static Status checkOnePiece(const Op &op, const Where &where) {
  const ItemSet &first = op.reads[0].items;
  for (const auto *regions : {&op.reads, &op.writes})
    for (const Region &other : *regions)
      if (other.items.kind != ItemSetKind::Y &&
          (other.items.args.size() != first.args.size() ||
           (first.args.size() > 2 && other.items.args[2] != first.args[2])))
        return where.invalid("wanted the same piece of records, parts and sums");
  return {};
}

static bool isPerSource(TaskKind task) {
  switch (task) {
  case TaskKind::Experts:
  case TaskKind::RankSum:
  case TaskKind::Select:
  case TaskKind::FullSum:
    return true;
  case TaskKind::Route:
  case TaskKind::Pack:
  case TaskKind::Shared:
  case TaskKind::SlotSum:
  case TaskKind::PackNodes:
  case TaskKind::Split:
  case TaskKind::NodeSum:
  case TaskKind::PartSum:
  case TaskKind::SwitchSum:
  case TaskKind::Stages:
  case TaskKind::Lanes:
    return false;
  }
  return false;
}

Status checkTask(const Plan &plan, const Op &op, const Where &where) {
  Signature signature = signatureOf(op.task, plan.sumTree);
  if (op.kind != signature.kind)
    return where.invalid("wanted task ", nameOf(op.task), " in a ", nameOf(signature.kind),
                         ", found it in a ", nameOf(op.kind));
  MOEC_RETURN_IF_ERROR(checkTree(plan, op, where));
  bool inPieces = mayBeInPieces(op.task);
  MOEC_RETURN_IF_ERROR(checkSlots(plan, op.reads, signature.reads, signature.requiredReads,
                                  inPieces, "reads region", where));
  MOEC_RETURN_IF_ERROR(checkSlots(plan, op.writes, signature.writes, signature.writes.size(),
                                  inPieces, "writes region", where));
  if (inPieces)
    MOEC_RETURN_IF_ERROR(checkOnePiece(op, where));
  return isPerSource(op.task) ? checkSourcesAgree(op, where) : Status();
}

} // namespace moec::plan
