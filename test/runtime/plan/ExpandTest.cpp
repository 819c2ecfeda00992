//===- ExpandTest.cpp - Families of tasks spelt out ----------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/plan/Expand.h"

#include "test/runtime/module/Sample.h"

#include <gtest/gtest.h>

using namespace moec;
using namespace moec::plan;

static std::vector<std::vector<int64_t>> points(const std::vector<Domain> &domains, uint32_t rank,
                                                uint32_t ranks, uint32_t nodes = 1) {
  Plan plan;
  plan.ranks = ranks;
  plan.nodes = nodes;
  std::vector<std::vector<int64_t>> seen;
  Scope scope(rank, 1);
  forEachPoint(domains, plan, scope, [&](const Scope &point) {
    seen.emplace_back(point.domainValues().begin(), point.domainValues().end());
  });
  EXPECT_TRUE(scope.domainValues().empty());
  return seen;
}

TEST(Expand, DomainsRunInOrderTheLastFastest) {
  using Points = std::vector<std::vector<int64_t>>;
  EXPECT_EQ(points({}, 1, 3), Points{{}});
  EXPECT_EQ(points({{"p", DomainKind::Stagger}}, 2, 3), (Points{{2}, {0}, {1}}));
  EXPECT_EQ(points({{"p", DomainKind::All}, {"s", DomainKind::Stagger}}, 1, 2),
            (Points{{0, 1}, {0, 0}, {1, 1}, {1, 0}}));
}

TEST(Expand, NodesAndLanesRunFromZeroOrFromTheRanksOwn) {
  using Points = std::vector<std::vector<int64_t>>;
  EXPECT_EQ(points({{"b", DomainKind::Nodes}}, 4, 6, 2), (Points{{0}, {1}}));
  EXPECT_EQ(points({{"b", DomainKind::StaggerNodes}}, 4, 6, 2), (Points{{1}, {0}}));
  EXPECT_EQ(points({{"b", DomainKind::OtherNodes}}, 4, 6, 3), (Points{{0}, {1}}));
  EXPECT_EQ(points({{"b", DomainKind::OtherNodes}}, 0, 6, 3), (Points{{1}, {2}}));
  EXPECT_EQ(points({{"m", DomainKind::Lanes}}, 4, 6, 2), (Points{{0}, {1}, {2}}));
  EXPECT_EQ(points({{"m", DomainKind::StaggerLanes}}, 5, 6, 2), (Points{{2}, {0}, {1}}));
  Plan plan;
  plan.ranks = 6;
  plan.nodes = 2;
  for (DomainKind kind :
       {DomainKind::All, DomainKind::Stagger, DomainKind::Nodes, DomainKind::StaggerNodes,
        DomainKind::Lanes, DomainKind::StaggerLanes, DomainKind::OtherNodes})
    for (uint32_t rank = 0; rank < 6; ++rank)
      for (uint32_t at = 0; at < domainSize(plan, kind); ++at)
        EXPECT_EQ(domainPosition(plan, kind, rank, domainValue(plan, kind, rank, at)), at);
}

TEST(Expand, ADependenceNamesAllOneOrTheInstancesOfANode) {
  Plan plan;
  plan.ranks = 6;
  plan.nodes = 2;
  plan.ops.resize(1);
  plan.ops[0].domains = {{"b", DomainKind::Nodes}, {"m", DomainKind::StaggerLanes}};
  auto named = [&](const After &after) {
    std::vector<uint64_t> positions;
    Scope scope(/*rank=*/4, 1); // node 1, lane 1
    scope.push(1);
    forEachNamed(plan, after, scope, [&](uint64_t position) { positions.push_back(position); });
    return positions;
  };
  EXPECT_EQ(named({0, true, {}}), (std::vector<uint64_t>{0, 1, 2, 3, 4, 5}));
  EXPECT_EQ(named({0, false, {domainVariable(0), constant(0)}}), (std::vector<uint64_t>{5}));
  EXPECT_EQ(named({0, false, {domainVariable(0), {}}}), (std::vector<uint64_t>{3, 4, 5}));
  EXPECT_EQ(named({0, false, {{}, constant(2)}}), (std::vector<uint64_t>{1, 4}));
}

TEST(Expand, RegionsOfTheGroupedExperts) {
  Plan plan = test::directRowsPlan(test::sampleLayer(), 3, /*depth=*/2);
  const Op &experts = plan.ops[6];
  ASSERT_EQ(experts.name, "ex");
  std::vector<ConcreteRegion> regions = expandRegion(plan, experts.reads[0], Scope(1, 5));
  ASSERT_EQ(regions.size(), 3u);
  for (uint32_t s = 0; s < 3; ++s) // parity 1: the second copy
    EXPECT_EQ(regions[s], (ConcreteRegion{3, 3 + s, {ItemSetKind::D, s, 1}}));
}

TEST(Expand, RegionsOfAPutFollowItsDomain) {
  Plan plan = test::directRowsPlan(test::sampleLayer(), 3);
  const Op &put = plan.ops[3];
  ASSERT_EQ(put.name, "pm");
  EXPECT_EQ(instanceCount(plan, put), 3u);
  Scope scope(1, 4);
  std::vector<uint64_t> sources;
  forEachPoint(put.domains, plan, scope, [&](const Scope &point) {
    std::vector<ConcreteRegion> from = expandRegion(plan, put.reads[0], point);
    ASSERT_EQ(from.size(), 1u);
    EXPECT_EQ(from[0].items, (ConcreteItems{ItemSetKind::D, 1, uint32_t(point(put.to))}));
    EXPECT_EQ(expandRegion(plan, put.writes[0], point)[0].region, 1u);
    sources.push_back(from[0].region);
  });
  EXPECT_EQ(sources, (std::vector<uint64_t>{1, 2, 0}));
}

TEST(Expand, CellsAreCounted) {
  Plan plan = test::directRowsPlan(test::sampleLayer(), 5, /*depth=*/2);
  EXPECT_EQ(cellCount(plan.flags[0].extents), 10u);
  EXPECT_EQ(cellCount(plan.buffers[0].extents), 1u);
}
