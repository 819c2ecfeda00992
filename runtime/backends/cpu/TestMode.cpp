//===- TestMode.cpp - A machine that is as nasty as it may be --------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/backends/cpu/TestMode.h"

#include <algorithm>
#include <cstring>
#include <numeric>
#include <set>

namespace moec::rt::cpu {

/// Poison is written, so that it costs memory.
static constexpr size_t maxPoisonBytes = size_t(2) << 30;
static constexpr uint64_t maxClockBytes = uint64_t(2) << 30;

/// A store that has been issued and has not landed.
struct TestMode::Store {
  uint64_t id = 0;
  TaskRef by;
  uint32_t op = 0;
  uint32_t destination = 0;
  plan::Path path = plan::Path::NVLink; ///< whose flags tell of it
  // Data:
  CellKey key;
  std::byte *target = nullptr;
  std::vector<std::byte> bytes;
  Tag tag;
  // A flag:
  FlagWord *flag = nullptr;
  FlagKey flagKey;
  uint64_t word = 0;
  Clock clock;
  std::vector<uint64_t> after; ///< stores that land first

  bool isSameCell(const Store &other) const {
    return flag ? flag == other.flag : !other.flag && key == other.key;
  }
};

/// What one rank's current task does.
class TestMode::RankProbe final : public Probe {
public:
  RankProbe(TestMode &mode, Rank &rank) : mode(mode), rank(rank) {
    uint32_t ranks = mode.machine.plan.ranks, tasks = rank.program.tasks().size();
    clock = known = Clock(ranks, tasks);
    incoming.resize(tasks);
  }

  void reads(const RegionView &region, uint64_t record, Content content, Item item) override;
  void writes(const RegionView &region, uint64_t record, Content content, Item item) override;
  void puts(const RegionView &region, uint64_t record, const std::byte *bytes, Item item) override;
  void pause() override {
    if (mode.chance(mode.pausing))
      fiber->suspend();
  }

  void declare(const std::vector<plan::ConcreteRegion> &regions, uint32_t onRank,
               std::set<CellKey> &keys);
  void declareEffects();
  bool noteWrite(const CellKey &key);
  template <typename... Parts> void fail(const Parts &...parts) {
    if (mode.failure.ok())
      mode.failure = internalError(place(), ": ", parts...);
  }
  std::string place() const { return taskPlace(task(), rank.number, rank.step); }
  const Task &task() const { return rank.program.tasks()[self.task]; }
  std::string placeOf(TaskRef other) const {
    const Task &task = mode.machine.ranks[other.rank].program.tasks()[other.task];
    return taskPlace(task, other.rank, other.step);
  }
  std::string cellText(const CellKey &key) const {
    return concat("record ", key.record, " of region ", key.region, " of %",
                  mode.machine.plan.buffers[key.buffer].name, " on rank ", key.rank);
  }
  bool isOrdered(TaskRef other) const {
    bool isSelf = other.rank == self.rank && other.task == self.task && other.step == self.step;
    return other.step == 0 || isSelf || clock.contains(other);
  }

