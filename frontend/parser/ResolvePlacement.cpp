//===- ResolvePlacement.cpp - Placements and schedules --------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "frontend/parser/Resolve.h"
#include "frontend/parser/Suggest.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

namespace moec::frontend {

namespace {
/// An expert or a rank, and where it was written.
struct Member {
  uint32_t index;
  const Location *place;
};

/// An expert on a rank.
struct Copy {
  Member expert, rank;
  const Statement *statement;
};

class PlacementResolver {
public:
  PlacementResolver(const Statement &block, const PlacementTarget &target, Diagnostics &diagnostics)
      : block(block), target(target), ranks(target.ranks), experts(target.experts),
        rankNote(target.rankNote), diagnostics(diagnostics) {}
  PlacementRequest run();

private:
  void resolveRule(const Statement &statement, PlacementRule rule);
  void resolvePin(const Statement &statement);
  void resolveList(const Statement &statement);
  void resolveServe(const Statement &statement);
  void resolveTurns(const Statement &statement);
  std::optional<std::vector<Member>> expandExperts(const Value &value);
  std::optional<std::vector<Member>> expandRanks(const Value &value);
  bool checkRank(uint64_t rank, const Location &place);
  bool countCopies(uint64_t copies, const Location &place);
  void reportBeyond();
  void checkDistinct();
  void checkEveryExpert();

