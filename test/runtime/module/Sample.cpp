//===- Sample.cpp - A small good module for tests ------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "test/runtime/module/Sample.h"

#include "runtime/plan/Expr.h"

namespace moec::test {

using namespace plan;

Layer sampleLayer() {
  Layer layer;
  layer.name = "sample";
  layer.hidden = 16;
  layer.experts = 4;
  layer.tokensType = layer.weightsType = DType::F32;
  layer.router.topK = 2;
  layer.router.normalize = true;
  layer.expert.intermediate = 8;
  layer.weights = sampleWeights(layer);
  return layer;
}

std::vector<WeightName> sampleWeights(const Layer &layer) {
  std::vector<WeightName> weights = {{WeightRole::Router, "mlp.gate.weight"}};
  if (layer.router.logitsBias)
    weights.push_back({WeightRole::RouterBias, "mlp.gate.bias"});
  if (layer.router.selectionBias)
    weights.push_back({WeightRole::SelectionBias, "mlp.gate.e_score_correction_bias"});
  if (layer.expert.activation.usesGate())
    weights.push_back({WeightRole::ExpertGate, "mlp.experts.{expert}.gate_proj.weight"});
  weights.push_back({WeightRole::ExpertUp, "mlp.experts.{expert}.up_proj.weight"});
  weights.push_back({WeightRole::ExpertDown, "mlp.experts.{expert}.down_proj.weight"});
  if (layer.expert.gateBias)
    weights.push_back({WeightRole::ExpertGateBias, "mlp.experts.{expert}.gate_proj.bias"});
  if (layer.expert.upBias)
    weights.push_back({WeightRole::ExpertUpBias, "mlp.experts.{expert}.up_proj.bias"});
  if (layer.expert.downBias)
    weights.push_back({WeightRole::ExpertDownBias, "mlp.experts.{expert}.down_proj.bias"});
  if (!layer.shared)
    return weights;
  if (layer.shared->mlp.activation.usesGate())
    weights.push_back({WeightRole::SharedGate, "mlp.shared_expert.gate_proj.weight"});
  weights.push_back({WeightRole::SharedUp, "mlp.shared_expert.up_proj.weight"});
  weights.push_back({WeightRole::SharedDown, "mlp.shared_expert.down_proj.weight"});
  if (layer.shared->gate)
    weights.push_back({WeightRole::SharedScale, "mlp.shared_expert_gate.weight"});
  return weights;
}

Placement linearPlacement(uint32_t experts, uint32_t ranks) {
  Placement placement;
  placement.slots.resize(ranks);
  for (uint64_t expert = 0; expert < experts; ++expert)
    placement.slots[expert * ranks / experts].push_back(static_cast<uint32_t>(expert));
  return placement;
}

namespace {

/// Builds direct_rows op by op; members named as the values of the plan.
class DirectRows {
public:
  DirectRows(const Layer &layer, uint32_t ranks, uint32_t depth, uint32_t window)
      : layer(layer), window(window) {
    plan.name = layer.name;
    plan.ranks = ranks;
    plan.depth = depth;
    plan.topK = layer.router.topK;
  }

  Plan build() {
    addStorage();
    addDispatch();
    addCombine();
    for (uint32_t i = 0; i < plan.ops.size(); ++i)
      plan.ops[i].location = {"sample.moe", 20 + i, 3};
    return std::move(plan);
  }

private:
  static uint32_t bytesOf(DType type) { return type == DType::F32 ? 4 : 2; }

  uint32_t buffer(const char *name, BufferSpace space, BufferLayout layout,
                  std::vector<uint32_t> extents, uint32_t records, uint32_t bytes) {
    plan.buffers.push_back({name, space, layout, std::move(extents), records, bytes});
    return static_cast<uint32_t>(plan.buffers.size() - 1);
  }

