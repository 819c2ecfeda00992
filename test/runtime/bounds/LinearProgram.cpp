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
  Writer(const topology::Network &network, const traffic::Matrix &bytes)
      : network(network), bytes(bytes) {}

  std::string text() {
    // A flow a source and kind of traffic: what stays in the node has the ways of the node.
    for (uint32_t source = 0; source < network.getRanks(); ++source)
      for (bool isWithin : {true, false})
        addFlow(source, isWithin);
    for (const auto &[resource, terms] : used)
      rows << terms << " - " << network.getResources()[resource].bytesPerSecond / 1e12
           << " T <= 0\n";
    return "Minimize\n time: T\nSubject To\n" + rows.str() + "End\n";
  }

private:
  void addFlow(uint32_t source, bool isWithin) {
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
      std::string name = "x" + std::to_string(variables++);
      balance[edge.to] += " + " + name;
      balance[edge.from] += " - " + name;
      for (const topology::Route::Use &use : edge.way->uses)
        used[use.resource] += " + " + std::to_string(use.bytesPerByte) + " " + name;
    }
    for (uint32_t rank = 0; rank < network.getRanks(); ++rank) {
      bool isWanted =
          rank != source && (network.nodeOf(rank) == network.nodeOf(source)) == isWithin;
      double wanted = isWanted ? bytes.at(source, rank) / 1e6 : 0;
      if (rank != source && !balance[rank].empty())
        rows << balance[rank] << " = " << wanted << "\n";
    }
  }

  const topology::Network &network;
  const traffic::Matrix &bytes;
  std::ostringstream rows;
  std::map<uint32_t, std::string> used; ///< terms by resource
  size_t variables = 0;
};
} // namespace

std::optional<double> leastSeconds(const topology::Network &network, const traffic::Matrix &bytes) {
  std::string base = testing::TempDir() + "moec-bound-" + std::to_string(getpid());
  std::ofstream(base + ".lp") << Writer(network, bytes).text();
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
