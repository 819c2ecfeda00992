//===- Executor.cpp - Runs a plan on fibers --------------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/backends/cpu/Executor.h"

#include "runtime/backends/cpu/TestMode.h"
#include "runtime/backends/cpu/tasks/Rows.h"
#include "runtime/backends/cpu/tasks/Tasks.h"

#include <algorithm>
#include <cstring>
#include <new>

namespace moec::rt::cpu {

struct Executor::RankState {
  explicit RankState(Rank &rank) : rank(rank) {}

  Rank &rank;
  std::unique_ptr<Fiber> fiber;
  std::deque<uint32_t> ready;      ///< may run now
  std::vector<uint32_t> waits;     ///< Wait tasks whose flags are not there yet
  std::vector<uint32_t> remaining; ///< per task: predecessors that are not done
  std::vector<uint32_t> turns;     ///< per task: those of a put that it has had
  size_t done = 0;                 ///< tasks of the current step
  bool isFinished = true;          ///< through with all steps
  bool isInTask = false;           ///< suspended in the middle of one
  bool hasProgressed = false;      ///< since it was resumed
};

/// Even shares of a put whose rate goes by size: as many for each, so that those which are
/// ready together move in proportion to their sizes and end together.
static constexpr uint32_t turnsOfPut = 8;

Executor::Executor(Machine &machine, TestMode *test) : machine(machine), test(test) {
  for (Rank &rank : machine.ranks) {
    RankState &state = *states.emplace_back(std::make_unique<RankState>(rank));
    state.fiber = std::make_unique<Fiber>([this, &state] { runRank(state); });
  }
}

Executor::~Executor() = default;

// --- A run -----------------------------------------------------------------------

Status Executor::run(std::span<const StepIo> newSteps) {
  if (!failure.ok())
    return internalError("the session stopped at an earlier failure: ", failure.message());
  steps = newSteps;
  for (std::unique_ptr<RankState> &state : states)
    state->isFinished = false;
  lastTime = std::chrono::steady_clock::now();
  failure = test ? runAtRandom() : runInTurn();
  nextStep += steps.size();
  return failure;
}

Status Executor::runInTurn() {
  for (bool isRunning = true; isRunning;) {
    isRunning = false;
    bool hasProgressed = false;
    for (std::unique_ptr<RankState> &state : states) {
      if (state->isFinished)
        continue;
      resume(*state);
      MOEC_RETURN_IF_ERROR(taskFailure);
      hasProgressed |= state->hasProgressed;
      isRunning |= !state->isFinished;
    }
    if (isRunning && !hasProgressed)
      return describeDeadlock();
  }
  return Status();
}

Status Executor::runAtRandom() {
  std::vector<uint32_t> candidates; // ranks that may have something to do
  auto wakeAll = [&] {
    candidates.clear();
    for (uint32_t rank = 0; rank < states.size(); ++rank)
      if (!states[rank]->isFinished)
        candidates.push_back(rank);
  };
  for (wakeAll();;) {
    bool mustLand = candidates.empty();
    if ((mustLand || test->wantsToLand()) && test->land()) {
      wakeAll();
      continue;
    }
    if (mustLand)
      break;
    RankState &state = *states[candidates[test->pickRank(candidates)]];
    resume(state);
    MOEC_RETURN_IF_ERROR(taskFailure);
    if (state.hasProgressed)
      wakeAll();
    else
      std::erase(candidates, state.rank.number);
  }
  for (std::unique_ptr<RankState> &state : states)
    if (!state->isFinished)
      return describeDeadlock();
  return Status();
}

void Executor::resume(RankState &state) {
  state.hasProgressed = state.isInTask;
  if (state.fiber->resume()) {
    state.isFinished = true;
    state.hasProgressed = true;
  }
}

// --- A rank ------------------------------------------------------------------------

/// The body of a fiber.
void Executor::runRank(RankState &state) {
  try {
    for (size_t i = 0; i < steps.size(); ++i) {
      beginStep(state, nextStep + i, steps[i][state.rank.number]);
      while (state.done < state.rank.program.tasks().size())
        runSomething(state);
    }
    return;
  } catch (const std::bad_alloc &) {
  }
  // Not from within the handler: which exceptions are being handled is a fact of the
  // thread, not of the fiber.
  stop(state, unsupportedError("out of memory on rank ", state.rank.number));
}

/// Ends the run; the fiber is not resumed.
void Executor::stop(RankState &state, Status reason) {
  taskFailure = std::move(reason);
  state.fiber->suspend();
}

/// Brings the caller's tokens into the input buffer, unless they can stay.
void Executor::provideInput(Rank &rank) {
  const RankIo &io = rank.io;
  DType type = machine.layer().tokensType;
  rank.output = reinterpret_cast<std::byte *>(io.output);
  bool fits = io.input_dtype == (type == DType::F32 ? MOEC_F32 : MOEC_BF16);
  if (fits && !test) {
    rank.input = static_cast<std::byte *>(const_cast<void *>(io.input)); // is only read
    return;
  }
  rank.input = nullptr;
  std::byte *target = nullptr;
  for (size_t i = 0; i < machine.plan.buffers.size(); ++i)
    if (machine.plan.buffers[i].space == plan::BufferSpace::Input)
      target = rank.peers[rank.number] + machine.layout.buffers[i].offset;
  if (target)
    convertTokens(io, machine.layer().hidden, type, target, machine.pool);
}

void Executor::beginStep(RankState &state, uint64_t step, const RankIo &io) {
  Rank &rank = state.rank;
  rank.step = step;
  rank.io = io;
  rank.sets.beginStep(static_cast<uint32_t>(io.tokens));
  rank.program.beginStep(step);
  provideInput(rank);
  if (test)
    test->beginStep(rank);
  const std::vector<Task> &tasks = rank.program.tasks();
  state.done = 0;
  state.remaining.resize(tasks.size());
  state.turns.assign(tasks.size(), 0);
  for (uint32_t task = 0; task < tasks.size(); ++task) {
    state.remaining[task] = tasks[task].predecessors;
    if (tasks[task].predecessors == 0)
      becomeReady(state, task);
  }
}

void Executor::becomeReady(RankState &state, uint32_t task) {
  bool isWait = state.rank.program.tasks()[task].op->kind == plan::OpKind::Wait;
  if (isWait)
    state.waits.push_back(task);
  else
    state.ready.push_back(task);
}

/// Moves waits whose flags have come to the ready tasks.
void Executor::pollWaits(RankState &state) {
  std::erase_if(state.waits, [&](uint32_t number) {
    const Task &task = state.rank.program.tasks()[number];
    if (!hasReached(flagOf(state.rank, task).load(std::memory_order_acquire), task.epoch))
      return false;
    state.ready.push_back(number);
    return true;
  });
}

bool Executor::windowIsOpen(const RankState &state, uint32_t number) const {
  const Task &task = state.rank.program.tasks()[number];
  uint32_t window = task.op->window;
  // Outside test mode a put is over when its task is.
  return !test || window == 0 || test->putsInFlight(state.rank, task) < window;
}

/// Runs one task, or lets the other ranks on.
void Executor::runSomething(RankState &state) {
  if (state.ready.empty() || test)
    pollWaits(state);
  if (state.ready.empty())
    return state.fiber->suspend();
  uint32_t number;
  if (test) {
    std::vector<uint32_t> candidates;
    for (uint32_t task : state.ready)
      if (windowIsOpen(state, task))
        candidates.push_back(task);
    if (candidates.empty())
      return state.fiber->suspend();
    number = candidates[test->pickTask(candidates)];
    std::erase(state.ready, number);
  } else {
    number = state.ready.front();
    state.ready.pop_front();
  }
  state.hasProgressed = state.isInTask = true;
  Status status = runTask(state, number);
  state.isInTask = false;
  if (!status.ok())
    stop(state, std::move(status));
  if (test)
    state.fiber->suspend();
}

// --- A task --------------------------------------------------------------------------

Status Executor::runTask(RankState &state, uint32_t number) {
  const Task &task = state.rank.program.tasks()[number];
  if (test)
    test->beginTask(state.rank, number, *state.fiber);
  Status status = runBody(state, task, number);
  if (test) // it knows more of the reason
    MOEC_RETURN_IF_ERROR(test->endTask(state.rank, number, status.ok()));
  MOEC_RETURN_IF_ERROR(status);
  auto now = std::chrono::steady_clock::now();
  machine.report.phaseSeconds[task.opNumber] +=
      std::chrono::duration<double>(now - lastTime).count();
  lastTime = now;
  if (takesTurns(task) && state.turns[number] < turnsOfPut) {
    state.ready.push_back(number); // behind the others
    return Status();
  }
  ++state.done;
  for (uint32_t successor : task.successors)
    if (--state.remaining[successor] == 0)
      becomeReady(state, successor);
  return Status();
}

static Status runLocal(TaskContext &context) {
  switch (context.task.op->task) {
  case plan::TaskKind::Route:
    return runRoute(context);
  case plan::TaskKind::Pack:
    return runPack(context);
  case plan::TaskKind::Experts:
    return runExperts(context);
  case plan::TaskKind::Shared:
    return runShared(context);
  case plan::TaskKind::SlotSum:
    return runSlotSum(context);
  case plan::TaskKind::PackNodes:
    return runPackNodes(context);
  case plan::TaskKind::Split:
    return runSplit(context);
  case plan::TaskKind::RankSum:
    return runRankSum(context);
  case plan::TaskKind::NodeSum:
    return runNodeSum(context);
  case plan::TaskKind::PartSum:
    return runPartSum(context);
  case plan::TaskKind::Select:
    return runSelect(context);
  case plan::TaskKind::FullSum:
    return runFullSum(context);
  case plan::TaskKind::SwitchSum:
    return runSwitchSum(context);
  case plan::TaskKind::Stages:
  case plan::TaskKind::Lanes:
    return runStages(context);
  }
  return context.fault("is of an unknown kind");
}

/// In test mode stores land at random, so that turns would add nothing.
bool Executor::takesTurns(const Task &task) const {
  return !test && task.op->kind == plan::OpKind::Put && task.op->rates == plan::Rates::Sizes;
}

Status Executor::runBody(RankState &state, const Task &task, uint32_t number) {
  TaskContext context(machine, state.rank, task, test ? test->probe(state.rank) : nullptr);
  switch (task.op->kind) {
  case plan::OpKind::Compute:
  case plan::OpKind::Reduce:
    return runLocal(context);
  case plan::OpKind::Put:
    return takesTurns(task) ? runPut(context, state.turns[number]++, turnsOfPut) : runPut(context);
  case plan::OpKind::Copy:
    return runPut(context);
  case plan::OpKind::Signal:
    return runSignal(context);
  case plan::OpKind::Wait:
    return runWait(context);
  case plan::OpKind::Pull:
    return runPull(context);
  }
  return context.fault("is of an unknown kind");
}

FlagWord &Executor::flagOf(const Rank &rank, const Task &wait) const {
  return machine.flag(rank.number, rank, wait.op->flag, wait.flagCell);
}

Status Executor::runSignal(TaskContext &context) {
  const Task &task = context.task;
  uint32_t payload = 0;
  if (task.op->hasPayload) {
    MOEC_ASSIGN_OR_RETURN(const ItemList *list, context.items(task.payload));
    payload = list->count;
  }
  uint64_t word = packFlag(task.epoch, payload);
  for (uint32_t peer = task.peer; peer < task.peer + task.peers; ++peer)
    if (test)
      test->signal(context.rank, task, peer, word);
    else
      machine.flag(peer, context.rank, task.op->flag, task.flagCell)
          .store(word, std::memory_order_release);
  return Status();
}

Status Executor::runWait(TaskContext &context) {
  const Task &task = context.task;
  Rank &rank = context.rank;
  uint64_t word = flagOf(rank, task).load(std::memory_order_acquire);
  if (test)
    test->acquire(rank, task);
  if (!task.op->hasPayload)
    return Status();
  uint32_t count = payloadOf(word);
  if (count > machine.layout.maxTokens)
    return context.fault("wanted a count of at most ", machine.layout.maxTokens, " for ",
                         plan::textOf(task.payload), ", found ", count);
  const ItemList *known = rank.sets.find(task.payload);
  if (known && known->count != count)
    return context.fault("wanted ", known->count, " for ", plan::textOf(task.payload), ", found ",
                         count);
  if (!known)
    rank.sets.receiveCount(task.payload, count);
  return Status();
}

// --- Deadlock --------------------------------------------------------------------------

std::string Executor::describeWait(const RankState &state, const Task &task) const {
  const plan::Op &op = *task.op;
  std::string text =
      concat("rank ", state.rank.number, " waits for rank ", task.peer, " on flag %",
             flagName(machine.plan.flags[op.flag], task.flagCell), " in step ", state.rank.step);
  if (!op.location.file.empty())
    text += concat(" (", printable(op.location.file), ":", op.location.line, ":",
                   op.location.column, ")");
  uint64_t word = flagOf(state.rank, task).load(std::memory_order_acquire);
  return text + concat(", wanted epoch ", task.epoch, ", found ", epochOf(word));
}

Status Executor::describeDeadlock() const {
  constexpr size_t most = 8;
  std::string text;
  size_t waits = 0;
  for (const std::unique_ptr<RankState> &state : states) {
    if (state->isFinished)
      continue;
    for (uint32_t number : state->waits)
      if (waits++ < most)
        text += (waits > 1 ? "; " : "") + describeWait(*state, state->rank.program.tasks()[number]);
  }
  if (waits > most)
    text += concat("; and ", waits - most, " more");
  return internalError("deadlock: ", waits ? text : "no task is ready and none waits");
}

} // namespace moec::rt::cpu
