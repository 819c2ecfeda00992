//===- LinearProgram.cpp - The least time by a linear program -------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "test/runtime/bounds/LinearProgram.h"

#include <cstdlib>
#include <fstream>
#include <gtest/gtest.h>
#include <map>
#include <sstream>
#include <unistd.h>

namespace moec::bounds::test {

bool hasSolver() { return std::system("command -v glpsol >/dev/null 2>&1") == 0; }

namespace {
struct Edge {
  uint32_t from, to;
  const topology::Route *way;
};

/// The text of the program, in CPLEX's format: megabytes and microseconds.
class Writer {
public:
  Writer(const topology::Network &network, const Demand &demand)
      : network(network), demand(demand) {}

  std::string text() {
    for (uint32_t source = 0; source < network.getRanks(); ++source)
      addSource(source);
    for (const auto &[resource, terms] : used)
      rows << terms << " - " << network.getResources()[resource].bytesPerSecond / 1e12
           << " T <= 0\n";
    return "Minimize\n time: T\nSubject To\n" + rows.str() + "End\n";
  }

private:
  std::string makeVariable() { return "x" + std::to_string(variables++); }
  double wantedBy(uint32_t source, uint32_t rank) const {
    return demand.bytes.at(source, rank) / 1e6;
  }

  /// A flow for each kind of traffic: what stays in the node has the ways of the node.
  void addSource(uint32_t source) {
    bool merges = demand.merging == Merging::Arrival && network.getNodes() == 1;
    for (bool isWithin : {true, false}) {
      std::vector<std::string> balance = addFlow(source, isWithin);
      for (uint32_t rank = 0; rank < network.getRanks(); ++rank) {
        bool isWanted = rank != source &&
                        (network.nodeOf(rank) == network.nodeOf(source)) == isWithin &&
                        !(merges && demand.groupOf(rank) != demand.groupOf(source));
        if (rank != source && !balance[rank].empty())
          rows << balance[rank] << " = " << (isWanted ? wantedBy(source, rank) : 0) << "\n";
      }
    }
    for (uint32_t group = 0; group < demand.groups && merges; ++group)
      if (group != demand.groupOf(source))
        addBundle(source, group);
  }

  /// Net arrivals of a flow from `source`, by rank.
  std::vector<std::string> addFlow(uint32_t source, bool isWithin) {
    std::vector<Edge> edges;
    for (uint32_t from = 0; from < network.getRanks(); ++from)
      for (uint32_t to = 0; to < network.getRanks(); ++to) {
        bool isSame = network.nodeOf(from) == network.nodeOf(to);
        bool isOwn = network.nodeOf(from) == network.nodeOf(source);
        if (from == to || (isWithin && !(isSame && isOwn)))
          continue;
        for (const topology::Route *way :
             {network.route(from, to, plan::Path::NVLink),
              network.route(from, to, plan::Path::Rail), network.stagedRoute(from, to)})
          if (way)
            edges.push_back({from, to, way});
      }
    std::vector<std::string> balance(network.getRanks());
    for (const Edge &edge : edges) {
      std::string name = makeVariable();
      balance[edge.to] += " + " + name;
      balance[edge.from] += " - " + name;
      for (const topology::Route::Use &use : edge.way->uses)
        used[use.resource] += " + " + std::to_string(use.bytesPerByte) + " " + name;
    }
    return balance;
  }

  /// What a source sends to a group, which enters once.
  void addBundle(uint32_t source, uint32_t group) {
    uint32_t first = group * demand.groupSize(), last = first + demand.groupSize();
    auto isIn = [&](uint32_t rank) { return rank >= first && rank < last; };
    std::vector<std::string> enters(network.getRanks()), has(network.getRanks());
    std::vector<std::string> arrivals = addFlow(source, /*isWithin=*/true);
    for (uint32_t rank = 0; rank < network.getRanks(); ++rank) {
      if (isIn(rank))
        has[rank] = " + " + (enters[rank] = makeVariable());
      if (rank != source)
        rows << arrivals[rank] << (isIn(rank) ? " - " + enters[rank] : "") << " = 0\n";
    }
    for (uint32_t rank = first; rank < last; ++rank)
      rows << " + " << enters[rank];
    rows << " = " << demand.intoGroup(source, group) / 1e6 << "\n";
    for (uint32_t holder = first; holder < last; ++holder) {
      std::vector<std::string> copies = addFlow(holder, /*isWithin=*/true);
      for (uint32_t rank = 0; rank < network.getRanks(); ++rank) {
        if (rank == holder)
          continue;
        if (!isIn(rank)) {
          rows << copies[rank] << " = 0\n";
          continue;
        }
        std::string copied = makeVariable();
        rows << copies[rank] << " - " << copied << " = 0\n";
        rows << copied << " - " << enters[holder] << " <= 0\n";
        has[rank] += " + " + copied;
      }
    }
    for (uint32_t rank = first; rank < last; ++rank)
      rows << has[rank] << " >= " << wantedBy(source, rank) << "\n";
  }

  const topology::Network &network;
  const Demand &demand;
  std::ostringstream rows;
  std::map<uint32_t, std::string> used; ///< terms by resource
  size_t variables = 0;
};
} // namespace

std::optional<double> leastSeconds(const topology::Network &network, const Demand &demand) {
  std::string base = testing::TempDir() + "moec-bound-" + std::to_string(getpid());
  std::ofstream(base + ".lp") << Writer(network, demand).text();
  std::string command = "glpsol --lp " + base + ".lp -o " + base + ".out >" + base + ".log 2>&1";
  if (std::system(command.c_str()) != 0)
    return std::nullopt;
  std::ifstream file(base + ".out");
  std::optional<double> seconds;
  bool isOptimal = false;
  for (std::string line; std::getline(file, line);) {
    isOptimal |= line.starts_with("Status:") && line.find("OPTIMAL") != std::string::npos;
    if (line.starts_with("Objective:"))
      seconds = std::stod(line.substr(line.find('=') + 1)) * 1e-6;
  }
  for (const char *end : {".lp", ".out", ".log"})
    std::remove((base + end).c_str());
  return isOptimal ? seconds : std::nullopt;
}

} // namespace moec::bounds::test
