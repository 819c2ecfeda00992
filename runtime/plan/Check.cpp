//===- Check.cpp - Is a plan well-formed? --------------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/plan/Check.h"

#include "runtime/base/Where.h"
#include "runtime/plan/CheckExpr.h"
#include "runtime/plan/CheckTask.h"
#include "runtime/plan/Expand.h"
#include "runtime/plan/Limits.h"
#include "runtime/plan/Names.h"

#include <algorithm>
#include <map>

namespace moec::plan {

using rt::Status;
using rt::Where;

namespace {

class Checker {
public:
  explicit Checker(const Plan &plan) : plan(plan) {}
  Status check();

private:
  Status checkHeader(const Where &where);
  Status checkNames(const Where &where);
  Status checkBuffer(const Buffer &buffer, const Where &where);
  Status checkFlag(const Flag &flag, const Where &where);
  Status checkCallerBuffers(const Where &where);

  Status checkOp(const Op &op, uint32_t position, const Where &where);
  Status checkTo(const Op &op, const Variables &variables, const Where &where);
  Status checkSwitch(const Op &op, const Where &where);
  Status checkMove(const Op &op, const Where &where);
  Status checkPut(const Op &op, const Variables &variables, const Where &where);
  Status checkPull(const Op &op, const Where &where);
  Status checkBlock(const Op &op, const Where &where);
  Status checkCopy(const Op &op, const Where &where);
  Status checkSignal(const Op &op, const Variables &variables, const Where &where);
  Status checkWait(const Op &op, const Variables &variables, const Where &where);
  Status checkAbsent(const Op &op, const Where &where);
  Status checkCell(const Op &op, const Variables &variables, const Where &where);
  Status checkAfter(const Op &op, uint32_t position, const Variables &variables,
                    const Where &where);
  Status checkLocation(const Location &location, const Where &where);

  Status checkRegions(const std::vector<Region> &regions, const char *word, BufferSpace forbidden,
                      const Variables &variables, const Where &where);
  Status checkRegion(const Region &region, Variables variables, const Where &where);
  Status checkFrame(const Region &region, const Variables &variables, const Where &where);
  Status checkItems(const ItemSet &items, const Variables &variables, const Where &where);
  Status enter(const std::vector<Domain> &domains, const char *word, Variables &variables,
               const Where &where);

  Interval ranks() const { return {0, int64_t(plan.ranks) - 1}; }
  Interval valuesOf(ArgumentKind kind) const;
  Interval valuesOf(DomainKind kind) const { return {0, int64_t(domainLimit(plan, kind)) - 1}; }