  void addStorage() {
    using enum BufferSpace;
    using enum BufferLayout;
    uint32_t ranks = plan.ranks, depth = plan.depth, topK = plan.topK;
    uint32_t row = layer.hidden * bytesOf(layer.tokensType);
    uint32_t back_row = layer.hidden * bytesOf(layer.combineType);
    x = buffer("x", Input, Slot, {}, 1, row);
    route = buffer("route", Local, Slot, {}, 1, 12 * topK);
    record = buffer("record", Local, Seq, {ranks}, 1, 4 * (2 + 2 * topK));
    recv = buffer("recv", Symmetric, Seq, {depth, ranks}, 1, row);
    meta = buffer("meta", Symmetric, Seq, {depth, ranks}, 1, 4 * (2 + 2 * topK));
    y = buffer("y", Local, Slot, {ranks}, topK, back_row);
    back = buffer("back", Symmetric, Slot, {depth}, topK, back_row);
    if (layer.shared)
      shared = buffer("shared", Local, Slot, {}, 1, layer.hidden * 4);
    out = buffer("out", Output, Slot, {}, 1, layer.hidden * 4);
    plan.flags.push_back({"fd", {depth, ranks}, true, domainVariable(1)});
    plan.flags.push_back({"fc", {depth, ranks}, false, domainVariable(1)});
  }

  // --- Shorthands: p (or s) is the op's or the region's only domain variable ---

  static Expr p() { return domainVariable(0); }
  Expr parity() const { return plan.depth == 1 ? constant(0) : mod(step(), plan.depth); }
  static ItemSet tokens() { return {ItemSetKind::A, {plan::rank()}}; }
  static ItemSet sent() { return {ItemSetKind::D, {plan::rank(), p()}}; }
  static ItemSet received() { return {ItemSetKind::D, {p(), plan::rank()}}; }
  static ItemSet rowsReceived() { return {ItemSetKind::Y, {p(), plan::rank()}}; }
  static ItemSet rowsSent() { return {ItemSetKind::Y, {plan::rank(), p()}}; }
  static After all(uint32_t op) { return {op, true, {}}; }
  static After same(uint32_t op) { return {op, false, {p()}}; }

  uint32_t add(Op op, const char *name, std::vector<After> after) {
    op.name = name;
    op.after = std::move(after);
    plan.ops.push_back(std::move(op));
    return static_cast<uint32_t>(plan.ops.size() - 1);
  }
  static Op compute(TaskKind task, std::vector<Region> reads, std::vector<Region> writes) {
    Op op;
    op.kind = task == TaskKind::SlotSum ? OpKind::Reduce : OpKind::Compute;
    op.task = task;
    op.reads = std::move(reads);
    op.writes = std::move(writes);
    return op;
  }
  Op put(const char *variable, Region target, Region source) const {
    Op op;
    op.kind = OpKind::Put;
    op.domains = {{variable, DomainKind::Stagger}};
    op.to = p();
    op.writes = {std::move(target)};
    op.reads = {std::move(source)};
    op.window = window;
    return op;
  }
  Op flagOp(OpKind kind, const char *variable, uint32_t flag) const {
    Op op;
    op.kind = kind;
    bool signal = kind == OpKind::Signal;
    op.domains = {{variable, signal ? DomainKind::Stagger : DomainKind::All}};
    if (signal)
      op.to = p();
    op.flag = flag;
    op.flagIndex = {parity(), signal ? plan::rank() : p()};
    op.value = step();
    if (plan.flags[flag].carriesCount) {
      op.hasPayload = true;
      op.payload = signal ? sent() : received();
    }
    return op;
  }

  void addDispatch() {
    rt = add(compute(TaskKind::Route, {{x, {}, tokens(), {}}}, {{route, {}, tokens(), {}}}), "rt",
             {});
    Op pack = compute(TaskKind::Pack, {{route, {}, tokens(), {}}}, {{record, {p()}, sent(), {}}});
    pack.domains = {{"p", DomainKind::All}};
    uint32_t pk = add(pack, "pk", {all(rt)});
    uint32_t pd = add(put("p", {recv, {parity(), plan::rank()}, sent(), {}}, {x, {}, sent(), {}}),
                      "pd", {all(rt)});
    uint32_t pm =
        add(put("p", {meta, {parity(), plan::rank()}, sent(), {}}, {record, {p()}, sent(), {}}),
            "pm", {same(pk)});
    add(flagOp(OpKind::Signal, "p", 0), "sd", {same(pd), same(pm)});
    if (layer.shared)
      sh = add(compute(TaskKind::Shared, {{x, {}, tokens(), {}}}, {{shared, {}, tokens(), {}}}),
               "sh", {});
    wd = add(flagOp(OpKind::Wait, "s", 0), "wd", {});
  }

