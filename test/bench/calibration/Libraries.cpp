//===- Libraries.cpp - Published measurements and their constants ---------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Link and NIC rates are those of runtime/topology/machines. What is fitted, fixed
// times for the most part, is fitted to the points that are marked, by least squares of
// relative errors or, where there are two of them, to both; all others are held out.
// Routing is uniform: of 256 experts 8 a token, so that a token of one rank goes to
// distinctTargets(N) of N ranks or nodes.
//===----------------------------------------------------------------------===//

#include "test/bench/calibration/Model.h"

#include "runtime/base/Text.h"

#include <algorithm>
#include <deque>
#include <tuple>

namespace moec::calibration {
namespace {

constexpr double hidden = 7168, topK = 8, experts = 256;
constexpr double bf16Row = 2 * hidden;
constexpr double fp8Row = hidden + 4 * hidden / 128; ///< with scales of blocks of 128

constexpr double nvlink4 = 370.8;     ///< 18 x 20.6, NCCL src/graph/topo.h
constexpr double nvlink3 = 240;       ///< 12 x 20, the same
constexpr double nvlinkH800 = 160;    ///< DeepEP docs/legacy.md: "~160 GB/s"
constexpr double ndr = 48.5;          ///< SimAI calbusbw.h
constexpr double hdr = 23.5;          ///< the same, ConnectX-6
constexpr double nvlink5Kernel = 686; ///< best slope of TRT-LLM blog18's dispatch

/// Of `pool` experts on `targets` targets evenly; 8 are chosen.
double distinctTargets(double targets, double pool = experts) {
  double none = 1, held = pool / targets;
  for (int i = 0; i < topK; ++i)
    none *= (pool - held - i) / (pool - i);
  return targets * (1 - none);
}

/// Libraries must not move: points refer to them.
class Points {
public:
  const Library *add(Library library) {
    static std::deque<Library> libraries;
    return &libraries.emplace_back(std::move(library));
  }
  Point &add(const Library *library, std::string what, uint32_t ranks, double bytesPerPeer,
             double microseconds, bool isFitted) {
    points.push_back(
        {library, std::move(what), ranks, bytesPerPeer, 0, microseconds, isFitted, ""});
    return points.back();
  }
  std::vector<Point> points;
};

/// "dispatch, 8 ranks, 128 tokens"
std::string nameOf(bool isCombine, uint32_t ranks, uint32_t tokens) {
  return rt::concat(isCombine ? "combine" : "dispatch", ", ", ranks, " ranks, ", tokens,
                    tokens == 1 ? " token" : " tokens");
}

//===----------------------------------------------------------------------===//
// One-sided exchange over NVLink: TensorRT-LLM on GB200 NVL72
//===----------------------------------------------------------------------===//

struct OneSidedRow {
  uint32_t ranks;
  double dispatch[12], combine[12]; ///< 1, 2, .. 2048 tokens
};
constexpr OneSidedRow oneSided[] = {
    {8,
     {18.9, 18.4, 18.1, 17.6, 18.5, 18.2, 22.3, 31.7, 50.8, 89.5, 166.3, 311.8},
     {31.0, 31.1, 31.4, 31.4, 32.6, 32.7, 34.1, 38.1, 53.0, 91.7, 175.6, 322.6}},
    {16,
     {18.8, 19.1, 18.5, 18.9, 18.4, 20.2, 24.1, 34.6, 54.8, 97.1, 181.2, 343.3},
     {30.8, 31.4, 31.6, 31.8, 33.0, 34.2, 35.6, 39.9, 57.0, 98.2, 188.2, 348.4}},
    {32,
     {19.8, 19.7, 19.6, 19.4, 18.9, 21.1, 26.2, 37.8, 61.5, 109.6, 197.5, 373.7},
     {31.4, 31.3, 31.4, 32.2, 33.4, 34.6, 36.4, 41.1, 59.7, 102.5, 197.5, 369.5}},
    {64,
     {27.8, 24.8, 29.1, 20.4, 20.6, 23.1, 28.8, 41.6, 65.3, 115.7, 209.4, 399.2},
     {32.6, 32.2, 33.0, 33.3, 35.0, 36.1, 37.7, 44.5, 62.9, 106.7, 199.2, 372.1}}};

void addOneSided(Points &points) {
  const char *source = "TensorRT-LLM blog18, GB200 NVL72, bf16, perfect router";
  // All constants but the latency: fitted to 8 and 64 ranks, 16 and 32 held out.
  const Library *dispatch = points.add({.name = "trtllm one-sided dispatch",
                                        .source = source,
                                        .lanes = 72,
                                        .link = 676.1,
                                        .linkLoss = 0.039,
                                        .fixed = 10.9,
                                        .fixedGrowth = 1.41,
                                        .floor = 18.25,
                                        .floorGrowth = 0.69});
  const Library *combine = points.add({.name = "trtllm one-sided combine",
                                       .source = source,
                                       .lanes = 72,
                                       .link = 638.3,
                                       .linkLoss = -0.003,
                                       .fixed = 6.8,
                                       .fixedGrowth = 2.245,
                                       .floor = 31.1,
                                       .floorGrowth = 0.12,
                                       .handover = 2.75});
  for (const OneSidedRow &row : oneSided)
    for (uint32_t i = 0; i < 12; ++i) {
      uint32_t tokens = 1u << i;
      bool isFitted = row.ranks == 8 || row.ranks == 64;
      double bytes = tokens * topK * bf16Row / row.ranks; // to each rank, its own among them
      bool isOutlier = row.ranks == 64 && tokens <= 4;
      Point &point = points.add(dispatch, nameOf(false, row.ranks, tokens), row.ranks, bytes,
                                row.dispatch[i], isFitted && !isOutlier);
      if (isOutlier)
        point.reason = "measured 25 to 29 us for 1 to 4 tokens but 20.4 for 8: not by bytes";
      points.add(combine, nameOf(true, row.ranks, tokens), row.ranks, bytes, row.combine[i],
                 isFitted);
    }
  for (auto [what, row, microseconds] :
       {std::tuple("mxfp8", 7392.0, 172.2), {"nvfp4", 4032.0, 101.7}})
    points.add(dispatch, rt::concat("dispatch ", what, ", 8 ranks, 2048 tokens"), 8,
               2048 * topK * row / 8, microseconds, false);
}

//===----------------------------------------------------------------------===//
// Low latency: 128 tokens, a copy for each expert, no forwarding
//===----------------------------------------------------------------------===//

struct LowLatencyRow {
  uint32_t ranks;
  double dispatch, combine;
};

void addLowLatency(Points &points, Library base, double dispatchRow, double dispatchFixed,
                   double dispatchGrowth, double combineFixed, double combineGrowth,
                   std::vector<LowLatencyRow> rows, std::vector<uint32_t> fitted,
                   std::string dispatchReason = "", std::string combineReason = "",
                   uint32_t reasonFor = 0) {
  std::string name = base.name;
  base.name = name + " dispatch";
  base.fixed = dispatchFixed;
  base.fixedGrowth = dispatchGrowth;
  const Library *dispatch = points.add(base);
  base.name = name + " combine";
  base.fixed = combineFixed;
  base.fixedGrowth = combineGrowth;
  const Library *combine = points.add(base);
  for (const LowLatencyRow &row : rows) {
    bool isFitted = std::find(fitted.begin(), fitted.end(), row.ranks) != fitted.end();
    double copies = 128 * topK / row.ranks;
    bool isOff = row.ranks == reasonFor;
    points
        .add(dispatch, nameOf(false, row.ranks, 128), row.ranks, copies * dispatchRow, row.dispatch,
             isFitted)
        .reason = isOff ? dispatchReason : "";
    points
        .add(combine, nameOf(true, row.ranks, 128), row.ranks, copies * bf16Row, row.combine,
             isFitted)
        .reason = isOff ? combineReason : "";
  }
}

void addLowLatency(Points &points) {
  addLowLatency(points,
                {.name = "deepep v1 low latency",
                 .source = "DeepEP docs/legacy.md, H800 and ConnectX-7, fp8 out, bf16 back",
                 .link = nvlinkH800,
                 .rail = ndr},
                fp8Row, 32.5, 0, 31.8, 4.1,
                {{8, 77, 114},
                 {16, 118, 195},
                 {32, 155, 273},
                 {64, 173, 314},
                 {128, 192, 369},
                 {256, 194, 360}},
                {8, 64});
  // Nothing is fitted: the constants of the H800 on another machine.
  addLowLatency(
      points,
      {.name = "deepep v1 low latency on h200",
       .source = "pplx-garden docs/fabric-lib.md, ConnectX-7, fp8 out, bf16 back",
       .link = nvlink4,
       .rail = ndr},
      fp8Row, 32.5, 0, 31.8, 4.1,
      {{8, 42.6, 72.0}, {16, 123.9, 203.0}, {32, 159.1, 285.0}, {64, 177.9, 325.0}}, {},
      "a later DeepEP: warps of 128 SMs x 32 move the rows, of 86 x 30 in the H800's table of June "
      "2025 (DeepEP 1b92be8, #213); the fixed time in that proportion gives 40.2 us",
      "", 8);
  addLowLatency(points,
                {.name = "pplx-garden decode",
                 .source = "pplx-garden docs/fabric-lib.md, ConnectX-7, fp8 out, bf16 back",
                 .link = nvlink4,
                 .rail = ndr},
                fp8Row, 30.7, 5.1, 28.8, 3.5,
                {{8, 50.5, 65.3}, {16, 110.2, 185.5}, {32, 153.9, 266.3}, {64, 187.5, 309.1}},
                {8, 64});
  addLowLatency(points,
                {.name = "nccl ep low latency",
                 .source = "NCCL EP 0.1.0, H100, bf16, from logical GB/s",
                 .link = nvlink4,
                 .rail = ndr},
                bf16Row, 28.9, 0.3, 42.9, 7.0,
                {{8, 65.5, 79.4}, {16, 190.7, 201.1}, {32, 271.9, 293.6}, {64, 299.6, 333.6}},
                {8, 64});
  addLowLatency(
      points,
      {.name = "uccl-ep low latency",
       .source = "UCCL-EP, p5en (H200, EFA), fp8 out, bf16 back",
       .link = nvlink4,
       .rail = ndr},
      fp8Row, 45.2, 28.3, 55.5, 26.8, {{8, 65, 92}, {16, 136, 207}, {32, 224, 341}}, {8, 32},
      "CPU threads post messages: a time by doublings of ranks does not fit three points",
      "CPU threads post messages: a time by doublings of ranks does not fit three points", 16);
}

/// Copies of 128 tokens over NVLink by few SMs: what they issue is the limit.
void addPplxKernels(Points &points) {
  const char *source = "pplx-kernels, NVLink, fp8 out, bf16 back";
  const Library *dispatch = points.add({.name = "pplx-kernels dispatch",
                                        .source = source,
                                        .link = nvlink4,
                                        .smIssue = 157.8,
                                        .fixed = 39.7});
  const Library *combine = points.add({.name = "pplx-kernels combine",
                                       .source = source,
                                       .link = nvlink4,
                                       .smIssue = 212.5,
                                       .fixed = 39.7});
  // Two constants a direction from two points each: nothing is held out.
  for (auto [tokens, out, back] : {std::tuple(1u, 41.6, 41.7), {128u, 83.6, 102.3}}) {
    points.add(dispatch, nameOf(false, 8, tokens), 8, tokens * topK * fp8Row / 8, out, true);
    points.add(combine, nameOf(true, 8, tokens), 8, tokens * topK * bf16Row / 8, back, true);
  }
}

//===----------------------------------------------------------------------===//
// High throughput: a copy a rank, over rails a copy a node
//===----------------------------------------------------------------------===//

/// DeepEP's bandwidths count copies for the own rank (one node) or node as well: a copy
/// a rank there, a copy a node here.
void addTiers(Points &points, const Library *library, bool isCombine, uint32_t ranks, double tokens,
              double logicalRate, bool isFitted, std::string reason = "") {
  double row = isCombine ? bf16Row : fp8Row, nodes = ranks / 8.0;
  // Of eight groups, one a node, a token may use four.
  double allowed = std::min(nodes, 4.0), pool = experts * allowed / nodes;
  double nodeCopies = nodes == 1 ? 1 : distinctTargets(allowed, pool);
  double rankCopies = distinctTargets(allowed * 8, pool);
  double logical = tokens * row * (nodes == 1 ? rankCopies : nodeCopies);
  Point &point =
      points.add(library, nameOf(isCombine, ranks, static_cast<uint32_t>(tokens)), ranks,
                 tokens * row * rankCopies / ranks, logical / (logicalRate * 1e3), isFitted);
  point.bytesPerNode = tokens * row * nodeCopies / nodes;
  point.reason = std::move(reason);
}

void addHighThroughput(Points &points) {
  Library v1 = {.name = "deepep v1 normal dispatch",
                .source = "DeepEP docs/legacy.md, H800 and ConnectX-7, fp8 out, bf16 back",
                .link = nvlinkH800,
                .rail = ndr,
                .fixed = 150,
                .hasTiers = true};
  const Library *dispatch = points.add(v1);
  v1.name = "deepep v1 normal combine";
  v1.fixed = 266;
  v1.fixedGrowth = 25;
  const Library *combine = points.add(v1);
  for (auto [ranks, out, back] :
       {std::tuple(8u, 153.0, 158.0), {16u, 43.0, 43.0}, {32u, 58.0, 57.0}, {64u, 51.0, 50.0}}) {
    bool isFitted = ranks == 8 || ranks == 64;
    std::string reason =
        ranks == 16 ? "the one point bound by NVLink forwarding, which has no constant of its own"
                    : "";
    addTiers(points, dispatch, false, ranks, 4096, out, isFitted, reason);
    addTiers(points, combine, true, ranks, 4096, back, isFitted, reason);
  }
  Library v2 = {.name = "deepep v2 dispatch",
                .source = "DeepEP README, H100 and ConnectX-7, fp8 out, bf16 back",
                .link = nvlink4,
                .rail = ndr,
                .fixed = 60,
                .hasTiers = true};
  const Library *dispatch2 = points.add(v2);
  v2.name = "deepep v2 combine";
  v2.fixed = 400;
  const Library *combine2 = points.add(v2);
  for (auto [ranks, out, back] : {std::tuple(16u, 90.0, 81.0), {32u, 61.0, 61.0}}) {
    addTiers(points, dispatch2, false, ranks, 8192, out, ranks == 16);
    addTiers(points, combine2, true, ranks, 8192, back, ranks == 16);
  }
}

/// DeepEP V1 with loads and stores of few SMs on GB200: 16 and 24 SMs fitted.
void addSmCap(Points &points) {
  constexpr double perSm = 22.42, fixed = 98.6; // GB/s, us
  double bytes = 4096 * distinctTargets(8) * bf16Row;
  for (auto [sms, rate] : {std::pair(16u, 362.0), {24u, 513.0}, {32u, 616.0}}) {
    const Library *library =
        points.add({.name = "deepep v1 on gb200",
                    .source = "Hybrid-EP's comparison, GB200, bf16, torch API, from logical GB/s",
                    .lanes = 72,
                    .link = nvlink5Kernel,
                    .smIssue = perSm * sms,
                    .fixed = fixed});
    points.add(library, rt::concat("dispatch, 8 ranks, ", sms, " SMs"), 8, bytes / 8,
               bytes / (rate * 1e3), sms != 32);
  }
}

//===----------------------------------------------------------------------===//
// All-to-all: bus bandwidths
//===----------------------------------------------------------------------===//

/// `bytes` is the buffer of a rank; bus bandwidth counts what leaves it.
void addBus(Points &points, const Library *library, uint32_t ranks, double bytes, double busRate) {
  points.add(library, rt::concat("all-to-all, ", ranks, " ranks, 1 GiB"), ranks, bytes / ranks,
             bytes * (ranks - 1) / ranks / (busRate * 1e3), false);
}

void addBusRates(Points &points) {
  constexpr double gigabyte = 1 << 30;
  const char *source = "mscclpp test/deploy/perf_ndmv4.jsonl, perf_ndmv5.jsonl";
  // Nothing is fitted.
  const Library *a100 =
      points.add({.name = "mscclpp a100", .source = source, .link = nvlink3, .rail = hdr});
  addBus(points, a100, 8, gigabyte, 241.10);
  addBus(points, a100, 16, gigabyte, 43.59);
  const Library *h100 =
      points.add({.name = "mscclpp h100", .source = source, .link = nvlink4, .rail = ndr});
  addBus(points, h100, 16, gigabyte, 90.88);
}

/// SimAI's table of what NCCL's all-to-all reaches of the bound: two constants a number of
/// nodes, from the smallest and the largest size.
struct RatioColumn {
  uint32_t nodes;
  double reached; ///< of link or NIC, at the largest size
  double fixed;
  double ratios[11]; ///< 16 MiB, 32 MiB, .. 16 GiB
};
constexpr RatioColumn ratioColumns[] = {
    {1, 0.7806, 37.4, {.44, .51, .60, .65, .70, .71, .74, .76, .77, .78, .78}},
    {2, 0.8004, 111.5, {.52, .63, .72, .76, .79, .80, .81, .81, .80, .80, .80}},
    {4, 0.9504, 109.2, {.67, .68, .83, .90, .92, .94, .94, .95, .95, .95, .95}},
    {8, 0.9404, 146.1, {.64, .67, .82, .85, .87, .89, .92, .93, .94, .94, .94}},
    {16, 0.9004, 157.9, {.62, .66, .66, .72, .75, .81, .85, .88, .89, .90, .90}}};

void addRatios(Points &points) {
  for (const RatioColumn &column : ratioColumns) {
    bool isOneNode = column.nodes == 1;
    uint32_t ranks = column.nodes * 8;
    const Library *library = points.add({.name = "nccl all-to-all h100",
                                         .source = "SimAI inputs/ratio/ata_ratio.csv",
                                         .link = nvlink4 * (isOneNode ? column.reached : 1),
                                         .rail = isOneNode ? 0 : ndr * column.reached,
                                         .fixed = column.fixed});
    for (uint32_t i = 0; i < 11; ++i) {
      double bytes = double(1 << 24) * (1 << i);
      double bound =
          isOneNode ? bytes * 7 / 8 / (nvlink4 * 1e3) : bytes * (ranks - 8) / ranks / (ndr * 1e3);
      Point &point =
          points.add(library, rt::concat("all-to-all, ", ranks, " ranks, ", 16u << i, " MiB"),
                     ranks, bytes / ranks, bound / column.ratios[i], i == 0 || i == 10);
      if (column.nodes == 4 && i == 1)
        point.reason = "the table has 0.67 and 0.68 of the bound for 16 and 32 MiB, then 0.83";
      if (column.nodes == 8 && i == 1)
        point.reason = "the table has 0.64 and 0.67 of the bound for 16 and 32 MiB, then 0.82";
      if (column.nodes == 16 && i >= 1 && i <= 4)
        point.reason =
            "the table stays at 0.66 from 32 to 64 MiB and rises to 0.90 for 8 GiB: contention of "
            "16 nodes that one constant does not have";
    }
  }
}

} // namespace

std::vector<Point> publishedPoints() {
  Points points;
  addOneSided(points);
  addLowLatency(points);
  addPplxKernels(points);
  addHighThroughput(points);
  addSmCap(points);
  addBusRates(points);
  addRatios(points);
  return std::move(points.points);
}

} // namespace moec::calibration
