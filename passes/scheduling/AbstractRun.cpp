//===- AbstractRun.cpp - Run a plan with sets in place of rows ------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/scheduling/AbstractRun.h"

#include "passes/scheduling/Explain.h"
#include "passes/scheduling/Overlap.h"
#include "runtime/plan/Names.h"

#include <algorithm>
#include <map>
#include <numeric>

namespace moec::scheduling {

using plan::ConcreteItems, plan::ItemSetKind, plan::TaskKind;

std::vector<uint32_t> getTargetRanks(const TaskGraph &graph, TaskId id) {
  const plan::Op &op = graph.op(id);
  if (op.kind != plan::OpKind::Put)
    return {graph[id].rank};
  return plan::targetRanks(graph.getPlan(), op, graph[id].scope);
}

std::vector<uint32_t> getSourceRanks(const TaskGraph &graph, TaskId id) {
  if (graph.op(id).kind != plan::OpKind::Pull)
    return {graph[id].rank};
  std::vector<uint32_t> all(graph.getPlan().ranks);
  std::iota(all.begin(), all.end(), 0u);
  return all;
}

std::string describeRegion(const plan::Plan &plan, const RegionKey &key) {
  auto [rank, buffer, region] = key;
  std::string text = "'" + plan.buffers[buffer].name + "'";
  if (!plan.buffers[buffer].extents.empty())
    text += " region " + std::to_string(region);
  return text + " of rank " + std::to_string(rank);
}

namespace {

/// What rows are, wherever they lie.
enum class Content : uint8_t {
  Tokens,
  Route,
  Record,
  NodeRecord,
  Rows,
  RankSums,
  NodeSums,
  FullSums,
  SwitchSums,
  Shared,
  Result
};

/// A set that lies in a region.
struct Entry {
  ConcreteItems items;
  Content content = Content::Tokens;
  uint32_t step = 0;
  TaskId writer = 0;
  bool isRead = false;
};

class Machine {
public:
  Machine(const plan::Plan &plan, const TaskGraph &graph, Faults &faults)
      : plan(plan), graph(graph), faults(faults) {}
  void run(TaskId id);
  void finish(uint32_t steps);

private:
  std::optional<Content> read(TaskId id, const plan::ConcreteRegion &part, uint32_t rank);
  Content readAll(TaskId id, size_t i);
  void write(TaskId id, const plan::ConcreteRegion &part, uint32_t rank, Content content);
  bool wasTold(TaskId id, const ConcreteItems &items, bool bySplit = false) const;
  bool isKnown(TaskId id, const ConcreteItems &items) const;
  void checkCount(TaskId id, const ConcreteItems &items);
  void checkWritten(TaskId id, const ConcreteItems &items);
  void learn(TaskId id, const ConcreteItems &items);
  void checkParts(TaskId id, size_t i, const std::vector<plan::ConcreteRegion> &parts);
  std::vector<ConcreteItems> getParts(TaskId id) const;
  void checkStages(TaskId id);
  void join(std::vector<Entry> &entries) const;
  bool joinTo(std::vector<Entry> &entries, const ConcreteItems &whole, uint32_t pieces) const;
  void retire(const RegionKey &key, const Entry &entry);
  std::string describeHeld(const std::vector<Entry> &entries) const;
  void add(Rule rule, TaskId id, const std::string &message,
           std::optional<uint32_t> other = std::nullopt) {
    if (faults.isNew(rule, graph[id].op, other))
      faults.addNew(
          {rule, graph.describe(id) + message, graph[id].op, other, {tellTask(graph, id)}});
  }

