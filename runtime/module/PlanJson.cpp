//===- PlanJson.cpp - A plan as a JSON value -----------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/module/ModuleJson.h"

#include "runtime/plan/Names.h"
#include "runtime/plan/PlanText.h"

namespace moec::rt {

using namespace plan;

namespace {

/// The variables in scope, by name, for printing expressions.
class Names {
public:
  Names() = default;
  explicit Names(const std::vector<Domain> &domains) { enter(domains); }
  void enter(const std::vector<Domain> &domains) {
    for (const Domain &domain : domains)
      names.push_back(domain.variable);
  }
  Json expr(const Expr &value) const { return exprText(value, names); }
  Json list(const std::vector<Expr> &values) const {
    Json json = Json::array();
    for (const Expr &value : values)
      json.push_back(value.nodes.empty() ? "*" : exprText(value, names)); // any
    return json;
  }
  Json items(const ItemSet &set) const {
    return {{"kind", nameOf(set.kind)}, {"args", list(set.args)}};
  }

private:
  std::vector<std::string> names;
};

} // namespace

static Json domainsJson(const std::vector<Domain> &domains) {
  Json json = Json::array();
  for (const Domain &domain : domains)
    json.push_back({{"variable", domain.variable}, {"kind", nameOf(domain.kind)}});
  return json;
}

static Json regionsJson(const Plan &plan, const std::vector<Region> &regions, const Names &outer) {
  Json json = Json::array();
  for (const Region &region : regions) {
    Names names = outer;
    names.enter(region.each);
    json.push_back({{"buffer", plan.buffers[region.buffer].name},
                    {"index", names.list(region.index)},
                    {"items", names.items(region.items)},
                    {"each", domainsJson(region.each)}});
    if (region.frame)
      json.back()["frame"] = names.items(*region.frame);
  }
  return json;
}

static Json afterJson(const Plan &plan, const std::vector<After> &afters, const Names &names) {
  Json json = Json::array();
  for (const After &after : afters)
    json.push_back(
        {{"op", plan.ops[after.op].name}, {"all", after.all}, {"args", names.list(after.args)}});
  return json;
}

/// Keys that the kind of the op does not use are left out.
static Json opJson(const Plan &plan, const Op &op) {
  Names names(op.domains);
  Json json = {{"name", op.name}, {"kind", nameOf(op.kind)}};
  bool local = op.kind == OpKind::Compute || op.kind == OpKind::Reduce;
  bool sends = op.kind == OpKind::Put || op.kind == OpKind::Signal;
  bool flagged = op.kind == OpKind::Signal || op.kind == OpKind::Wait;
  if (local)
    json["task"] = nameOf(op.task);
  json["domains"] = domainsJson(op.domains);
  if (sends)
    json["to"] = op.via == Path::Multicast ? Json("all") : names.expr(op.to);
  if (!flagged) {
    json["reads"] = regionsJson(plan, op.reads, names);
    json["writes"] = regionsJson(plan, op.writes, names);
  } else {
    json["flag"] = plan.flags[op.flag].name;
    json["flag_index"] = names.list(op.flagIndex);
    json["value"] = names.expr(op.value);
    json["payload"] = op.hasPayload ? names.items(op.payload) : Json(nullptr);
  }
  if (sends)
    json["via"] = nameOf(op.via);
  if (op.kind == OpKind::Put)
    json["window"] = op.window;
  if (op.eachPeer)
    json["each_peer"] = true;
  if (op.rates != Rates::Equal)
    json["rates"] = nameOf(op.rates);
  if (op.engine != Engine::Sm)
    json["engine"] = nameOf(op.engine);
  json["after"] = afterJson(plan, op.after, names);
  json["location"] = nullptr;
  if (!op.location.file.empty())
    json["location"] = {
        {"file", op.location.file}, {"line", op.location.line}, {"column", op.location.column}};
  json["text"] = opText(plan, op);
  return json;
}

static Json bufferJson(const Buffer &buffer) {
  return {{"name", buffer.name},
          {"space", nameOf(buffer.space)},
          {"layout", nameOf(buffer.layout)},
          {"extents", buffer.extents},
          {"records_per_token", buffer.recordsPerToken},
          {"bytes_per_record", buffer.bytesPerRecord}};
}

static Json flagJson(const Flag &flag) {
  std::vector<std::string> indices;
  for (size_t i = 0; i < flag.extents.size(); ++i)
    indices.push_back(concat("i", i));
  return {{"name", flag.name},
          {"extents", flag.extents},
          {"carries_count", flag.carriesCount},
          {"writer", exprText(flag.writer, indices)}};
}

Json planJson(const Plan &plan) {
  Json json = {{"name", plan.name},
               {"ranks", plan.ranks},
               {"nodes", plan.nodes},
               {"depth", plan.depth},
               {"top_k", plan.topK},
               {"serial_steps", plan.serialSteps},
               {"sum_tree", nameOf(plan.sumTree)},
               {"buffers", Json::array()},
               {"flags", Json::array()},
               {"ops", Json::array()}};
  if (plan.stages != 1)
    json["stages"] = plan.stages;
  for (const Buffer &buffer : plan.buffers)
    json["buffers"].push_back(bufferJson(buffer));
  for (const Flag &flag : plan.flags)
    json["flags"].push_back(flagJson(flag));
  for (const Op &op : plan.ops)
    json["ops"].push_back(opJson(plan, op));
  return json;
}

} // namespace moec::rt
