//===- CheckAgreement.cpp - Do manifest and plan speak of the same layer? ===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/base/Where.h"
#include "runtime/module/CheckManifest.h"
#include "runtime/plan/CheckTask.h"
#include "runtime/plan/Names.h"

#include <algorithm>

namespace moec::rt {

using plan::Op;
using plan::OpKind;
using plan::Plan;
using plan::TaskKind;

static uint64_t bytesOf(DType type) {
  switch (type) {
  case DType::F32:
    return 4;
  case DType::BF16:
    return 2;
  }
  return 0;
}

namespace {

/// Bytes of a row of hidden elements, by what the row is.
struct RowBytes {
  uint64_t tokens;  ///< as the layer takes them, and as they travel out
  uint64_t combine; ///< expert rows on their way back
  uint64_t result;  ///< f32: output and shared expert
};

} // namespace

static Status checkRow(const Plan &plan, const plan::Region &region, uint64_t bytes,
                       const Where &where) {
  const plan::Buffer &buffer = plan.buffers[region.buffer];
  if (buffer.bytesPerRecord != bytes)
    return where.at("buffer", region.buffer, buffer.name)
        .invalid("wanted ", bytes, " bytes a row for the layer, found ", buffer.bytesPerRecord);
  return {};
}

/// Reads route (but where the switch has added), rows, the shared expert's if there is
/// one, the tokens' own for a residual.
static Status checkSum(const Layer &layer, const Plan &plan, const Op &op, const RowBytes &bytes,
                       const Where &where) {
  size_t rows = op.task == TaskKind::SwitchSum ? 0 : 1;
  size_t wanted = rows + 1 + (layer.shared ? 1 : 0) + (layer.residual ? 1 : 0);
  if (op.reads.size() != wanted)
    return where.invalid("wanted ", wanted, " reads regions for the layer, found ",
                         op.reads.size());
  MOEC_RETURN_IF_ERROR(checkRow(plan, op.reads[rows], bytes.combine, where));
  if (layer.shared)
    MOEC_RETURN_IF_ERROR(checkRow(plan, op.reads[rows + 1], bytes.result, where));
  if (layer.residual)
    MOEC_RETURN_IF_ERROR(checkRow(plan, op.reads.back(), bytes.tokens, where));
  return checkRow(plan, op.writes[0], bytes.result, where);
}

static Status checkTaskRows(const Layer &layer, const Plan &plan, const Op &op,
                            const RowBytes &bytes, const Where &where) {
  switch (op.task) {
  case TaskKind::Route:
    return checkRow(plan, op.reads[0], bytes.tokens, where);
  case TaskKind::Pack:
  case TaskKind::PackNodes:
  case TaskKind::Split:
  case TaskKind::Select:
  case TaskKind::Stages:
  case TaskKind::Lanes:
    return {};
  case TaskKind::Experts:
    MOEC_RETURN_IF_ERROR(checkRow(plan, op.reads[0], bytes.tokens, where));
    return checkRow(plan, op.writes[0], bytes.combine, where);
  case TaskKind::Shared:
    MOEC_RETURN_IF_ERROR(checkRow(plan, op.reads[0], bytes.tokens, where));
    return checkRow(plan, op.writes[0], bytes.result, where);
  case TaskKind::RankSum:
  case TaskKind::NodeSum:
  case TaskKind::FullSum:
    MOEC_RETURN_IF_ERROR(checkRow(plan, op.reads[1], bytes.combine, where));
    return checkRow(plan, op.writes[0], bytes.combine, where);
  case TaskKind::SlotSum:
  case TaskKind::PartSum:
  case TaskKind::SwitchSum:
    return checkSum(layer, plan, op, bytes, where);
  }
  return {};
}

static bool isTask(const Op &op, TaskKind task) {
  bool local = op.kind == OpKind::Compute || op.kind == OpKind::Reduce;
  return local && op.task == task;
}

/// The tasks that make up a layer are all there; what appears once cannot clash.
static Status checkTaskCounts(const Layer &layer, const Plan &plan, const Where &where) {
  auto count = [&](TaskKind task) {
    return static_cast<size_t>(std::count_if(plan.ops.begin(), plan.ops.end(),
                                             [&](const Op &op) { return isTask(op, task); }));
  };
  TaskKind last = plan::lastTaskOf(plan.sumTree); // checked there
  for (TaskKind task : {TaskKind::Route, last})
    if (count(task) != 1)
      return where.invalid("wanted one ", nameOf(task), " op, found ", count(task));
  if (count(TaskKind::Experts) == 0)
    return where.invalid("wanted an ", nameOf(TaskKind::Experts), " op, found none");
  size_t shared = layer.shared ? 1 : 0;
  if (count(TaskKind::Shared) != shared)
    return where.invalid("wanted ", shared, " ", nameOf(TaskKind::Shared), " op", shared ? "" : "s",
                         " for the layer, found ", count(TaskKind::Shared));
  return {};
}

Status checkAgreement(const Manifest &manifest, const Plan &plan) {
  Where root;
  Where where = root.at("PLAN");
  const Layer &layer = manifest.layer;
  if (plan.ranks != manifest.ranks)
    return where.at("ranks").invalid("wanted ", manifest.ranks, " as in MANF, found ", plan.ranks);
  if (plan.topK != layer.router.topK)
    return where.at("top k").invalid("wanted ", layer.router.topK, " as in MANF, found ",
                                     plan.topK);
  MOEC_RETURN_IF_ERROR(checkTaskCounts(layer, plan, where));
  RowBytes bytes = {layer.hidden * bytesOf(layer.tokensType),
                    layer.hidden * bytesOf(layer.combineType), layer.hidden * uint64_t(4)};
  for (size_t i = 0; i < plan.ops.size(); ++i) {
    const Op &op = plan.ops[i];
    Where at = where.at("op", i, op.name);
    if (op.kind != OpKind::Compute && op.kind != OpKind::Reduce)
      continue;
    MOEC_RETURN_IF_ERROR(checkTaskRows(layer, plan, op, bytes, at));
  }
  return {};
}

} // namespace moec::rt
