//===- Experts.cpp - The experts of one rank -------------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// All rows that arrived, grouped by expert, so that each expert's weights are read
// once a step however many sources sent to it.
//===----------------------------------------------------------------------===//

#include "runtime/backends/cpu/tasks/Rows.h"
#include "runtime/backends/cpu/tasks/Tasks.h"

#include <algorithm>
#include <bit>
#include <numeric>

namespace moec::rt::cpu {
namespace {

/// One (token, slot) to compute.
struct ExpertRow {
  uint32_t expert = 0; ///< local index
  const std::byte *input = nullptr;
  std::byte *output = nullptr;
  float weight = 0;
};

class ExpertsTask {
public:
  explicit ExpertsTask(TaskContext &context)
      : context(context), machine(context.machine), self(context.rank.number),
        slots(machine.manifest.placement.slots[self]) {}

  Status run();

private:
  Status readSource(const plan::ConcreteRegion &input);
  Status readRecord(uint32_t source, const uint32_t *words, const std::byte *input,
                    const RegionView &out, ItemList &rowsOfSource);
  void sortByExpert();
  void compute();

  TaskContext &context;
  Machine &machine;
  uint32_t self;
  const std::vector<uint32_t> &slots;
  std::vector<ExpertRow> rows;
};

/// The region of `regions` that belongs to `source`.
const plan::ConcreteRegion *find(std::span<const plan::ConcreteRegion> regions, uint32_t source) {
  for (const plan::ConcreteRegion &region : regions)
    if (region.items.first == source)
      return &region;
  return nullptr;
}

Status ExpertsTask::readRecord(uint32_t source, const uint32_t *words, const std::byte *input,
                               const RegionView &out, ItemList &rowsOfSource) {
  uint32_t token = words[0], count = words[1], topK = machine.plan.topK;
  if (token >= machine.layout.maxTokens || count == 0 || count > topK)
    return context.fault("wanted a record of a token below ", machine.layout.maxTokens,
                         " with 1 to ", topK, " slots from rank ", source, ", found token ", token,
                         " with ", count);
  for (uint32_t entry = 0; entry < count; ++entry) {
    uint32_t slot = upperHalf(words[2 + entry]), local = lowerHalf(words[2 + entry]);
    if (slot >= topK || local >= slots.size())
      return context.fault("wanted a slot below ", topK, " and an expert below ", slots.size(),
                           " in a record of rank ", source, ", found ", slot, " and ", local);
    uint32_t row = token * topK + slot;
    size_t place = out.layout == plan::BufferLayout::Seq ? rowsOfSource.items.size() : row;
    std::byte *output = context.write(out, place, Content::Row, {source, token, slot});
    rows.push_back({local, input, output, std::bit_cast<float>(words[2 + topK + entry])});
    rowsOfSource.items.push_back(row);
  }
  return Status();
}

Status ExpertsTask::readSource(const plan::ConcreteRegion &input) {
  uint32_t source = input.items.first;
  const plan::ConcreteRegion *records = find(context.reads(1), source);
  const plan::ConcreteRegion *outputs = find(context.writes(0), source);
  if (!records || !outputs)
    return context.fault("reads tokens of rank ", source, " without its ",
                         records ? "rows to write" : "records");
  MOEC_ASSIGN_OR_RETURN(const ItemList *list, context.items(input.items));
  RegionView x = context.view(input), meta = context.view(*records), out = context.view(*outputs);
  if (meta.layout != plan::BufferLayout::Seq)
    return context.fault("wanted records one after another: they say which tokens there are");
  if (list->count > x.records || list->count > meta.records)
    return context.fault("wanted at most ", x.records, " tokens of rank ", source, ", found ",
                         list->count);
  // What this rank sent to itself it knows from its own routing.
  ItemList own, ownTokens;
  uint32_t count = list->count;
  ItemList &rowsOfSource = source == self ? own : context.rank.sets.rowsReceivedFrom(source);
  ItemList &tokensOfSource = source == self ? ownTokens : context.rank.sets.receivedFrom(source);
  for (uint32_t i = 0; i < count; ++i) {
    const uint32_t *words = reinterpret_cast<const uint32_t *>(context.peek(meta, i));
    uint32_t token = words[0];
    context.read(meta, i, Content::Record, {source, token, self});
    uint32_t place = x.layout == plan::BufferLayout::Seq ? i : token;
    if (place >= x.records)
      return context.fault("wanted a token below ", x.records, " of rank ", source, ", found ",
                           token);
    const std::byte *row = context.read(x, place, Content::Token, {source, token});
    MOEC_RETURN_IF_ERROR(readRecord(source, words, row, out, rowsOfSource));
    tokensOfSource.items.push_back(token);
    context.pause();
  }
  ItemSets::close(rowsOfSource);
  ItemSets::close(tokensOfSource);
  return Status();
}

/// Rows of an expert stay in the order of their arrival: source, then token.
void ExpertsTask::sortByExpert() {
  std::vector<size_t> next(slots.size() + 1);
  for (const ExpertRow &row : rows)
    ++next[row.expert + 1];
  std::partial_sum(next.begin(), next.end(), next.begin());
  std::vector<ExpertRow> sorted(rows.size());
  for (const ExpertRow &row : rows)
    sorted[next[row.expert]++] = row;
  rows = std::move(sorted);
}

/// In batches of neighbouring rows; a batch may end within an expert.
void ExpertsTask::compute() {
  sortByExpert();
  std::vector<const std::byte *> inputs;
  std::vector<std::byte *> outputs;
  std::vector<float> weights;
  std::vector<MlpRows> groups;
  for (size_t first = 0; first < rows.size(); first += batchRows) {
    inputs.clear();
    outputs.clear();
    weights.clear();
    groups.clear();
    for (size_t i = first, last = std::min(first + batchRows, rows.size()); i < last; ++i) {
      if (i == first || rows[i].expert != rows[i - 1].expert)
        groups.push_back({&machine.weights.expert(slots[rows[i].expert]), 0});
      ++groups.back().rows;
      inputs.push_back(rows[i].input);
      outputs.push_back(rows[i].output);
      weights.push_back(rows[i].weight);
      ++machine.report.expertTokens[slots[rows[i].expert]];
    }
    runMlps(machine, machine.layer().expert, groups, inputs,
            {outputs.data(), machine.layer().combineType, machine.layer().hidden, weights.data()});
  }
}

Status ExpertsTask::run() {
  for (const plan::ConcreteRegion &input : context.reads(0))
    MOEC_RETURN_IF_ERROR(readSource(input));
  compute();
  return Status();
}

} // namespace

Status runExperts(TaskContext &context) { return ExpertsTask(context).run(); }

} // namespace moec::rt::cpu