  const Plan &plan;
};

} // namespace

Interval Checker::valuesOf(ArgumentKind kind) const {
  switch (kind) {
  case ArgumentKind::Rank:
    return valuesOf(DomainKind::All);
  case ArgumentKind::Node:
    return valuesOf(DomainKind::Nodes);
  case ArgumentKind::Stage:
    return valuesOf(DomainKind::Stages);
  case ArgumentKind::Lane:
    return valuesOf(DomainKind::Lanes);
  }
  return {0, 0};
}

// --- Names and numbers -------------------------------------------------------

static bool isIdentifier(const std::string &name) {
  auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  auto rest = [&](char c) {
    return letter(c) || (c >= '0' && c <= '9') || c == '$' || c == '.' || c == '-';
  };
  return !name.empty() && letter(name[0]) && std::all_of(name.begin(), name.end(), rest);
}

static Status checkRange(const char *what, uint64_t value, uint64_t low, uint64_t high,
                         const Where &where) {
  if (value < low || value > high)
    return where.invalid("wanted ", what, " from ", low, " to ", high, ", found ", value);
  return {};
}

static Status checkExtents(const std::vector<uint32_t> &extents, const Where &where) {
  MOEC_RETURN_IF_ERROR(checkRange("a number of extents", extents.size(), 0, maxExtents, where));
  for (size_t i = 0; i < extents.size(); ++i)
    MOEC_RETURN_IF_ERROR(checkRange("an extent", extents[i], 1, maxExtent, where.at("extent", i)));
  if (cellCount(extents) > maxCells) // maxExtents * 16 bits: no overflow
    return where.invalid("wanted at most ", maxCells, " cells, found ", cellCount(extents));
  return {};
}

Status Checker::checkHeader(const Where &where) {
  if (plan.name.empty() || !rt::isPrintableUtf8(plan.name))
    return where.at("name").invalid("wanted a printable name, found ", rt::quote(plan.name));
  MOEC_RETURN_IF_ERROR(checkRange("ranks", plan.ranks, 1, maxRanks, where));
  if (plan.nodes < 1 || plan.ranks % plan.nodes != 0)
    return where.at("nodes").invalid("wanted a divisor of the ", plan.ranks, " ranks, found ",
                                     plan.nodes);
  MOEC_RETURN_IF_ERROR(checkRange("a depth", plan.depth, 1, maxDepth, where));
  MOEC_RETURN_IF_ERROR(checkRange("stages", plan.stages, 1, maxStages, where));
  return checkRange("a top k", plan.topK, 1, maxTopK, where);
}

/// Buffers, flags and ops share one namespace, as the values of the dialect do.
Status Checker::checkNames(const Where &where) {
  std::map<std::string, std::string> owners;
  auto check = [&](const auto &elements, const char *word) {
    for (size_t i = 0; i < elements.size(); ++i) {
      const std::string &name = elements[i].name;
      if (!isIdentifier(name))
        return where.at(word, i).invalid("wanted an identifier as name, found ", rt::quote(name));
      auto [owner, isNew] = owners.try_emplace(name, rt::concat(word, " ", i));
      if (!isNew)
        return where.at(word, i, name)
            .invalid("wanted a name of its own, found that of ", owner->second);
    }
    return Status();
  };
  MOEC_RETURN_IF_ERROR(check(plan.buffers, "buffer"));
  MOEC_RETURN_IF_ERROR(check(plan.flags, "flag"));
  return check(plan.ops, "op");
}

// --- Buffers and flags -------------------------------------------------------

Status Checker::checkBuffer(const Buffer &buffer, const Where &where) {
  MOEC_RETURN_IF_ERROR(checkExtents(buffer.extents, where));
  if (buffer.recordsPerToken != 1 && buffer.recordsPerToken != plan.topK)
    return where.invalid("wanted 1 or ", plan.topK, " records a token, found ",
                         buffer.recordsPerToken);
  MOEC_RETURN_IF_ERROR(
      checkRange("bytes a record", buffer.bytesPerRecord, 1, maxBytesPerRecord, where));
  uint64_t bytes; // 2^32 cells * 2^16 records * 2^28 bytes would leave 64 bits
  if (__builtin_mul_overflow(cellCount(buffer.extents),
                             uint64_t(buffer.recordsPerToken) * buffer.bytesPerRecord, &bytes) ||
      bytes > maxBytesPerToken)
    return where.invalid("wanted at most ", maxBytesPerToken, " bytes a token of capacity, found ",
                         cellCount(buffer.extents), " regions of ", buffer.recordsPerToken,
                         " records of ", buffer.bytesPerRecord, " bytes");
  bool ofCaller = buffer.space == BufferSpace::Input || buffer.space == BufferSpace::Output;
  if (ofCaller && (!buffer.extents.empty() || buffer.layout != BufferLayout::Slot ||
                   buffer.recordsPerToken != 1))
    return where.invalid("wanted one region of one record a token in slot layout for the ",
                         nameOf(buffer.space));
  return {};
}

Status Checker::checkCallerBuffers(const Where &where) {
  for (BufferSpace space : {BufferSpace::Input, BufferSpace::Output}) {
    auto count = std::count_if(plan.buffers.begin(), plan.buffers.end(),
                               [&](const Buffer &buffer) { return buffer.space == space; });
    if (count != 1)
      return where.invalid("wanted one ", nameOf(space), " buffer, found ", count);
  }
  return {};
}

Status Checker::checkFlag(const Flag &flag, const Where &where) {
  MOEC_RETURN_IF_ERROR(checkExtents(flag.extents, where));
  Variables variables{{ranks(), {1, maxStep}}, {}, /*step=*/false};
  for (size_t i = 0; i < flag.extents.size(); ++i) {
    variables.bounds.push_back({0, int64_t(flag.extents[i]) - 1});
    variables.names.push_back(rt::concat("i", i));
  }
  return checkExpr(flag.writer, variables, ranks(), where.at("writer"));
}

// --- Regions -----------------------------------------------------------------

Status Checker::enter(const std::vector<Domain> &domains, const char *word, Variables &variables,
                      const Where &where) {
  for (size_t i = 0; i < domains.size(); ++i) {
    const std::string &name = domains[i].variable;
    Where at = where.at(word, i);
    if (!isIdentifier(name) || name == "r" || name == "n")
      return at.invalid("wanted an identifier other than r and n as variable, found ",
                        rt::quote(name));
    if (std::find(variables.names.begin(), variables.names.end(), name) != variables.names.end())
      return at.invalid("wanted a variable of its own, found ", rt::quote(name), " again");
    if (domains[i].kind == DomainKind::OtherNodes && plan.nodes == 1)
      return at.invalid("wanted ", nameOf(DomainKind::OtherNodes),
                        " in a plan of 2 nodes or more alone, found 1");
    variables.names.push_back(name);
    variables.bounds.push_back(valuesOf(domains[i].kind));
  }
  MOEC_RETURN_IF_ERROR(
      checkRange("a number of domains", variables.names.size(), 0, maxDomains, where));
  uint64_t instances = 1; // maxDomains * 16 bits, less one: no overflow
  for (size_t i = firstDomainVariable; i < variables.bounds.size() && instances <= maxInstances;
       ++i)
    instances *= static_cast<uint64_t>(variables.bounds[i].high + 1);
  if (instances > maxInstances)
    return where.invalid("wanted at most ", maxInstances, " tasks a rank, found ",
                         variables.names.size(), " domains on ", plan.ranks, " ranks");
  return {};
}

Status Checker::checkItems(const ItemSet &items, const Variables &variables, const Where &where) {
  std::span<const ArgumentKind> arguments = argumentsOf(items.kind);
  size_t wanted = arguments.size();
  if (items.args.size() != wanted)
    return where.invalid("wanted ", wanted, " arguments for ", nameOf(items.kind), ", found ",
                         items.args.size());
  for (size_t i = 0; i < wanted; ++i)
    MOEC_RETURN_IF_ERROR(
        checkExpr(items.args[i], variables, valuesOf(arguments[i]), where.at("argument", i)));
  return {};
}

/// A region that holds more than the items that are taken from it.
Status Checker::checkFrame(const Region &region, const Variables &variables, const Where &where) {
  bool isPiece = wholeOf(region.items.kind) == region.frame->kind;
  if (!isPartOf(region.items.kind, region.frame->kind))
    return where.invalid("wanted items D, S, P or Q in a frame M, or Q in D, found ",
                         nameOf(region.items.kind), " in ", nameOf(region.frame->kind));
  MOEC_RETURN_IF_ERROR(checkItems(*region.frame, variables, where));
  if (region.frame->args[0] != region.items.args[0])
    return where.invalid("wanted items of the rank whose tokens the frame holds");
  if (isPiece && region.frame->args[1] != region.items.args[1])
    return where.invalid("wanted items for the ",
                         region.frame->kind == ItemSetKind::M ? "node" : "rank",
                         " whose tokens the frame holds");
  if (plan.buffers[region.buffer].layout != BufferLayout::Seq)
    return where.invalid("wanted a frame in layout seq alone");
  return {};
}

Status Checker::checkRegion(const Region &region, Variables variables, const Where &where) {
  if (region.buffer >= plan.buffers.size())
    return where.invalid("wanted a buffer below ", plan.buffers.size(), ", found ", region.buffer);
  MOEC_RETURN_IF_ERROR(enter(region.each, "each", variables, where));
  const Buffer &buffer = plan.buffers[region.buffer];
  if (region.index.size() != buffer.extents.size())
    return where.invalid("wanted ", buffer.extents.size(), " indices into ", rt::quote(buffer.name),
                         ", found ", region.index.size());
  for (size_t i = 0; i < region.index.size(); ++i)
    MOEC_RETURN_IF_ERROR(checkExpr(region.index[i], variables, {0, int64_t(buffer.extents[i]) - 1},
                                   where.at("index", i)));
  MOEC_RETURN_IF_ERROR(checkItems(region.items, variables, where.at("items")));
  if (region.frame)
    MOEC_RETURN_IF_ERROR(checkFrame(region, variables, where.at("frame")));
  else if (auto whole = wholeOf(region.items.kind); whole && buffer.layout == BufferLayout::Seq)
    return where.invalid("wanted a frame ", nameOf(*whole), " around items ",
                         nameOf(region.items.kind), " in layout seq, found none");
  uint32_t records = region.items.kind == ItemSetKind::Y ? plan.topK : 1;
  if (buffer.recordsPerToken != records)
    return where.invalid("wanted ", records, " records a token for items ",
                         nameOf(region.items.kind), ", found ", buffer.recordsPerToken, " in ",
                         rt::quote(buffer.name));
  return {};
}

Status Checker::checkRegions(const std::vector<Region> &regions, const char *word,
                             BufferSpace forbidden, const Variables &variables,
                             const Where &where) {
  MOEC_RETURN_IF_ERROR(checkRange("a number of regions", regions.size(), 0, maxRegions, where));
  for (size_t i = 0; i < regions.size(); ++i) {
    Where at = where.at(word, i);
    MOEC_RETURN_IF_ERROR(checkRegion(regions[i], variables, at));
    const Buffer &buffer = plan.buffers[regions[i].buffer];
    if (buffer.space == forbidden)
      return at.invalid("wanted another buffer than the ", nameOf(forbidden), " ",
                        rt::quote(buffer.name));
  }
  return {};
}

// --- Ops ---------------------------------------------------------------------

/// Fields that the kind does not use are at their defaults, so that equal plans
/// are equal structs.
Status Checker::checkAbsent(const Op &op, const Where &where) {
  bool local = op.kind == OpKind::Compute || op.kind == OpKind::Reduce;
  bool put = op.kind == OpKind::Put;
  bool moves = put || op.kind == OpKind::Pull || op.kind == OpKind::Copy;
  bool signal = op.kind == OpKind::Signal;
  bool flagged = signal || op.kind == OpKind::Wait;
  struct Rule {
    const char *what;
    bool used;
    bool present;
  };
  const Rule rules[] = {
      {"task", local, op.task != TaskKind::Route},
      {"to", put || signal, !op.to.nodes.empty()},
      {"reads", local || moves, !op.reads.empty()},
      {"writes", local || moves, !op.writes.empty()},
      {"flag", flagged, op.flag != 0},
      {"flag index", flagged, !op.flagIndex.empty()},
      {"value", flagged, !op.value.nodes.empty()},
      {"payload", flagged && op.hasPayload, op.hasPayload || op.payload != ItemSet()},
      {"via", put || signal, op.via != Path::NVLink},
      {"window", put, op.window != 0},
      {"each peer", put, op.eachPeer},
      {"rates", put, op.rates != Rates::Equal},
      {"engine", put, op.engine != Engine::Sm},
  };
  for (const Rule &rule : rules)
    if (rule.present && !rule.used)
      return where.at(rule.what).invalid("wanted none in a ", nameOf(op.kind), ", found one");
  return {};
}

/// One switch joins all ranks where they are one node.
Status Checker::checkSwitch(const Op &op, const Where &where) {
  if (plan.nodes != 1)
    return where.invalid("wanted one node for a ", nameOf(op.kind), " by the switch, found ",
                         plan.nodes);
  return {};
}

/// One rank, or by multicast all of them, which nothing names.
Status Checker::checkTo(const Op &op, const Variables &variables, const Where &where) {
  if (op.via != Path::Multicast)
    return checkExpr(op.to, variables, ranks(), where.at("to"));
  if (!op.to.nodes.empty())
    return where.at("to").invalid("wanted no rank by ", nameOf(op.via), ", found one");
  return checkSwitch(op, where);
}

static Status checkSymmetric(const Buffer &buffer, const Where &where) {
  if (buffer.space != BufferSpace::Symmetric)
    return where.at("region", 0)
        .invalid("wanted a sym buffer, found ", nameOf(buffer.space), " buffer ",
                 rt::quote(buffer.name));
  return {};
}

/// The two regions of a Put, a Pull or a Copy.
Status Checker::checkMove(const Op &op, const Where &where) {
  if (op.reads.size() != 1 || op.writes.size() != 1)
    return where.invalid("wanted 1 source and 1 target, found ", op.reads.size(), " and ",
                         op.writes.size());
  const Region &source = op.reads[0], &target = op.writes[0];
  const Buffer &from = plan.buffers[source.buffer], &into = plan.buffers[target.buffer];
  if (!source.each.empty() || !target.each.empty())
    return where.invalid("wanted one region on each side, found 'each'");
  if (target.frame && wholeOf(target.items.kind) != target.frame->kind)
    return where.at("writes").invalid("wanted a frame in the source alone, found one");
  if (source.items != target.items)
    return where.invalid("wanted the same items on both sides");
  if (from.bytesPerRecord != into.bytesPerRecord)
    return where.invalid("wanted the same bytes a record on both sides, found ",
                         from.bytesPerRecord, " in ", rt::quote(from.name), " and ",
                         into.bytesPerRecord, " in ", rt::quote(into.name));
  return {};
}

/// A copy engine moves one block within the fabric of a node.
Status Checker::checkBlock(const Op &op, const Where &where) {
  if (op.via != Path::NVLink)
    return where.invalid("wanted ", nameOf(Engine::Sm), " by ", nameOf(op.via), ", found ",
                         nameOf(op.engine));
  for (const Region *region : {&op.reads[0], &op.writes[0]})
    if (const Buffer &buffer = plan.buffers[region->buffer];
        buffer.layout != BufferLayout::Seq || region->frame)
      return where.invalid("wanted all items of regions in layout seq, found ",
                           region->frame ? "a part" : nameOf(buffer.layout), " of ",
                           rt::quote(buffer.name));
  return {};
}

/// Within the rank; a peer may read what is written.
Status Checker::checkCopy(const Op &op, const Where &where) {
  MOEC_RETURN_IF_ERROR(checkMove(op, where));
  if (op.reads[0].buffer == op.writes[0].buffer)
    return where.invalid("wanted another buffer than the source ",
                         rt::quote(plan.buffers[op.reads[0].buffer].name), ", found the same");
  return {};
}

Status Checker::checkPut(const Op &op, const Variables &variables, const Where &where) {
  MOEC_RETURN_IF_ERROR(checkTo(op, variables, where));
  MOEC_RETURN_IF_ERROR(checkMove(op, where));
  if (op.eachPeer && (op.window == 0 || op.via == Path::Multicast))
    return where.at("each peer")
        .invalid("wanted a window of puts to one rank, found ", op.window ? "puts to all" : "none");
  bool oneAtATime = op.window == 1 && !op.eachPeer;
  if (op.rates == Rates::Sizes && (oneAtATime || op.domains.empty()))
    return where.at("rates").invalid("wanted ", nameOf(Rates::Equal),
                                     " for one put at a time, found ", nameOf(op.rates));
  if (op.engine == Engine::Copy)
    MOEC_RETURN_IF_ERROR(checkBlock(op, where.at("engine")));
  return checkSymmetric(plan.buffers[op.writes[0].buffer], where.at("writes"));
}

/// Every rank has a sum of each of the rank's own tokens, so that the switch adds
/// equally many everywhere.
Status Checker::checkPull(const Op &op, const Where &where) {
  MOEC_RETURN_IF_ERROR(checkSwitch(op, where));
  MOEC_RETURN_IF_ERROR(checkMove(op, where));
  if (op.reads[0].items != ItemSet{ItemSetKind::A, {rank()}} || op.reads[0].frame)
    return where.at("reads").invalid("wanted all tokens of the rank itself");
  return checkSymmetric(plan.buffers[op.reads[0].buffer], where.at("reads"));
}

/// The flag's cell, the value and the payload of a Signal or a Wait.
Status Checker::checkCell(const Op &op, const Variables &variables, const Where &where) {
  if (op.flag >= plan.flags.size())
    return where.at("flag").invalid("wanted a flag below ", plan.flags.size(), ", found ", op.flag);
  const Flag &flag = plan.flags[op.flag];
  if (op.flagIndex.size() != flag.extents.size())
    return where.invalid("wanted ", flag.extents.size(), " indices into ", rt::quote(flag.name),
                         ", found ", op.flagIndex.size());
  for (size_t i = 0; i < op.flagIndex.size(); ++i)
    MOEC_RETURN_IF_ERROR(checkExpr(op.flagIndex[i], variables, {0, int64_t(flag.extents[i]) - 1},
                                   where.at("flag index", i)));
  MOEC_RETURN_IF_ERROR(checkExpr(op.value, variables, {1, INT64_MAX}, where.at("value")));
  for (const ExprNode &node : op.value.nodes) // a flag that comes round again is taken for old
    if (node.kind == ExprNode::Kind::Mod || node.kind == ExprNode::Kind::FloorDiv)
      return where.at("value").invalid("wanted a value that grows with the step, found a quotient");
  bool mayLeaveOut = op.kind == OpKind::Wait; // who waits need not look at the count
  if (op.hasPayload != flag.carriesCount && !(mayLeaveOut && !op.hasPayload))
    return where.at("payload").invalid("wanted ", flag.carriesCount ? "a count" : "none", " for ",
                                       rt::quote(flag.name), ", found ",
                                       op.hasPayload ? "one" : "none");
  return op.hasPayload ? checkItems(op.payload, variables, where.at("payload")) : Status();
}

Status Checker::checkSignal(const Op &op, const Variables &variables, const Where &where) {
  MOEC_RETURN_IF_ERROR(checkTo(op, variables, where));
  return checkCell(op, variables, where);
}

Status Checker::checkWait(const Op &op, const Variables &variables, const Where &where) {
  return checkCell(op, variables, where);
}

/// Whether an expression is never the rank's own node: no bounds would tell.
static bool isOtherNode(const Op &op, const Expr &expr) {
  for (uint32_t i = 0; i < op.domains.size(); ++i)
    if (op.domains[i].kind == DomainKind::OtherNodes && expr == domainVariable(i))
      return true;
  return false;
}

Status Checker::checkAfter(const Op &op, uint32_t position, const Variables &variables,
                           const Where &where) {
  MOEC_RETURN_IF_ERROR(checkRange("a number of predecessors", op.after.size(), 0, maxAfter, where));
  for (size_t i = 0; i < op.after.size(); ++i) {
    const After &after = op.after[i];
    Where at = where.at("after", i);
    if (after.op >= position)
      return at.invalid("wanted an op before ", position, ", found ", after.op);
    size_t wanted = after.all ? 0 : plan.ops[after.op].domains.size();
    if (after.args.size() != wanted)
      return at.invalid("wanted ", wanted, " arguments for ",
                        after.all ? "all tasks of " : "one task of ",
                        rt::quote(plan.ops[after.op].name), ", found ", after.args.size());
    size_t any = 0;
    for (size_t j = 0; j < wanted; ++j) {
      if (after.args[j].nodes.empty()) {
        ++any;
        continue;
      }
      if (plan.ops[after.op].domains[j].kind == DomainKind::OtherNodes &&
          !isOtherNode(op, after.args[j]))
        return at.at("argument", j)
            .invalid("wanted a variable of the op's own that runs through ",
                     nameOf(DomainKind::OtherNodes), ": the rank's own node is none of them");
      MOEC_RETURN_IF_ERROR(checkExpr(after.args[j], variables,
                                     valuesOf(plan.ops[after.op].domains[j].kind),
                                     at.at("argument", j)));
    }
    if (wanted && any == wanted)
      return at.invalid("wanted a value among the arguments, found any for all of them");
  }
  return {};
}

Status Checker::checkLocation(const Location &location, const Where &where) {
  bool known = !location.file.empty();
  if (known != (location.line != 0) || known != (location.column != 0))
    return where.invalid("wanted file, line and column together, found ", rt::quote(location.file),
                         " line ", location.line, " column ", location.column);
  return {};
}

Status Checker::checkOp(const Op &op, uint32_t position, const Where &where) {
  Variables variables{{ranks(), {1, maxStep}}, {}};
  MOEC_RETURN_IF_ERROR(enter(op.domains, "domain", variables, where));
  MOEC_RETURN_IF_ERROR(checkAbsent(op, where));
  MOEC_RETURN_IF_ERROR(
      checkRegions(op.reads, "reads region", BufferSpace::Output, variables, where));
  MOEC_RETURN_IF_ERROR(
      checkRegions(op.writes, "writes region", BufferSpace::Input, variables, where));
  switch (op.kind) {
  case OpKind::Compute:
  case OpKind::Reduce:
    for (const auto *regions : {&op.reads, &op.writes})
      for (const Region &region : *regions)
        if (region.frame && !mayBeInPieces(op.task))
          return where.invalid(
              "wanted a frame in a put, a rank_sum or a node_sum alone, found one");
    MOEC_RETURN_IF_ERROR(checkTask(plan, op, where));
    break;
  case OpKind::Put:
    MOEC_RETURN_IF_ERROR(checkPut(op, variables, where));
    break;
  case OpKind::Signal:
    MOEC_RETURN_IF_ERROR(checkSignal(op, variables, where));
    break;
  case OpKind::Wait:
    MOEC_RETURN_IF_ERROR(checkWait(op, variables, where));
    break;
  case OpKind::Pull:
    MOEC_RETURN_IF_ERROR(checkPull(op, where));
    break;
  case OpKind::Copy:
    MOEC_RETURN_IF_ERROR(checkCopy(op, where));
    break;
  }
  MOEC_RETURN_IF_ERROR(checkAfter(op, position, variables, where));
  return checkLocation(op.location, where.at("location"));
}

Status Checker::check() {
  Where root;
  MOEC_RETURN_IF_ERROR(checkHeader(root));
  MOEC_RETURN_IF_ERROR(checkRange("a number of buffers", plan.buffers.size(), 0, maxBuffers, root));
  MOEC_RETURN_IF_ERROR(checkRange("a number of flags", plan.flags.size(), 0, maxFlags, root));
  MOEC_RETURN_IF_ERROR(checkRange("a number of ops", plan.ops.size(), 0, maxOps, root));
  MOEC_RETURN_IF_ERROR(checkNames(root));
  for (size_t i = 0; i < plan.buffers.size(); ++i)
    MOEC_RETURN_IF_ERROR(checkBuffer(plan.buffers[i], root.at("buffer", i, plan.buffers[i].name)));
  MOEC_RETURN_IF_ERROR(checkCallerBuffers(root));
  for (size_t i = 0; i < plan.flags.size(); ++i)
    MOEC_RETURN_IF_ERROR(checkFlag(plan.flags[i], root.at("flag", i, plan.flags[i].name)));
  for (uint32_t i = 0; i < plan.ops.size(); ++i)
    MOEC_RETURN_IF_ERROR(checkOp(plan.ops[i], i, root.at("op", i, plan.ops[i].name)));
  return {};
}

Status checkPlan(const Plan &plan) { return Checker(plan).check(); }

} // namespace moec::plan
