//===- EncodePlan.cpp - PLAN as bytes ------------------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "codegen/module/Encoders.h"

#include "codegen/module/Finish.h"
#include "runtime/plan/plan_generated.h"

namespace moec::codegen {

using flatbuffers::FlatBufferBuilder;
using flatbuffers::Offset;
using namespace plan;

// The wire's enumerators are the structs' own: a cast is the whole conversion.
static_assert(int(wire::ExprKind::MAX) == int(ExprNode::Kind::Mod));
static_assert(int(wire::DomainKind::MAX) == int(DomainKind::Stages));
static_assert(int(wire::ItemSetKind::MAX) == int(ItemSetKind::Q));
static_assert(int(wire::BufferSpace::MAX) == int(BufferSpace::Output));
static_assert(int(wire::BufferLayout::MAX) == int(BufferLayout::Slot));
static_assert(int(wire::TaskKind::MAX) == int(TaskKind::Lanes));
static_assert(int(wire::OpKind::MAX) == int(OpKind::Copy));
static_assert(int(wire::Path::MAX) == int(Path::Host));
static_assert(int(wire::Rates::MAX) == int(Rates::Sizes));
static_assert(int(wire::Engine::MAX) == int(Engine::Copy));
static_assert(int(wire::SumTree::MAX) == int(SumTree::Switch));

namespace {

/// A vector of tables; absent when there are none.
template <typename Wire> using List = Offset<flatbuffers::Vector<Offset<Wire>>>;

class PlanEncoder {
public:
  Bytes encode(const Plan &plan);

private:
  /// Each element by the overload for its type.
  template <typename Wire, typename T> List<Wire> list(const std::vector<T> &elements) {
    if (elements.empty())
      return 0;
    std::vector<Offset<Wire>> offsets;
    for (const T &element : elements)
      offsets.push_back(one(element));
    return builder.CreateVector(offsets);
  }
  Offset<flatbuffers::Vector<uint32_t>> numbers(const std::vector<uint32_t> &values) {
    return values.empty() ? 0 : builder.CreateVector(values);
  }

  Offset<wire::Expr> one(const Expr &expr); ///< absent where there is none
  Offset<wire::Expr> some(const Expr &expr);
  Offset<wire::Domain> one(const Domain &domain);
  Offset<wire::ItemSet> one(const ItemSet &items);
  Offset<wire::Buffer> one(const Buffer &buffer);
  Offset<wire::Flag> one(const Flag &flag);
  Offset<wire::Region> one(const Region &region);
  Offset<wire::After> one(const After &after);
  Offset<wire::Location> one(const Location &location);
  Offset<wire::Op> one(const Op &op);

  FlatBufferBuilder builder;
};

} // namespace

Offset<wire::Expr> PlanEncoder::one(const Expr &expr) {
  if (expr.nodes.empty())
    return 0;
  return some(expr);
}

Offset<wire::Expr> PlanEncoder::some(const Expr &expr) {
  std::vector<wire::ExprNode> nodes;
  for (const ExprNode &node : expr.nodes)
    nodes.emplace_back(node.value, static_cast<wire::ExprKind>(node.kind));
  return wire::CreateExpr(builder, builder.CreateVectorOfStructs(nodes));
}

Offset<wire::Domain> PlanEncoder::one(const Domain &domain) {
  return wire::CreateDomain(builder, builder.CreateString(domain.variable),
                            static_cast<wire::DomainKind>(domain.kind));
}

Offset<wire::ItemSet> PlanEncoder::one(const ItemSet &items) {
  return wire::CreateItemSet(builder, static_cast<wire::ItemSetKind>(items.kind),
                             list<wire::Expr>(items.args));
}

Offset<wire::Buffer> PlanEncoder::one(const Buffer &buffer) {
  auto name = builder.CreateString(buffer.name);
  auto extents = numbers(buffer.extents);
  return wire::CreateBuffer(builder, name, static_cast<wire::BufferSpace>(buffer.space),
                            static_cast<wire::BufferLayout>(buffer.layout), extents,
                            buffer.recordsPerToken, buffer.bytesPerRecord);
}

Offset<wire::Flag> PlanEncoder::one(const Flag &flag) {
  auto name = builder.CreateString(flag.name);
  auto extents = numbers(flag.extents);
  auto writer = one(flag.writer);
  return wire::CreateFlag(builder, name, extents, flag.carriesCount, writer);
}

Offset<wire::Region> PlanEncoder::one(const Region &region) {
  auto index = list<wire::Expr>(region.index);
  auto items = one(region.items);
  auto each = list<wire::Domain>(region.each);
  Offset<wire::ItemSet> frame;
  if (region.frame)
    frame = one(*region.frame);
  return wire::CreateRegion(builder, region.buffer, index, items, each, frame);
}

Offset<wire::After> PlanEncoder::one(const After &after) {
  std::vector<Offset<wire::Expr>> args;
  for (const Expr &arg : after.args)
    args.push_back(some(arg));
  return wire::CreateAfter(builder, after.op, after.all,
                           args.empty() ? 0 : builder.CreateVector(args));
}

Offset<wire::Location> PlanEncoder::one(const Location &location) {
  if (location == Location())
    return 0;
  return wire::CreateLocation(builder, builder.CreateString(location.file), location.line,
                              location.column);
}

Offset<wire::Op> PlanEncoder::one(const Op &op) {
  auto name = builder.CreateString(op.name);
  auto domains = list<wire::Domain>(op.domains);
  auto to = one(op.to);
  auto reads = list<wire::Region>(op.reads);
  auto writes = list<wire::Region>(op.writes);
  auto flagIndex = list<wire::Expr>(op.flagIndex);
  auto value = one(op.value);
  Offset<wire::ItemSet> payload;
  if (op.hasPayload)
    payload = one(op.payload);
  auto after = list<wire::After>(op.after);
  auto location = one(op.location);
  return wire::CreateOp(builder, static_cast<wire::OpKind>(op.kind), name,
                        static_cast<wire::TaskKind>(op.task), domains, to, reads, writes, op.flag,
                        flagIndex, value, payload, static_cast<wire::Path>(op.via), op.window,
                        after, location, static_cast<wire::Rates>(op.rates),
                        static_cast<wire::Engine>(op.engine), op.eachPeer);
}

Bytes PlanEncoder::encode(const Plan &plan) {
  auto name = builder.CreateString(plan.name);
  auto buffers = list<wire::Buffer>(plan.buffers);
  auto flags = list<wire::Flag>(plan.flags);
  auto ops = list<wire::Op>(plan.ops);
  Offset<flatbuffers::Vector<Offset<flatbuffers::String>>> features;
  if (plan.stages != 1) // who does not know them would take its sets for something else
    features = builder.CreateVectorOfStrings({"stages"});
  auto root = wire::CreatePlan(builder, name, plan.ranks, plan.depth, plan.topK, plan.serialSteps,
                               static_cast<wire::SumTree>(plan.sumTree), buffers, flags, ops,
                               features, plan.nodes, plan.stages);
  return finish(builder, root, wire::PlanIdentifier());
}

Bytes encodePlan(const Plan &plan) { return PlanEncoder().encode(plan); }

} // namespace moec::codegen
