//===- PlanReader.cpp - Decoding the PLAN section ------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/plan/PlanReader.h"

#include "runtime/base/FlatBuffer.h"
#include "runtime/plan/Check.h"
#include "runtime/plan/Expr.h"
#include "runtime/plan/Limits.h"
#include "runtime/plan/plan_generated.h"

namespace moec::plan {

using rt::Status;
using rt::Where;

static std::string_view textView(const flatbuffers::String *text) {
  return text ? text->string_view() : std::string_view();
}

static Status decode(const wire::Expr *expr, const Where &where, Expr &out) {
  if (!expr)
    return {};
  return rt::decodeVector(expr->nodes(), where, maxExprNodes, out.nodes,
                          [&](const wire::ExprNode *node, uint32_t i, ExprNode &to) {
                            to.value = node->value();
                            return rt::decodeEnum(node->kind(), where.at("node", i).at("kind"),
                                                  to.kind);
                          });
}

using WireExprs = flatbuffers::Vector<flatbuffers::Offset<wire::Expr>>;
static Status decode(const WireExprs *exprs, const Where &parent, const char *word,
                     uint32_t maxCount, std::vector<Expr> &out) {
  return rt::decodeVector(exprs, parent.at(word), maxCount, out,
                          [&](const wire::Expr *expr, uint32_t i, Expr &to) {
                            return decode(expr, parent.at(word, i), to);
                          });
}

static Status decode(const wire::ItemSet *items, const Where &where, ItemSet &out) {
  if (!items)
    return {};
  MOEC_RETURN_IF_ERROR(rt::decodeEnum(items->kind(), where.at("kind"), out.kind));
  return decode(items->args(), where, "argument", 4, out.args);
}

using WireDomains = flatbuffers::Vector<flatbuffers::Offset<wire::Domain>>;
static Status decode(const WireDomains *domains, const Where &parent, const char *word,
                     std::vector<Domain> &out) {
  return rt::decodeVector(domains, parent.at(word), maxDomains, out,
                          [&](const wire::Domain *domain, uint32_t i, Domain &to) {
                            Where where = parent.at(word, i);
                            MOEC_RETURN_IF_ERROR(rt::decodeText(domain->variable(),
                                                                where.at("variable"), maxNameBytes,
                                                                to.variable));
                            return rt::decodeEnum(domain->kind(), where.at("kind"), to.kind);
                          });
}

static Status decode(const wire::Buffer *buffer, const Where &where, Buffer &out) {
  MOEC_RETURN_IF_ERROR(rt::decodeText(buffer->name(), where.at("name"), maxNameBytes, out.name));
  MOEC_RETURN_IF_ERROR(rt::decodeEnum(buffer->space(), where.at("space"), out.space));
  MOEC_RETURN_IF_ERROR(rt::decodeEnum(buffer->layout(), where.at("layout"), out.layout));
  out.recordsPerToken = buffer->records_per_token();
  out.bytesPerRecord = buffer->bytes_per_record();
  return rt::decodeNumbers(buffer->extents(), where.at("extents"), maxExtents, out.extents);
}

static Status decode(const wire::Flag *flag, const Where &where, Flag &out) {
  MOEC_RETURN_IF_ERROR(rt::decodeText(flag->name(), where.at("name"), maxNameBytes, out.name));
  MOEC_RETURN_IF_ERROR(
      rt::decodeNumbers(flag->extents(), where.at("extents"), maxExtents, out.extents));
  out.carriesCount = flag->carries_count();
  return decode(flag->writer(), where.at("writer"), out.writer);
}

using WireRegions = flatbuffers::Vector<flatbuffers::Offset<wire::Region>>;
static Status decode(const WireRegions *regions, const Where &parent, const char *word,
                     std::vector<Region> &out) {
  return rt::decodeVector(
      regions, parent.at(word), maxRegions, out,
      [&](const wire::Region *region, uint32_t i, Region &to) {
        Where where = parent.at(word, i);
        to.buffer = region->buffer();
        MOEC_RETURN_IF_ERROR(decode(region->index(), where, "index", maxExtents, to.index));
        MOEC_RETURN_IF_ERROR(decode(region->items(), where.at("items"), to.items));
        MOEC_RETURN_IF_ERROR(decode(region->each(), where, "each", to.each));
        return region->frame() ? decode(region->frame(), where.at("frame"), to.frame.emplace())
                               : Status();
      });
}

static Status decode(const wire::After *after, const Where &where, After &out) {
  out.op = after->op();
  out.all = after->all();
  return decode(after->args(), where, "argument", maxDomains, out.args);
}

static Status decode(const wire::Location *location, const Where &where, Location &out) {
  if (!location)
    return {};
  out.line = location->line();
  out.column = location->column();
  return rt::decodeText(location->file(), where.at("file"), maxPathBytes, out.file);
}

static Status decode(const wire::Op *op, const Where &where, Op &out) {
  MOEC_RETURN_IF_ERROR(rt::decodeText(op->name(), where.at("name"), maxNameBytes, out.name));
  MOEC_RETURN_IF_ERROR(rt::decodeEnum(op->kind(), where.at("kind"), out.kind));
  MOEC_RETURN_IF_ERROR(rt::decodeEnum(op->task(), where.at("task"), out.task));
  MOEC_RETURN_IF_ERROR(decode(op->domains(), where, "domain", out.domains));
  MOEC_RETURN_IF_ERROR(decode(op->to(), where.at("to"), out.to));
  MOEC_RETURN_IF_ERROR(decode(op->reads(), where, "reads region", out.reads));
  MOEC_RETURN_IF_ERROR(decode(op->writes(), where, "writes region", out.writes));
  out.flag = op->flag();
  MOEC_RETURN_IF_ERROR(decode(op->flag_index(), where, "flag index", maxExtents, out.flagIndex));
  MOEC_RETURN_IF_ERROR(decode(op->value(), where.at("value"), out.value));
  out.hasPayload = op->payload() != nullptr;
  MOEC_RETURN_IF_ERROR(decode(op->payload(), where.at("payload"), out.payload));
  MOEC_RETURN_IF_ERROR(rt::decodeEnum(op->via(), where.at("via"), out.via));
  out.window = op->window();
  out.eachPeer = op->each_peer();
  MOEC_RETURN_IF_ERROR(rt::decodeEnum(op->rates(), where.at("rates"), out.rates));
  MOEC_RETURN_IF_ERROR(rt::decodeEnum(op->engine(), where.at("engine"), out.engine));
  MOEC_RETURN_IF_ERROR(rt::decodeVector(op->after(), where.at("after"), maxAfter, out.after,
                                        [&](const wire::After *after, uint32_t i, After &to) {
                                          return decode(after, where.at("after", i), to);
                                        }));
  return decode(op->location(), where.at("location"), out.location);
}

/// All fields that are not in a table of their own, and the three lists.
static Status decode(const wire::Plan *plan, const Where &where, Plan &out) {
  MOEC_RETURN_IF_ERROR(rt::decodeFeatures(plan->features(), where.at("features"), {"stages"}));
  MOEC_RETURN_IF_ERROR(rt::decodeText(plan->name(), where.at("name"), maxNameBytes, out.name));
  MOEC_RETURN_IF_ERROR(rt::decodeEnum(plan->sum_tree(), where.at("sum tree"), out.sumTree));
  out.ranks = plan->ranks();
  out.nodes = plan->nodes();
  out.stages = plan->stages();
  out.depth = plan->depth();
  out.topK = plan->top_k();
  out.serialSteps = plan->serial_steps();
  // An element is named by its number and its own name, as far as it can be printed.
  auto each = [&](const char *word) {
    return [&where, word](const auto *element, uint32_t i, auto &to) {
      return decode(element, where.at(word, i, textView(element->name())), to);
    };
  };
  MOEC_RETURN_IF_ERROR(rt::decodeVector(plan->buffers(), where.at("buffers"), maxBuffers,
                                        out.buffers, each("buffer")));
  MOEC_RETURN_IF_ERROR(
      rt::decodeVector(plan->flags(), where.at("flags"), maxFlags, out.flags, each("flag")));
  return rt::decodeVector(plan->ops(), where.at("ops"), maxOps, out.ops, each("op"));
}

rt::Result<Plan> readPlan(std::span<const uint8_t> bytes) {
  MOEC_ASSIGN_OR_RETURN(const wire::Plan *root,
                        rt::verifiedRoot<wire::Plan>(bytes, wire::PlanIdentifier()));
  Plan plan;
  MOEC_RETURN_IF_ERROR(decode(root, Where(), plan));
  MOEC_RETURN_IF_ERROR(checkPlan(plan));
  return plan;
}

} // namespace moec::plan