  void addCombine() {
    std::vector<Domain> sources = {{"s", DomainKind::All}};
    uint32_t ex = add(compute(TaskKind::Experts,
                              {{recv, {parity(), p()}, received(), sources},
                               {meta, {parity(), p()}, received(), sources}},
                              {{y, {p()}, rowsReceived(), sources}}),
                      "ex", {all(wd)});
    uint32_t pc =
        add(put("s", {back, {parity()}, rowsReceived(), {}}, {y, {p()}, rowsReceived(), {}}), "pc",
            {all(ex)});
    add(flagOp(OpKind::Signal, "s", 1), "sc", {same(pc)});
    uint32_t wc = add(flagOp(OpKind::Wait, "p", 1), "wc", {});
    std::vector<Region> parts = {{route, {}, tokens(), {}},
                                 {back, {parity()}, rowsSent(), {{"p", DomainKind::All}}}};
    std::vector<After> after = {all(wc)};
    if (layer.shared) {
      parts.push_back({shared, {}, tokens(), {}});
      after.push_back(all(sh));
    }
    if (layer.residual)
      parts.push_back({x, {}, tokens(), {}});
    add(compute(TaskKind::SlotSum, std::move(parts), {{out, {}, tokens(), {}}}), "rd",
        std::move(after));
  }

  const Layer &layer;
  uint32_t window;
  Plan plan;
  uint32_t x = 0, route = 0, record = 0, recv = 0, meta = 0, y = 0, back = 0, shared = 0, out = 0;
  uint32_t rt = 0, sh = 0, wd = 0;
};

} // namespace

Plan directRowsPlan(const Layer &layer, uint32_t ranks, uint32_t depth, uint32_t window) {
  return DirectRows(layer, ranks, depth, window).build();
}

ModuleContents sampleContents(const Layer &layer, uint32_t ranks) {
  ModuleContents contents;
  contents.manifest = {.compiler = "moec 0.1.0",
                       .source = "sample.moe",
                       .machine = "box",
                       .mesh = "ranks",
                       .target = "cpu",
                       .ranks = ranks,
                       .maxTokensPerRank = 0,
                       .layer = layer,
                       .placement = linearPlacement(layer.experts, ranks)};
  contents.plan = directRowsPlan(layer, ranks);
  contents.sources = {{"sample.moe", "moe 1\n\nlayer sample {}\n"}};
  contents.provenance = {"moec 0.1.0", {{"ranks", std::to_string(ranks)}}};
  return contents;
}

ModuleContents fullContents() {
  Layer layer = sampleLayer();
  layer.name = "full";
  layer.experts = 6;
  layer.tokensType = layer.weightsType = DType::BF16;
  layer.router = {.topK = 3,
                  .logitsType = DType::BF16,
                  .logitsBias = true,
                  .score = ScoreFunction::Sigmoid,
                  .scoreAfterTopK = false,
                  .selectionBias = true,
                  .groups = GroupLimit{3, 2, GroupScore::SumOfTop2, RejectedValue::Zero},
                  .normalize = true,
                  .normalizeEpsilon = 1e-20,
                  .scale = 2.5,
                  .weightsType = DType::BF16};
  layer.expert.activation = Activation::GeluTanh;
  layer.shared = SharedExpert{{12, Activation::Silu}, true};
  layer.expert.gateBias = layer.expert.upBias = layer.expert.downBias = true;
  layer.residual = true;
  layer.weights = sampleWeights(layer);
  for (WeightName &weight : layer.weights) {
    bool isGate = weight.role == WeightRole::ExpertGate;
    if (isGate || weight.role == WeightRole::ExpertUp)
      weight = {weight.role, "mlp.experts.gate_up_proj", {true, true, 2, isGate ? 0u : 1u, true}};
  }

  ModuleContents contents = sampleContents(layer, 3);
  contents.manifest.maxTokensPerRank = 4096;
  contents.manifest.placement.slots[2].push_back(0);
  contents.plan = directRowsPlan(layer, 3, /*depth=*/2);
  contents.plan.ops[2].via = Path::Rail;
  contents.sources.push_back({"machines/box.moe", "moe 1\n\nmachine box {}\n"});
  contents.provenance.options.push_back({"seed", "7"});
  return contents;
}

} // namespace moec::test
