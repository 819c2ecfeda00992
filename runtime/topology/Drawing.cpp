//===- Drawing.cpp - A machine as a table and as text ---------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/topology/Drawing.h"
#include "runtime/topology/Tree.h"

namespace moec::topology {

static void add(std::vector<Fact> &facts, const std::string &what,
                const std::optional<Figure> &figure, std::string (*text)(double)) {
  if (figure)
    facts.push_back({what, text(figure->value), figure->source});
}

static std::string plainText(double value) { return rt::concat(value); }

static void addLink(std::vector<Fact> &facts, const Link &link) {
  add(facts, link.name + " rate", link.rate, rateText);
  add(facts, link.name + " achieved", link.achieved, rateText);
  add(facts, link.name + " latency", link.latency, timeText);
  add(facts, link.name + " message", link.message, timeText);
  add(facts, link.name + " multicast", link.multicast, plainText);
  if (link.ports)
    facts.push_back({link.name + " ports", rt::concat(*link.ports), ""});
}

/// What was measured or promised, and therefore has a source.
static std::vector<Fact> figuresOf(const Machine &machine) {
  std::vector<Fact> facts;
  add(facts, "load of an sm", machine.smLoad, rateText);
  add(facts, "store of an sm", machine.smStore, rateText);
  for (const Compute &compute : machine.compute)
    add(facts, "compute " + compute.type, compute.operationsPerSecond, workText);
  add(facts, "copy engine", machine.copyEngine, rateText);
  add(facts, "memory", machine.memoryBytes, sizeText);
  add(facts, "memory rate", machine.memoryBytesPerSecond, rateText);
  add(facts, "host memory", machine.hostMemoryBytes, sizeText);
  add(facts, "host memory rate", machine.hostMemoryBytesPerSecond, rateText);
  for (const Link &link : machine.links)
    addLink(facts, link);
  for (const PcieGroup &group : machine.pcie)
    add(facts, rt::concat(nameOf(group.kind), " ", group.number), group.rate, rateText);
  return facts;
}

std::vector<Fact> factsOf(const Machine &machine) {
  std::vector<Fact> facts;
  if (!machine.arch.empty())
    facts.push_back({"arch", machine.arch, ""});
  if (machine.cpu != CpuVendor::Unknown)
    facts.push_back({"cpu", std::string(nameOf(machine.cpu)), ""});
  facts.push_back({"nodes", machine.nodes ? rt::concat(*machine.nodes) : "as many as needed", ""});
  facts.push_back({"gpus a node",
                   machine.gpusPerNode ? rt::concat(*machine.gpusPerNode) : "as many as needed",
                   ""});
  if (machine.multiprocessors)
    facts.push_back({"sms", rt::concat(*machine.multiprocessors), ""});
  std::vector<Fact> figures = figuresOf(machine);
  facts.insert(facts.end(), figures.begin(), figures.end());
  return facts;
}

std::vector<Fact> assumptionsOf(const Machine &machine) {
  std::vector<Fact> facts = figuresOf(machine);
  std::erase_if(facts, [](const Fact &fact) {
    return !fact.source.empty() && !fact.source.starts_with("as ");
  });
  return facts;
}

static void draw(const Part &part, const std::string &indent, std::string &out) {
  for (size_t i = 0; i < part.parts.size(); ++i) {
    const Part &child = part.parts[i];
    bool isLast = i + 1 == part.parts.size();
    out += indent + (isLast ? "`- " : "|- ") + child.label +
           (child.note.empty() ? "" : ", " + child.note) + "\n";
    draw(child, indent + (isLast ? "   " : "|  "), out);
  }
}

std::string drawTree(const Machine &machine) {
  Part node = partsOf(machine);
  std::string out = node.label + (node.note.empty() ? "" : ", " + node.note) + "\n";
  draw(node, "", out);
  for (const std::string &line : nvlinkLines(machine))
    out += line + "\n";
  if (const Link *rail = machine.findLink(railName); rail && rail->bytesPerSecond())
    out +=
        rt::concat("rails join nodes, ", rateText(*rail->bytesPerSecond()), " each way of a port",
                   rail->ports ? rt::concat(", ", *rail->ports, " a node") : "", "\n");
  return out;
}

} // namespace moec::topology