  const plan::Plan &plan;
  const TaskGraph &graph;
  Faults &faults;
  bool byLanes = plan::cutsByLanes(plan);
  std::map<RegionKey, std::vector<Entry>> memory;
  /// Tasks from which a rank knows a set of another rank, by rank, step and set.
  std::map<std::tuple<uint32_t, uint32_t, ConcreteItems>, std::vector<TaskId>> known;
  std::map<std::pair<uint32_t, uint32_t>, TaskId> routes;  ///< by rank and step
  std::map<std::pair<uint32_t, uint32_t>, TaskId> stages;  ///< by rank and step
  std::map<std::pair<uint32_t, uint32_t>, TaskId> results; ///< by rank and step
};

} // namespace

static const char *nameOf(Content content) {
  switch (content) {
  case Content::Tokens:
    return "tokens";
  case Content::Route:
    return "routes";
  case Content::Record:
    return "records";
  case Content::NodeRecord:
    return "records for a node";
  case Content::Rows:
    return "expert rows";
  case Content::RankSums:
    return "sums of a rank";
  case Content::NodeSums:
    return "sums of a node";
  case Content::FullSums:
    return "sums of a rank for all tokens";
  case Content::SwitchSums:
    return "sums of the switch";
  case Content::Shared:
    return "rows of the shared expert";
  case Content::Result:
    return "results";
  }
  return "";
}

/// A layer's residual comes last: behind `inputs` where no shared expert is.
static std::vector<Content> getSummands(const plan::Plan &plan, std::vector<Content> inputs) {
  size_t most = inputs.size() + 2;
  for (const plan::Op &op : plan.ops)
    if (op.kind == plan::OpKind::Compute && op.task == TaskKind::Shared)
      inputs.push_back(Content::Shared);
  inputs.resize(most, Content::Tokens);
  return inputs;
}

static std::vector<Content> getInputs(const plan::Plan &plan, TaskKind task) {
  switch (task) {
  case TaskKind::Route:
  case TaskKind::Shared:
    return {Content::Tokens};
  case TaskKind::Pack:
    return {Content::Route};
  case TaskKind::Experts:
    return {Content::Tokens, Content::Record};
  case TaskKind::SlotSum:
    return getSummands(plan, {Content::Route, Content::Rows});
  case TaskKind::PackNodes:
    return {Content::Route};
  case TaskKind::Split:
    return {Content::NodeRecord};
  case TaskKind::RankSum:
    return {Content::Record, Content::Rows};
  case TaskKind::NodeSum:
    return {Content::NodeRecord, Content::RankSums};
  case TaskKind::PartSum:
    return getSummands(plan, {Content::Route, plan.sumTree == plan::SumTree::NodePartial
                                                  ? Content::NodeSums
                                                  : Content::RankSums});
  case TaskKind::Select:
    return {Content::Route};
  case TaskKind::FullSum:
    return {Content::Record, Content::Rows};
  case TaskKind::SwitchSum:
    return getSummands(plan, {Content::SwitchSums});
  case TaskKind::Stages:
  case TaskKind::Lanes:
    break;
  }
  return {};
}

static Content getOutput(TaskKind task) {
  switch (task) {
  case TaskKind::Route:
    return Content::Route;
  case TaskKind::Pack:
    return Content::Record;
  case TaskKind::Experts:
    return Content::Rows;
  case TaskKind::Shared:
    return Content::Shared;
  case TaskKind::SlotSum:
  case TaskKind::PartSum:
  case TaskKind::SwitchSum:
    return Content::Result;
  case TaskKind::PackNodes:
    return Content::NodeRecord;
  case TaskKind::Split:
    return Content::Record;
  case TaskKind::RankSum:
    return Content::RankSums;
  case TaskKind::NodeSum:
    return Content::NodeSums;
  case TaskKind::Select:
    return Content::Record;
  case TaskKind::FullSum:
    return Content::FullSums;
  case TaskKind::Stages:
  case TaskKind::Lanes:
    break;
  }
  return Content::Tokens;
}

static bool contains(const plan::Plan &plan, const ConcreteItems &outer,
                     const ConcreteItems &inner) {
  if (outer == inner)
    return true;
  if (outer.first != inner.first)
    return false;
  bool isPiece = plan::wholeOf(inner) == outer;
  bool isToRank = inner.kind == ItemSetKind::D || inner.kind == ItemSetKind::Q;
  bool isToNode = isToRank && inner.second / plan.lanes() == outer.second;
  switch (outer.kind) {
  case ItemSetKind::A:
    return true;
  case ItemSetKind::M:
    return isPiece || isToNode;
  case ItemSetKind::D:
    return isPiece;
  case ItemSetKind::P: {
    bool isOfLane =
        inner.kind == ItemSetKind::S && inner.second == outer.second && plan::cutsByLanes(plan);
    return (isOfLane || (inner.kind == ItemSetKind::Q && isToNode)) && inner.stage == outer.stage;
  }
  case ItemSetKind::Y:
  case ItemSetKind::S:
  case ItemSetKind::Q:
    return false;
  }
  return false;
}

void Machine::learn(TaskId id, const ConcreteItems &items) {
  known[{graph[id].rank, graph[id].step, items}].push_back(id);
}

/// Whether a wait, or a task that found it in records, has told the rank of the set; `bySplit`:
/// a split, which has seen the items of what the set is a part of too.
bool Machine::wasTold(TaskId id, const ConcreteItems &items, bool bySplit) const {
  auto from = known.find({graph[id].rank, graph[id].step, items});
  return from != known.end() &&
         std::any_of(from->second.begin(), from->second.end(), [&](TaskId source) {
           bool isSplit = graph.op(source).kind == plan::OpKind::Compute &&
                          graph.op(source).task == TaskKind::Split;
           return (isSplit || !bySplit) && (source == id || graph.isBefore(source, id));
         });
}

/// A rank knows its own sets from its routes. Those of another rank have come with a
/// wait, or out of records that did: the experts see which rows there are, a split
/// what each rank of the node gets. How M is cut follows from its size; where a part of D
/// lies in M only who has the items of both can tell.
bool Machine::isKnown(TaskId id, const ConcreteItems &items) const {
  if (wasTold(id, items))
    return true;
  switch (items.kind) {
  case ItemSetKind::P:
    return wasTold(id, *plan::wholeOf(items));
  case ItemSetKind::Q:
    return wasTold(id, *plan::wholeOf(items), /*bySplit=*/true);
  case ItemSetKind::A:
  case ItemSetKind::D:
  case ItemSetKind::Y:
  case ItemSetKind::M:
  case ItemSetKind::S:
    return false;
  }
  return false;
}

void Machine::checkCount(TaskId id, const ConcreteItems &items) {
  const Task &task = graph[id];
  if (items.kind == ItemSetKind::S) {
    auto known = stages.find({task.rank, task.step});
    if (known == stages.end() || !graph.isBefore(known->second, id))
      add(Rule::Count, id, " needs " + plan::textOf(items) + " before the stages are made");
    return;
  }
  if (items.first == task.rank) {
    if (items.kind == ItemSetKind::A)
      return;
    auto route = routes.find({task.rank, task.step});
    if (route == routes.end() || !graph.isBefore(route->second, id))
      add(Rule::Count, id, " needs " + plan::textOf(items) + " before the tokens are routed");
    return;
  }
  if (isKnown(id, items))
    return;
  if (items.kind == ItemSetKind::Y)
    add(Rule::Count, id, " needs " + plan::textOf(items) + " before records have told its rows");
  else
    add(Rule::Count, id, " needs " + plan::textOf(items) + " before a wait has brought its size");
}

/// Stages follow from the sizes of all that goes to nodes.
void Machine::checkStages(TaskId id) {
  for (uint32_t source = 0; source < plan.ranks; ++source)
    for (uint32_t node = 0; node < plan.nodes; ++node)
      checkCount(id, {ItemSetKind::M, source, node});
  stages[{graph[id].rank, graph[id].step}] = id;
}

/// Puts `whole` in the place of as many of its parts like the last entry.
bool Machine::joinTo(std::vector<Entry> &entries, const ConcreteItems &whole,
                     uint32_t pieces) const {
  const Entry last = entries.back();
  auto isPart = [&](const Entry &entry) {
    return entry.items.kind == last.items.kind && contains(plan, whole, entry.items) &&
           entry.content == last.content && entry.step == last.step;
  };
  if (std::count_if(entries.begin(), entries.end(), isPart) != pieces)
    return false;
  bool isRead = std::all_of(entries.begin(), entries.end(),
                            [&](const Entry &entry) { return !isPart(entry) || entry.isRead; });
  std::erase_if(entries, isPart);
  entries.push_back({whole, last.content, last.step, last.writer, isRead});
  return true;
}

/// Pieces that are all there are the whole; those of the lanes make a piece first.
void Machine::join(std::vector<Entry> &entries) const {
  ConcreteItems last = entries.back().items;
  if (last.kind == ItemSetKind::S && byLanes) {
    ConcreteItems piece{ItemSetKind::P, last.first, last.second, last.stage};
    if (!joinTo(entries, piece, plan.lanes()))
      return;
    last = piece;
  }
  if (std::optional<ConcreteItems> whole = plan::wholeOf(last))
    joinTo(entries, *whole, plan.stages * (last.kind == ItemSetKind::S ? plan.lanes() : 1));
}

std::string Machine::describeHeld(const std::vector<Entry> &entries) const {
  if (entries.empty())
    return "nothing";
  std::string text;
  for (const Entry &entry : entries)
    text += (text.empty() ? "" : " ") + plan::textOf(entry.items);
  return text;
}

std::optional<Content> Machine::read(TaskId id, const plan::ConcreteRegion &part, uint32_t rank) {
  const Task &task = graph[id];
  const plan::Buffer &buffer = plan.buffers[part.buffer];
  RegionKey key{rank, part.buffer, part.region};
  std::vector<Entry> &entries = memory[key];
  if (buffer.space == plan::BufferSpace::Input)
    entries = {{{ItemSetKind::A, task.rank, 0}, Content::Tokens, task.step, id, true}};
  auto entry = std::find_if(entries.begin(), entries.end(), [&](const Entry &held) {
    if (buffer.layout == plan::BufferLayout::Slot)
      return contains(plan, held.items, part.items);
    if (!part.frame)
      return held.items == part.items;
    bool isThere = held.items == *part.frame || plan::wholeOf(held.items) == part.frame;
    return isThere && contains(plan, held.items, part.items);
  });
  if (entry == entries.end()) {
    add(Rule::Undefined, id,
        " reads " + plan::textOf(part.items) +
            (part.frame ? " in " + plan::textOf(*part.frame) : std::string()) + " from " +
            describeRegion(plan, key) + ", which holds " + describeHeld(entries));
    return std::nullopt;
  }
  entry->isRead = true;
  if (entry->step != task.step)
    add(Rule::Stale, id,
        " reads " + describeRegion(plan, key) + ", which " + graph.describe(entry->writer) +
            " wrote",
        graph[entry->writer].op);
  checkCount(id, part.items);
  if (part.frame)
    checkCount(id, *part.frame);
  return entry->content;
}

/// Sets that a task makes up itself must be those that it read of: a split writes parts
/// of its node's tokens, a sum writes what its parts belong to.
void Machine::checkWritten(TaskId id, const ConcreteItems &items) {
  const plan::Op &op = graph.op(id);
  checkCount(id, items);
  if (op.kind != plan::OpKind::Compute || op.task != TaskKind::Split)
    return;
  ConcreteItems whole = plan::concreteItems(op.reads[0].items, graph[id].scope);
  if (op.reads[0].each.empty() && !contains(plan, whole, items))
    add(Rule::Content, id,
        " writes " + plan::textOf(items) + ", which is no part of " + plan::textOf(whole));
}

void Machine::retire(const RegionKey &key, const Entry &entry) {
  bool isOutput = plan.buffers[std::get<1>(key)].space == plan::BufferSpace::Output;
  if (!entry.isRead && !isOutput)
    add(Rule::Dead, entry.writer,
        " writes " + plan::textOf(entry.items) + " into " + describeRegion(plan, key) +
            ", which nothing reads");
}

void Machine::write(TaskId id, const plan::ConcreteRegion &part, uint32_t rank, Content content) {
  RegionKey key{rank, part.buffer, part.region};
  const plan::Buffer &buffer = plan.buffers[part.buffer];
  std::vector<Entry> &entries = memory[key];
  std::erase_if(entries, [&](const Entry &held) {
    if (!overlaps(buffer.layout, {held.items, plan::wholeOf(held.items)}, {part.items, part.frame},
                  byLanes))
      return false;
    retire(key, held);
    return true;
  });
  entries.push_back({part.items, content, graph[id].step, id, false});
  join(entries);
  bool ownResult = buffer.space == plan::BufferSpace::Output && content == Content::Result &&
                   part.items == ConcreteItems{ItemSetKind::A, graph[id].rank, 0};
  if (ownResult)
    results[{graph[id].rank, graph[id].step}] = id;
  if (content == Content::Route && graph.op(id).kind == plan::OpKind::Compute)
    routes[{graph[id].rank, graph[id].step}] = id;
}

/// What a sum has to add up, in this order.
std::vector<ConcreteItems> Machine::getParts(TaskId id) const {
  const Task &task = graph[id];
  const plan::Op &op = graph.op(id);
  std::vector<ConcreteItems> parts;
  auto own = [&](ItemSetKind kind, uint32_t count) {
    for (uint32_t i = 0; i < count; ++i)
      parts.push_back({kind, task.rank, i});
  };
  switch (op.task) {
  case TaskKind::SlotSum:
    own(ItemSetKind::Y, plan.ranks);
    break;
  case TaskKind::PartSum:
    if (plan.sumTree == plan::SumTree::NodePartial)
      own(ItemSetKind::M, plan.nodes);
    else
      own(ItemSetKind::D, plan.ranks);
    break;
  case TaskKind::RankSum: // of each source
  case TaskKind::FullSum:
    for (const plan::ConcreteRegion &to : plan::expandRegion(plan, op.writes[0], task.scope))
      parts.push_back({ItemSetKind::Y, to.items.first, task.rank});
    break;
  case TaskKind::NodeSum:
    for (const plan::ConcreteRegion &to : plan::expandRegion(plan, op.writes[0], task.scope))
      for (uint32_t lane = 0; lane < plan.lanes(); ++lane)
        parts.push_back({to.items.kind == ItemSetKind::P ? ItemSetKind::Q : ItemSetKind::D,
                         to.items.first, task.rank / plan.lanes() * plan.lanes() + lane,
                         to.items.stage});
    break;
  case TaskKind::Route:
  case TaskKind::Pack:
  case TaskKind::Experts:
  case TaskKind::Shared:
  case TaskKind::PackNodes:
  case TaskKind::Split:
  case TaskKind::Select:
  case TaskKind::SwitchSum: // the switch has added
  case TaskKind::Stages:
  case TaskKind::Lanes:
    break;
  }
  return parts;
}

/// The parts of a sum are its second operand.
void Machine::checkParts(TaskId id, size_t i, const std::vector<plan::ConcreteRegion> &parts) {
  const plan::Op &op = graph.op(id);
  if (op.kind != plan::OpKind::Reduce || op.task == TaskKind::SwitchSum || i != 1)
    return;
  std::vector<ConcreteItems> wanted = getParts(id);
  bool fits = std::equal(
      parts.begin(), parts.end(), wanted.begin(), wanted.end(),
      [](const plan::ConcreteRegion &part, const ConcreteItems &set) { return part.items == set; });
  if (fits)
    return;
  std::string found, order;
  for (const plan::ConcreteRegion &part : parts)
    found += " " + plan::textOf(part.items);
  for (const ConcreteItems &set : wanted)
    order += " " + plan::textOf(set);
  add(Rule::Sum, id, " adds" + found + ", wanted" + order + " in this order");
}

/// Reads the i-th operand; gives what a put or pull of it would move.
Content Machine::readAll(TaskId id, size_t i) {
  const plan::Op &op = graph.op(id);
  std::vector<plan::ConcreteRegion> parts = plan::expandRegion(plan, op.reads[i], graph[id].scope);
  checkParts(id, i, parts);
  Content moved = Content::Tokens;
  bool isPull = op.kind == plan::OpKind::Pull;
  for (uint32_t rank : getSourceRanks(graph, id))
    for (const plan::ConcreteRegion &part : parts) {
      std::optional<Content> found = read(id, part, rank);
      if (!found)
        continue;
      moved = *found;
      if (op.kind == plan::OpKind::Put || op.kind == plan::OpKind::Copy)
        continue;
      Content wanted = isPull ? Content::FullSums : getInputs(plan, op.task)[i];
      if (*found != wanted)
        add(Rule::Content, id,
            std::string(" wants ") + nameOf(wanted) + " in '" + plan.buffers[part.buffer].name +
                "', finds " + nameOf(*found));
    }
  return isPull ? Content::SwitchSums : moved;
}

void Machine::run(TaskId id) {
  const plan::Op &op = graph.op(id);
  const plan::Scope &scope = graph[id].scope;
  if (op.kind == plan::OpKind::Wait && op.hasPayload)
    learn(id, plan::concreteItems(op.payload, scope));
  if (op.kind == plan::OpKind::Signal && op.hasPayload)
    checkCount(id, plan::concreteItems(op.payload, scope));
  if (op.kind == plan::OpKind::Compute &&
      (op.task == TaskKind::Stages || op.task == TaskKind::Lanes))
    checkStages(id);
  Content content = getOutput(op.task);
  for (size_t i = 0; i < op.reads.size(); ++i) {
    Content moved = readAll(id, i);
    if (op.kind == plan::OpKind::Put || op.kind == plan::OpKind::Pull ||
        op.kind == plan::OpKind::Copy)
      content = moved;
  }
  for (const plan::Region &region : op.writes)
    for (const plan::ConcreteRegion &part : plan::expandRegion(plan, region, scope)) {
      bool isLocal = op.kind == plan::OpKind::Compute;
      bool finds = op.task == TaskKind::Split || op.task == TaskKind::Select;
      if (isLocal && (op.task == TaskKind::Experts || finds))
        learn(id, part.items);
      if (isLocal && finds)
        learn(id, {ItemSetKind::Y, part.items.first, part.items.second});
      checkWritten(id, part.items);
      for (uint32_t rank : getTargetRanks(graph, id))
        write(id, part, rank, content);
    }
}

void Machine::finish(uint32_t steps) {
  for (const auto &[key, entries] : memory)
    for (const Entry &entry : entries)
      retire(key, entry);
  for (uint32_t step = 1; step <= steps; ++step)
    for (uint32_t rank = 0; rank < plan.ranks; ++rank)
      if (!results.count({rank, step}))
        faults.add(Rule::Post, {}, {},
                   "rank " + std::to_string(rank) + " has no result in step " +
                       std::to_string(step));
}

void runAbstractly(const plan::Plan &plan, const TaskGraph &graph, uint32_t steps, Faults &faults) {
  Machine machine(plan, graph, faults);
  for (TaskId id : graph.sorted())
    machine.run(id);
  machine.finish(steps);
}

} // namespace moec::scheduling
