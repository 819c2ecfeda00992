//===- Exchange.cpp - One exchange, as far as collectives can say it ------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/formats/Exchange.h"

#include "runtime/base/Where.h"
#include "runtime/formats/Messages.h"
#include "runtime/plan/Expand.h"
#include "runtime/plan/PlanText.h"

#include <algorithm>

namespace moec::formats {

using plan::ItemSetKind;
using plan::Op;
using plan::OpKind;
using simulator::Task;
using simulator::TaskClass;

traffic::Matrix bytesOf(const simulator::TaskGraph &graph, const std::vector<bool> &families) {
  traffic::Matrix matrix(graph.getRanks());
  for (simulator::TaskId id = 0; id < graph.getTasks().size(); ++id) {
    const Task &task = graph.getTasks()[id];
    if (graph.familyOf(id).kind == TaskClass::Transfer && families[task.family])
      matrix.at(task.rank, task.peer) += static_cast<double>(bytesOf(task));
  }
  return matrix;
}

/// True if what a put carries comes from or returns to the token's own rank.
static bool isDirect(const plan::Plan &plan, const Op &op, Phase phase) {
  const plan::ItemSet &items = op.writes[0].items;
  if ((items.kind != ItemSetKind::D && items.kind != ItemSetKind::Y) || op.reads[0].frame ||
      op.via == plan::Path::Multicast)
    return false;
  bool direct = true;
  for (uint32_t rank = 0; rank < plan.ranks; ++rank) {
    plan::Scope scope(rank, /*step=*/1);
    plan::forEachPoint(op.domains, plan, scope, [&](const plan::Scope &point) {
      auto to = static_cast<uint32_t>(point(op.to));
      plan::ConcreteItems set = plan::concreteItems(items, point);
      uint32_t source = phase == Phase::Combine ? to : rank;
      direct &= set.first == source && set.second == (phase == Phase::Combine ? rank : to);
    });
  }
  return direct;
}

bool isHop(const plan::Plan &plan, const Op &op, Phase phase) {
  return op.kind == OpKind::Put && !isDirect(plan, op, phase);
}

/// Names the two pairs that differ most.
static rt::Status checkBalance(const traffic::Matrix &bytes, const char *format) {
  uint32_t ranks = bytes.getSize();
  std::pair<uint32_t, uint32_t> least = {0, 1}, most = {0, 1};
  for (uint32_t from = 0; from < ranks; ++from)
    for (uint32_t to = 0; to < ranks; ++to) {
      if (from == to)
        continue;
      if (bytes.at(from, to) < bytes.at(least.first, least.second))
        least = {from, to};
      if (bytes.at(from, to) > bytes.at(most.first, most.second))
        most = {from, to};
    }
  auto value = [&](std::pair<uint32_t, uint32_t> pair) {
    return static_cast<uint64_t>(bytes.at(pair.first, pair.second));
  };
  if (value(most) == 0)
    return rt::unsupportedError(format, ": wanted bytes between ranks, found none");
  if (value(least) != value(most))
    return rt::unsupportedError(format,
                                ": wanted balanced traffic, since its chunks are of one "
                                "size, found ",
                                value(least), " bytes from rank ", least.first, " to ",
                                least.second, " and ", value(most), " from rank ", most.first,
                                " to ", most.second);
  return rt::Status();
}

static rt::Status checkOps(const plan::Plan &plan, const std::vector<bool> &ops, Phase phase,
                           const char *format) {
  for (size_t i = 0; i < plan.ops.size(); ++i) {
    const Op &op = plan.ops[i];
    if (ops[i] && isHop(plan, op, phase))
      return rt::unsupportedError(
          format, ": op '", op.name, "': wanted rows that go straight from ",
          phase == Phase::Combine ? "expert to token, found '" : "token to expert, found '",
          plan::opText(plan, op), "'");
  }
  return rt::Status();
}

rt::Result<Exchange> makeExchange(const plan::Plan &plan, const simulator::TaskGraph &graph,
                                  Phase phase, const char *format) {
  if (phase == Phase::Step)
    return rt::unsupportedError(format, ": wanted one exchange (dispatch or combine), found the "
                                        "whole step");
  if (plan.ranks < 2)
    return rt::unsupportedError(format, ": wanted at least 2 ranks, found ", plan.ranks);
  std::vector<bool> ops = opsOf(plan, phase);
  MOEC_RETURN_IF_ERROR(checkOps(plan, ops, phase, format));
  ops.resize(graph.getFamilies().size()); // gates move nothing
  traffic::Matrix bytes = bytesOf(graph, ops);
  MOEC_RETURN_IF_ERROR(checkBalance(bytes, format));

  Exchange exchange;
  exchange.name = plan.name + " " + nameOf(phase);
  exchange.ranks = plan.ranks;
  auto exact = static_cast<uint64_t>(bytes.at(0, 1));
  exchange.bytesPerPair = (exact + exchangeAlignment - 1) / exchangeAlignment * exchangeAlignment;
  for (size_t i = 0; i < plan.ops.size(); ++i)
    // One for each peer binds no other.
    if (ops[i] && plan.ops[i].kind == OpKind::Put && plan.ops[i].window > 0 &&
        !plan.ops[i].eachPeer)
      exchange.window =
          exchange.window ? std::min(exchange.window, plan.ops[i].window) : plan.ops[i].window;
  exchange.order.resize(plan.ranks);
  for (simulator::TaskId id = 0; id < graph.getTasks().size(); ++id) {
    const Task &task = graph.getTasks()[id];
    std::vector<uint32_t> &peers = exchange.order[task.rank];
    if (graph.familyOf(id).kind == TaskClass::Transfer && ops[task.family] &&
        task.peer != task.rank && std::find(peers.begin(), peers.end(), task.peer) == peers.end())
      peers.push_back(task.peer);
  }
  return exchange;
}

} // namespace moec::formats