  TestMode &mode;
  Rank &rank;
  Fiber *fiber = nullptr;
  TaskRef self;
  Clock clock;                 ///< of the current task
  Clock known;                 ///< of all that this rank has done
  std::vector<Clock> incoming; ///< by task: joined over its finished predecessors
  std::set<CellKey> mayRead, mayWrite, written;
  Tag lastRead;
};

// --- Accesses ------------------------------------------------------------------------

void TestMode::RankProbe::reads(const RegionView &region, uint64_t record, Content content,
                                Item item) {
  CellKey key = keyOf(region, record);
  if (!mayRead.contains(key))
    fail("reads ", cellText(key), ", which it does not declare");
  Cell &cell = mode.shadow[key];
  if (!isOrdered(cell.writer))
    fail("race: reads ", cellText(key), ", not ordered after its writer ", placeOf(cell.writer));
  Tag wanted{content, item, rank.step};
  if (!describes(wanted, cell.tag))
    fail("reads ", cellText(key), ": wanted ", tagText(wanted), ", found ", tagText(cell.tag));
  cell.readers.push_back(self);
  lastRead = cell.tag;
}

/// True if the record is one that the task declares to write.
bool TestMode::RankProbe::noteWrite(const CellKey &key) {
  if (!mayWrite.contains(key)) {
    fail("writes ", cellText(key), ", which it does not declare");
    return false;
  }
  written.insert(key);
  Cell &cell = mode.shadow[key];
  if (!isOrdered(cell.writer))
    fail("race: writes ", cellText(key), ", not ordered after its writer ", placeOf(cell.writer));
  for (TaskRef reader : cell.readers)
    if (!isOrdered(reader))
      fail("race: writes ", cellText(key), ", not ordered after its reader ", placeOf(reader));
  cell.writer = self;
  cell.readers.clear();
  return true;
}

void TestMode::RankProbe::writes(const RegionView &region, uint64_t record, Content content,
                                 Item item) {
  CellKey key = keyOf(region, record);
  if (noteWrite(key))
    mode.shadow[key].tag = {content, item, rank.step};
}

void TestMode::RankProbe::puts(const RegionView &region, uint64_t record, const std::byte *bytes,
                               Item item) {
  CellKey key = keyOf(region, record);
  if (!noteWrite(key))
    return;
  std::byte *target = region.base + record * region.recordBytes;
  if (region.rank == rank.number) { // a local copy
    std::memcpy(target, bytes, region.recordBytes);
    mode.shadow[key].tag = lastRead;
    return;
  }
  Store store;
  store.id = mode.storeCount++;
  store.by = self;
  store.op = task().opNumber;
  store.destination = region.rank;
  store.path = plan::flagPathOf(task().op->via);
  store.key = key;
  store.target = target;
  store.bytes.assign(bytes, bytes + region.recordBytes);
  store.tag = lastRead;
  mode.pending.push_back(std::move(store));
}

// --- Declared effects -----------------------------------------------------------------

std::vector<uint32_t> TestMode::itemsOf(const plan::ConcreteItems &set, const Rank &rank) const {
  std::vector<uint32_t> items;
  auto truth = truths.find({set.first, rank.step});
  if (set.kind == plan::ItemSetKind::A) { // the own ones are known before they are routed
    bool isOwn = set.first == rank.number;
    items.resize(isOwn ? rank.sets.tokens() : truth != truths.end() ? truth->second.all : 0);
    std::iota(items.begin(), items.end(), 0u);
    return items;
  }
  if (truth == truths.end())
    return items;
  switch (set.kind) {
  case plan::ItemSetKind::D:
    return truth->second.tokens[set.second];
  case plan::ItemSetKind::Y:
    return truth->second.rows[set.second];
  case plan::ItemSetKind::M:
    return truth->second.ofNodes[set.second];
  case plan::ItemSetKind::S:
    if (std::optional<Piece> piece = rank.sets.pieceOf(set)) {
      const std::vector<uint32_t> &whole = truth->second.ofNodes[set.second];
      if (piece->end <= whole.size())
        items.assign(whole.begin() + piece->begin, whole.begin() + piece->end);
    }
    break;
  case plan::ItemSetKind::P:
    return nodePieceOf(truth->second, set);
  case plan::ItemSetKind::Q: {
    std::vector<uint32_t> piece = nodePieceOf(truth->second, set);
    const std::vector<uint32_t> &whole = truth->second.tokens[set.second];
    std::set_intersection(whole.begin(), whole.end(), piece.begin(), piece.end(),
                          std::back_inserter(items));
    break;
  }
  case plan::ItemSetKind::A:
    break;
  }
  return items;
}

/// Piece P of a node, or that which a piece Q is of: of the node of its second rank.
std::vector<uint32_t> TestMode::nodePieceOf(const Truth &truth,
                                            const plan::ConcreteItems &set) const {
  bool isOfNode = set.kind == plan::ItemSetKind::P;
  const std::vector<uint32_t> &whole =
      truth.ofNodes[isOfNode ? set.second : set.second / machine.plan.lanes()];
  Piece piece = evenPiece(whole.size(), set.stage, machine.plan.stages);
  return {whole.begin() + piece.begin, whole.begin() + piece.end};
}

std::vector<uint64_t> TestMode::recordsOf(const plan::ConcreteRegion &region,
                                          const Rank &rank) const {
  std::vector<uint32_t> items = itemsOf(region.items, rank);
  std::vector<uint64_t> records(items.begin(), items.end());
  if (machine.plan.buffers[region.buffer].layout != plan::BufferLayout::Seq)
    return records;
  if (!region.frame) {
    for (uint64_t i = 0; i < records.size(); ++i)
      records[i] = i;
    return records;
  }
  std::vector<uint32_t> frame = itemsOf(*region.frame, rank);
  for (uint64_t &record : records)
    record = std::lower_bound(frame.begin(), frame.end(), record) - frame.begin();
  return records;
}

void TestMode::RankProbe::declare(const std::vector<plan::ConcreteRegion> &regions, uint32_t onRank,
                                  std::set<CellKey> &keys) {
  for (const plan::ConcreteRegion &region : regions)
    for (uint64_t record : mode.recordsOf(region, rank))
      keys.insert({onRank, region.buffer, region.region, record});
}

/// Of the current task: on its own rank, but for a put on those that it writes and for a
/// pull on all that it reads.
void TestMode::RankProbe::declareEffects() {
  const Task &current = task();
  mayRead.clear();
  mayWrite.clear();
  written.clear();
  plan::OpKind kind = current.op->kind;
  for (uint32_t from = 0; from < mode.machine.plan.ranks; ++from)
    if (kind == plan::OpKind::Pull || from == rank.number)
      declare(current.reads, from, mayRead);
  if (kind != plan::OpKind::Put)
    return declare(current.writes, rank.number, mayWrite);
  for (uint32_t peer = current.peer; peer < current.peer + current.peers; ++peer)
    declare(current.writes, peer, mayWrite);
}

void TestMode::recordTruth(const Rank &rank) {
  Truth &truth = truths[{rank.number, rank.step}];
  truth.all = rank.sets.tokens();
  for (uint32_t peer = 0; peer < machine.plan.ranks; ++peer) {
    truth.tokens.push_back(rank.sets.find({plan::ItemSetKind::D, rank.number, peer})->items);
    truth.rows.push_back(rank.sets.find({plan::ItemSetKind::Y, rank.number, peer})->items);
  }
  for (uint32_t node = 0; node < machine.plan.nodes; ++node)
    truth.ofNodes.push_back(rank.sets.find({plan::ItemSetKind::M, rank.number, node})->items);
}

// --- The course of a run ----------------------------------------------------------------

/// Each task has a clock, and each clock a bit for each task.
Status TestMode::check(const Machine &machine) {
  uint64_t ranks = machine.plan.ranks, tasks = machine.ranks[0].program.tasks().size();
  uint64_t clocks = ranks * tasks, bytes = clocks * Clock::bytesFor(ranks, tasks);
  if (bytes <= maxClockBytes)
    return Status();
  return unsupportedError("test mode: wanted at most ", formatBytes(maxClockBytes),
                          " of clocks, found ", formatBytes(bytes), " for ", ranks, " ranks of ",
                          tasks, " tasks");
}

TestMode::TestMode(Machine &machine, uint64_t seed) : machine(machine), random(seed) {
  constexpr double landings[] = {0, 0, .05, .5, 1}, pauses[] = {0, .02, .3},
                   stubbornnesses[] = {0, .95, .95};
  landing = landings[pick(std::size(landings))];
  pausing = pauses[pick(std::size(pauses))];
  stubbornness = stubbornnesses[pick(std::size(stubbornnesses))];
  std::uniform_real_distribution<double> priority(0, 1);
  for (Rank &rank : machine.ranks) {
    probes.push_back(std::make_unique<RankProbe>(*this, rank));
    rankPriority.push_back(priority(random));
  }
  for (size_t task = 0; task < machine.ranks[0].program.tasks().size(); ++task)
    taskPriority.push_back(priority(random));
}

TestMode::~TestMode() = default;

Probe *TestMode::probe(const Rank &rank) { return probes[rank.number].get(); }

Status TestMode::poison() {
  size_t bytes = machine.layout.bytes - machine.layout.flagBytes;
  if (bytes > maxPoisonBytes / machine.plan.ranks)
    return unsupportedError("test mode: wanted at most ", formatBytes(maxPoisonBytes),
                            " of buffers, found ", formatBytes(bytes), " on each of ",
                            machine.plan.ranks, " ranks");
  for (const Reservation &heap : machine.heaps)
    std::memset(heap.data() + machine.layout.flagBytes, 0xff, bytes);
  shadow.clear();
  return Status();
}

void TestMode::beginStep(Rank &rank) {
  RankProbe &probe = *probes[rank.number];
  probe.known.enterStep(rank.number, rank.step);
  std::fill(probe.incoming.begin(), probe.incoming.end(), probe.known);
  for (uint32_t buffer = 0; buffer < machine.plan.buffers.size(); ++buffer)
    if (machine.plan.buffers[buffer].space == plan::BufferSpace::Input)
      for (uint32_t token = 0; token < rank.sets.tokens(); ++token)
        shadow[{rank.number, buffer, 0, token}].tag = {
            Content::Token, {rank.number, token}, rank.step};
}

void TestMode::beginTask(Rank &rank, uint32_t number, Fiber &fiber) {
  RankProbe &probe = *probes[rank.number];
  probe.fiber = &fiber;
  probe.self = {rank.number, number, rank.step};
  probe.clock = probe.incoming[number];
  probe.declareEffects();
}

Status TestMode::endTask(Rank &rank, uint32_t number, bool isDone) {
  RankProbe &probe = *probes[rank.number];
  const Task &task = rank.program.tasks()[number];
  if (isDone)
    for (const CellKey &key : probe.mayWrite)
      if (!probe.written.contains(key))
        probe.fail("declares to write ", probe.cellText(key), " and does not");
  bool isRoute = task.op->kind == plan::OpKind::Compute && task.op->task == plan::TaskKind::Route;
  if (isDone && isRoute)
    recordTruth(rank);
  probe.clock.add(probe.self);
  probe.known.merge(probe.clock);
  for (uint32_t successor : task.successors)
    probe.incoming[successor].merge(probe.clock);
  return failure;
}

void TestMode::signal(Rank &rank, const Task &task, uint32_t peer, uint64_t word) {
  RankProbe &probe = *probes[rank.number];
  Store store;
  store.id = storeCount++;
  store.by = probe.self;
  store.op = task.opNumber;
  store.destination = peer;
  store.path = plan::flagPathOf(task.op->via);
  store.flag = &machine.flag(peer, rank, task.op->flag, task.flagCell);
  store.flagKey = {peer, task.op->flag, task.flagCell};
  store.word = word;
  store.clock = probe.clock;
  store.clock.add(probe.self);
  // NVLink covers all that happened before, of other ranks too; another path what this
  // rank put to the same peer by it.
  for (const Store &other : pending) {
    bool isCovered = other.path == store.path &&
                     (store.path == plan::Path::NVLink ||
                      (!other.flag && other.by.rank == rank.number && other.destination == peer));
    if (isCovered && probe.clock.contains(other.by))
      store.after.push_back(other.id);
  }
  bool isOwn = peer == rank.number;
  pending.push_back(std::move(store));
  if (isOwn) { // nothing travels
    pending.back().after.clear();
    landStore(pending.size() - 1);
  }
}

void TestMode::acquire(Rank &rank, const Task &task) {
  auto clock = flagClocks.find({rank.number, task.op->flag, task.flagCell});
  if (clock != flagClocks.end())
    probes[rank.number]->clock.merge(clock->second);
}

// --- Decisions ------------------------------------------------------------------------

static size_t favourite(const std::vector<uint32_t> &candidates,
                        const std::vector<double> &priority) {
  auto best = std::max_element(candidates.begin(), candidates.end(),
                               [&](uint32_t a, uint32_t b) { return priority[a] < priority[b]; });
  return best - candidates.begin();
}

size_t TestMode::pickTask(const std::vector<uint32_t> &candidates) {
  return chance(stubbornness) ? favourite(candidates, taskPriority) : pick(candidates.size());
}

size_t TestMode::pickRank(const std::vector<uint32_t> &candidates) {
  return chance(stubbornness) ? favourite(candidates, rankPriority) : pick(candidates.size());
}

bool TestMode::wantsToLand() { return !pending.empty() && chance(landing); }

/// The place of a store that must land before the one at `index`, or `index`.
size_t TestMode::findBlocker(size_t index) {
  auto byId = [](const Store &store, uint64_t id) { return store.id < id; };
  std::vector<uint64_t> &after = pending[index].after;
  while (!after.empty()) { // what has landed is forgotten, so that long waits stay cheap
    size_t chosen = pick(after.size());
    auto earlier = std::lower_bound(pending.begin(), pending.end(), after[chosen], byId);
    if (earlier != pending.end() && earlier->id == after[chosen])
      return earlier - pending.begin();
    after[chosen] = after.back();
    after.pop_back();
  }
  for (size_t earlier = 0; earlier < index; ++earlier)
    if (pending[index].isSameCell(pending[earlier]))
      return earlier;
  return index;
}

void TestMode::landStore(size_t index) {
  Store store = std::move(pending[index]);
  pending.erase(pending.begin() + index);
  if (store.flag) {
    flagClocks[store.flagKey] = std::move(store.clock);
    store.flag->store(store.word, std::memory_order_release);
  } else {
    std::memcpy(store.target, store.bytes.data(), store.bytes.size());
    shadow[store.key].tag = store.tag;
  }
}

bool TestMode::land() {
  if (pending.empty())
    return false;
  size_t index = pick(pending.size());
  for (size_t blocker; (blocker = findBlocker(index)) != index;)
    index = blocker; // issued earlier each time: there is an end
  landStore(index);
  return true;
}

uint32_t TestMode::putsInFlight(const Rank &rank, const Task &put) const {
  std::set<uint32_t> tasks;
  for (const Store &store : pending) {
    bool isCounted = !put.op->eachPeer || store.destination == put.peer;
    if (!store.flag && store.by.rank == rank.number && store.op == put.opNumber && isCounted)
      tasks.insert(store.by.task);
  }
  return static_cast<uint32_t>(tasks.size());
}

} // namespace moec::rt::cpu
