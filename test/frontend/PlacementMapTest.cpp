//===- PlacementMapTest.cpp - Maps of expert balancers --------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "frontend/import/placement/PlacementMap.h"

#include <gtest/gtest.h>

using namespace moec;
using namespace moec::frontend;

using Rows = std::vector<std::vector<uint32_t>>;

static Rows parse(const std::string &text) {
  Diagnostics diagnostics;
  auto map = parsePlacementMap(text, "m", diagnostics);
  EXPECT_TRUE(map) << renderText(diagnostics);
  return map ? map->layers : Rows();
}

/// "line:column: what is wrong" of the one report.
static std::string errorOf(const std::string &text) {
  Diagnostics diagnostics;
  EXPECT_FALSE(parsePlacementMap(text, "m", diagnostics)) << text;
  EXPECT_EQ(diagnostics.all().size(), 1u) << text;
  const Diagnostic &report = diagnostics.all().front();
  std::string message = report.message;
  std::string start = "not a map of experts: ";
  return std::to_string(report.location.line) + ":" + std::to_string(report.location.column) +
         ": " + (message.starts_with(start) ? message.substr(start.size()) : message);
}

TEST(PlacementMap, one_or_several_layers_with_or_without_a_key) {
  EXPECT_EQ(parse(R"({"physical_to_logical_map": [[0, 1], [1, 0]]})"), (Rows{{0, 1}, {1, 0}}));
  EXPECT_EQ(parse(R"({"physical_to_logical_map": [0, 1, 0]})"), (Rows{{0, 1, 0}}));
  EXPECT_EQ(parse("[[2, 1]]"), (Rows{{2, 1}}));
  EXPECT_EQ(parse("[2, 1]"), (Rows{{2, 1}}));
}

TEST(PlacementMap, what_is_broken_has_a_place) {
  EXPECT_EQ(errorOf("{}"), "1:1: wanted the key \"physical_to_logical_map\"");
  EXPECT_EQ(errorOf("[]"), "1:1: wanted a list of layers, found an array of 0");
  EXPECT_EQ(errorOf("[[0, 1],\n []]"),
            "2:2: wanted the expert of each slot as a list, found an array of 0");
  EXPECT_EQ(errorOf("[[0, 1], [0]]"), "1:10: wanted 2 slots in every layer, found 1");
  EXPECT_EQ(errorOf("[[0, -1]]"), "1:6: wanted an expert 0..65535, found the number -1");
  EXPECT_EQ(errorOf("[[0, 0.5]]"), "1:6: wanted an expert 0..65535, found the number 0.5");
  EXPECT_EQ(errorOf("[[0, 70000]]"), "1:6: wanted an expert 0..65535, found the number 70000");
  EXPECT_EQ(errorOf("[[0], 3]"),
            "1:7: wanted the expert of each slot as a list, found the number 3");
  EXPECT_EQ(errorOf(R"({"physical_to_logical_map": [[0, 0, 1]], "expert_count": [[1, 2]]})"),
            "1:60: expert 0 is in 2 slots, \"expert_count\" says the number 1");
  EXPECT_EQ(errorOf(R"({"physical_to_logical_map": [[0]], "expert_count": [[1], [1]]})"),
            "1:52: wanted counts of 1 layers, found 2");
  EXPECT_TRUE(errorOf("[[0, 1").starts_with("1:")) << "no JSON";
}

TEST(PlacementMap, a_row_is_a_placement_and_back) {
  auto placement = placementOf({3, 1, 0, 2, 1, 1}, 4, 2);
  ASSERT_TRUE(placement.ok());
  EXPECT_EQ(placement->slots, (Rows{{3, 1, 0}, {2, 1}})) << "the second copy on a gpu is none";
  EXPECT_EQ(rowOf(*placement).status().code(), rt::Code::Unsupported);
  EXPECT_EQ(*rowOf({{{3, 1}, {0, 2}}}), (std::vector<uint32_t>{3, 1, 0, 2}));
  EXPECT_EQ(placementOf({0, 1, 0}, 2, 2).status().message(),
            "3 slots are not the same number on each of 2 gpus");
  EXPECT_EQ(placementOf({0, 2}, 2, 2).status().message(),
            "slot 1 holds expert 2, the layer has experts 0..1");
  EXPECT_EQ(placementOf({0, 0}, 2, 2).status().message(), "expert 1 is in no slot");
}

TEST(PlacementMap, prints_what_it_reads) {
  PlacementMap map{{{0, 1, 0}, {1, 0, 1}}};
  EXPECT_EQ(printPlacementMap(map, 2, MapForm::Sglang),
            "{\"physical_to_logical_map\": [\n  [0, 1, 0],\n  [1, 0, 1]]}\n");
  EXPECT_EQ(printPlacementMap(map, 2, MapForm::Eplb),
            "{\"physical_to_logical_map\": [\n  [0, 1, 0],\n  [1, 0, 1]],\n"
            "\"logical_to_physical_map\": [\n  [[0, 2], [1, -1]],\n  [[1, -1], [0, 2]]],\n"
            "\"expert_count\": [\n  [2, 1],\n  [1, 2]]}\n");
  EXPECT_EQ(parse(printPlacementMap(map, 2, MapForm::Eplb)), map.layers);
}