  const Statement &block;
  const PlacementTarget &target;
  uint32_t ranks, experts;
  const std::string &rankNote;
  Diagnostics &diagnostics;
  PlacementRequest result;
  const Statement *rule = nullptr; ///< the first that is one
  bool complete = true;            ///< everything in the block was understood
  uint64_t count = 0;
  std::vector<Copy> copies;
  /// Sources that turns of an expert name, and where.
  std::map<std::pair<uint32_t, uint32_t>, const Location *> served;
  /// Ranks that the command line took away, one a statement.
  std::vector<std::pair<uint64_t, const Location *>> beyond;
};
} // namespace

void PlacementResolver::resolveRule(const Statement &statement, PlacementRule rule) {
  if (this->rule && rule != result.rule)
    diagnostics
        .report(DiagnosticId::TwoRules, statement.location,
                {std::string(this->rule->name()), std::string(statement.name())})
        .at(result.ruleLocation, "first here");
  this->rule = &statement;
  result.rule = rule;
  result.ruleLocation = statement.location;
}

bool PlacementResolver::checkRank(uint64_t rank, const Location &place) {
  if (ranks == 0 || rank < ranks)
    return true;
  if (!rankNote.empty()) {
    beyond.push_back({rank, &place});
    return false;
  }
  diagnostics.report(DiagnosticId::NoSuchRank, place,
                     {std::to_string(rank), std::to_string(ranks - 1)});
  return false;
}

/// With --ranks the file is not at fault: one message for all of it.
void PlacementResolver::reportBeyond() {
  if (beyond.empty())
    return;
  Diagnostic &diagnostic =
      diagnostics.report(DiagnosticId::NoSuchRank, *beyond.front().second,
                         {std::to_string(beyond.front().first), std::to_string(ranks - 1)});
  diagnostic.note(rankNote);
  if (beyond.size() > 1)
    diagnostic.note(counted(beyond.size() - 1, "further statement") + " of the placement " +
                    (beyond.size() == 2 ? "names" : "name") + " such a gpu");
}

bool PlacementResolver::countCopies(uint64_t more, const Location &place) {
  // Saturates: `more` can be near 2^64.
  count = more > maxPlacedExperts ? maxPlacedExperts + 1 : count + more;
  if (count <= maxPlacedExperts)
    return true;
  diagnostics.report(DiagnosticId::TooManyCopies, place, {std::to_string(maxPlacedExperts)});
  return false;
}

std::optional<std::vector<Member>> PlacementResolver::expandExperts(const Value &value) {
  std::vector<Member> list;
  uint64_t limit = experts ? experts : maxExperts;
  for (const Range &range : value.ranges) {
    if (range.last >= limit) {
      diagnostics.report(DiagnosticId::NoSuchExpert, range.location,
                         {std::to_string(range.last), std::to_string(limit - 1)});
      return std::nullopt;
    }
    if (list.size() + (range.last - range.first) > maxPlacedExperts) {
      countCopies(maxPlacedExperts + 1, range.location);
      return std::nullopt;
    }
    for (uint64_t expert = range.first; expert <= range.last; ++expert)
      list.push_back({static_cast<uint32_t>(expert), &range.location});
  }
  return list;
}

std::optional<std::vector<Member>> PlacementResolver::expandRanks(const Value &value) {
  std::vector<Member> list;
  for (const Range &range : value.ranges) {
    if (!checkRank(range.last, range.location))
      return std::nullopt;
    bool isTooMany =
        range.last >= plan::maxRanks || list.size() + (range.last - range.first) > maxPlacedExperts;
    if (isTooMany) {
      countCopies(maxPlacedExperts + 1, range.location);
      return std::nullopt;
    }
    for (uint64_t rank = range.first; rank <= range.last; ++rank)
      list.push_back({static_cast<uint32_t>(rank), &range.location});
  }
  return list;
}

/// Each statement that repeats a copy is reported once.
void PlacementResolver::checkDistinct() {
  auto key = [](const Copy &copy) {
    return std::tuple(copy.expert.index, copy.rank.index, copy.expert.place->offset,
                      copy.rank.place->offset);
  };
  std::sort(copies.begin(), copies.end(),
            [&](const Copy &a, const Copy &b) { return key(a) < key(b); });
  std::set<const Statement *> reported;
  for (size_t i = 1; i < copies.size(); ++i) {
    const Copy &first = copies[i - 1], &second = copies[i];
    bool isSame =
        first.expert.index == second.expert.index && first.rank.index == second.rank.index;
    if (!isSame || !reported.insert(second.statement).second)
      continue;
    // One mention of the expert with two of the gpu: the gpu is what is twice.
    bool isGpuTwice = first.expert.place == second.expert.place;
    diagnostics
        .report(DiagnosticId::ExpertTwice, isGpuTwice ? *second.rank.place : *second.expert.place,
                {std::to_string(second.expert.index), std::to_string(second.rank.index)})
        .at(isGpuTwice ? *first.rank.place : *first.expert.place, "first here");
  }
}

void PlacementResolver::resolvePin(const Statement &statement) {
  const Value *what = statement.find("what"), *where = statement.find("where");
  const Value *items = statement.find("items"), *to = statement.find("to");
  complete &= !statement.broken;
  if (statement.broken || !what || !where || !items || !to)
    return;
  if (what->text == "group" || where->text == "node") {
    refuse(statement, "a placement of groups or nodes", "implemented: pin expert E -> gpu R",
           diagnostics);
    return;
  }
  auto list = expandExperts(*items), targets = expandRanks(*to);
  if (!list || !targets || !countCopies(list->size() * targets->size(), statement.location)) {
    complete = false;
    return;
  }
  for (const Member &expert : *list) {
    ExpertPin pin{expert.index, {}, statement.location};
    for (const Member &rank : *targets) {
      copies.push_back({expert, rank, &statement});
      pin.ranks.push_back(rank.index);
    }
    result.pins.push_back(std::move(pin));
  }
}

void PlacementResolver::resolveList(const Statement &statement) {
  const Value *rank = statement.find("rank"), *items = statement.find("experts");
  complete &= !statement.broken;
  if (statement.broken || !rank || !items)
    return;
  bool isRank = checkRank(rank->integer, rank->location);
  if (isRank && rank->integer >= plan::maxRanks)
    isRank = countCopies(maxPlacedExperts + 1, rank->location);
  auto list = expandExperts(*items);
  if (!isRank || !list || !countCopies(list->size(), statement.location)) {
    complete = false;
    return;
  }
  RankExperts entry{static_cast<uint32_t>(rank->integer), {}, statement.location};
  for (const Member &expert : *list) {
    copies.push_back({expert, {entry.rank, &rank->location}, &statement});
    entry.experts.push_back(expert.index);
  }
  result.lists.push_back(std::move(entry));
}

void PlacementResolver::resolveServe(const Statement &statement) {
  const Value *order = statement.find("order");
  if (statement.broken || !order)
    return;
  if (order->text == "nearest")
    result.serve = ServeRule::Nearest;
  else if (order->text == "balanced")
    result.serve = ServeRule::Balanced;
}

/// Whether the ranks have the expert is known when all is placed.
void PlacementResolver::resolveTurns(const Statement &statement) {
  const Value *expert = statement.find("expert"), *from = statement.find("sources");
  const Value *to = statement.find("to");
  if (statement.broken || !expert || !from || !to)
    return;
  uint64_t limit = experts ? experts : maxExperts;
  if (expert->integer >= limit) {
    diagnostics.report(DiagnosticId::NoSuchExpert, expert->location,
                       {std::to_string(expert->integer), std::to_string(limit - 1)});
    return;
  }
  auto sources = expandRanks(*from), targets = expandRanks(*to);
  if (!sources || !targets)
    return;
  ExpertTurns turns{static_cast<uint32_t>(expert->integer), {}, {}, statement.location};
  for (const Member &source : *sources) {
    auto [first, isNew] = served.try_emplace({turns.expert, source.index}, source.place);
    if (!isNew) {
      diagnostics
          .report(DiagnosticId::ServedTwice, *source.place,
                  {std::to_string(turns.expert), std::to_string(source.index)})
          .at(*first->second, "first here");
      return;
    }
    turns.sources.push_back(source.index);
  }
  if (targets->size() > maxTurns) {
    diagnostics.report(DiagnosticId::TooManyTurns, to->location,
                       {std::to_string(targets->size()), std::to_string(maxTurns)});
    return;
  }
  for (const Member &rank : *targets)
    turns.ranks.push_back(rank.index);
  result.turns.push_back(std::move(turns));
}

/// With lists and no rule the lists are the whole placement.
void PlacementResolver::checkEveryExpert() {
  if (rule || result.lists.empty())
    return;
  result.rule = PlacementRule::None;
  std::set<uint32_t> placed;
  for (const Copy &copy : copies)
    placed.insert(copy.expert.index);
  if (!complete || experts == 0 || placed.size() == experts)
    return;
  uint32_t first = 0;
  while (placed.contains(first))
    ++first;
  size_t missing = experts - placed.size();
  diagnostics
      .report(DiagnosticId::ExpertNowhere, block.location,
              {std::to_string(missing), std::to_string(experts), missing == 1 ? "is" : "are",
               std::to_string(first)})
      .help("add `linear` to deal out the rest");
}

PlacementRequest PlacementResolver::run() {
  result.location = block.location;
  if (const Value *name = block.find("name"))
    result.name = name->text;
  complete = !block.bodyDamaged;
  for (const Statement &statement : block.body) {
    std::string_view keyword = statement.name();
    if (keyword == "linear")
      resolveRule(statement, PlacementRule::Linear);
    else if (keyword == "round_robin")
      resolveRule(statement, PlacementRule::RoundRobin);
    else if (keyword == "pin")
      resolvePin(statement);
    else if (keyword == "gpu")
      resolveList(statement);
    else if (keyword == "auto")
      resolveRule(statement, PlacementRule::ByLoad);
    else if (keyword == "serve")
      resolveServe(statement);
    else if (keyword == "turns")
      resolveTurns(statement);
  }
  result.load = resolveLoad(block, target, diagnostics);
  reportBeyond();
  checkDistinct();
  checkEveryExpert();
  return std::move(result);
}

PlacementRequest resolvePlacement(const Statement &block, const PlacementTarget &target,
                                  Diagnostics &diagnostics) {
  return PlacementResolver(block, target, diagnostics).run();
}

} // namespace moec::frontend
