//===- MachineText.cpp - A machine as a block of the language -------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/topology/Machine.h"
#include "runtime/topology/Tree.h"

#include <charconv>
#include <cmath>

namespace moec::topology {

namespace {
struct Unit {
  const char *name;
  double factor;
};
} // namespace

/// In the largest unit that leaves at least 1 and at most four digits behind the point.
static std::string inUnits(double value, std::initializer_list<Unit> units) {
  const Unit *best = units.begin();
  for (const Unit &unit : units) {
    double scaled = value / unit.factor, parts = scaled * 10000;
    bool isShort = parts < 9e15 && parts == static_cast<double>(static_cast<int64_t>(parts));
    if (scaled >= 1 && isShort && scaled * unit.factor == value && unit.factor > best->factor)
      best = &unit;
  }
  return rt::concat(value / best->factor, " ", best->name);
}

std::string rateText(double value) {
  return inUnits(value, {{"B/s", 1}, {"kB/s", 1e3}, {"MB/s", 1e6}, {"GB/s", 1e9}, {"TB/s", 1e12}});
}
std::string sizeText(double value) {
  constexpr double Ki = 1024;
  return inUnits(value, {{"B", 1},
                         {"KiB", Ki},
                         {"MB", 1e6},
                         {"MiB", Ki * Ki},
                         {"GB", 1e9},
                         {"GiB", Ki * Ki * Ki},
                         {"TB", 1e12},
                         {"TiB", Ki * Ki * Ki * Ki}});
}
std::string timeText(double value) {
  Unit unit{"ns", 1e-9};
  for (Unit other : {Unit{"us", 1e-6}, Unit{"ms", 1e-3}, Unit{"s", 1}})
    if (value >= other.factor)
      unit = other;
  // The fewest digits that read back: a quotient alone may end in ..99998.
  float digits = static_cast<float>(value / unit.factor);
  std::string number = rt::concat(digits);
  double again = 0;
  std::from_chars(number.data(), number.data() + number.size(), again);
  // But for the last bit, for 5e-6 is not 5 * 1e-6.
  bool isSame = std::abs(again * unit.factor - value) <= value * 4e-16;
  return rt::concat(isSame ? number : rt::concat(value / unit.factor), " ", unit.name);
}
std::string workText(double value) {
  return inUnits(value, {{"GFLOP/s", 1e9}, {"TFLOP/s", 1e12}, {"PFLOP/s", 1e15}});
}

/// Lines of a block, each with the source of its figures behind it.
namespace {
class BlockWriter {
public:
  void line(const std::string &text, std::string_view source = "") {
    out.append(2 * depth, ' ');
    out += text;
    if (!source.empty())
      out += rt::concat("  # ", source);
    out += '\n';
  }
  void open(const std::string &text) {
    line(text + " {");
    ++depth;
  }
  void close() {
    --depth;
    line("}");
  }
  void blank() { out += '\n'; }
  std::string take() { return std::move(out); }

private:
  std::string out;
  size_t depth = 0;
};
} // namespace

static std::string joinSources(const std::optional<Figure> &a, const std::optional<Figure> &b) {
  std::string first = a ? a->source : "", second = b ? b->source : "";
  if (first.empty() || first == second)
    return second;
  return second.empty() ? first : first + "; " + second;
}

static void writeMemory(BlockWriter &writer, const char *keyword,
                        const std::optional<Figure> &bytes, const std::optional<Figure> &rate) {
  if (!bytes)
    return;
  std::string text = rt::concat(keyword, " ", sizeText(bytes->value));
  if (rate)
    text += " at " + rateText(rate->value);
  writer.line(text, joinSources(bytes, rate));
}

static void writeFacts(BlockWriter &writer, const Machine &machine) {
  if (!machine.arch.empty())
    writer.line("arch " + machine.arch);
  if (machine.cpu != CpuVendor::Unknown)
    writer.line(rt::concat("cpu ", nameOf(machine.cpu)));
  if (machine.nodes)
    writer.line(rt::concat("nodes ", *machine.nodes));
  if (machine.gpusPerNode)
    writer.line(rt::concat("gpus ", *machine.gpusPerNode));
  if (machine.multiprocessors) {
    std::string text = rt::concat("sms ", *machine.multiprocessors);
    if (machine.smLoad)
      text += " load " + rateText(machine.smLoad->value);
    if (machine.smStore)
      text += " store " + rateText(machine.smStore->value);
    writer.line(text, joinSources(machine.smLoad, machine.smStore));
  }
  for (const Compute &compute : machine.compute)
    writer.line(
        rt::concat("compute ", compute.type, " at ", workText(compute.operationsPerSecond.value)),
        compute.operationsPerSecond.source);
  if (machine.copyEngine)
    writer.line("copy_engine " + rateText(machine.copyEngine->value), machine.copyEngine->source);
  writeMemory(writer, "memory", machine.memoryBytes, machine.memoryBytesPerSecond);
  writeMemory(writer, "host_memory", machine.hostMemoryBytes, machine.hostMemoryBytesPerSecond);
}

static void writeLink(BlockWriter &writer, const Link &link) {
  writer.open("link " + link.name);
  if (link.rate)
    writer.line("rate " + rateText(link.rate->value), link.rate->source);
  if (link.achieved)
    writer.line("achieved " + rateText(link.achieved->value), link.achieved->source);
  if (link.latency)
    writer.line("latency " + timeText(link.latency->value), link.latency->source);
  if (link.message)
    writer.line("message " + timeText(link.message->value), link.message->source);
  if (link.multicast)
    writer.line(rt::concat("multicast ", link.multicast->value), link.multicast->source);
  if (link.ports)
    writer.line(rt::concat("ports ", *link.ports));
  for (const std::vector<uint32_t> &group : link.joins)
    writer.line("joins " + rangesText(group));
  writer.close();
}

std::string machineText(const Machine &machine) {
  BlockWriter writer;
  writer.line("moe 1");
  writer.blank();
  writer.open("machine " + machine.name);
  writeFacts(writer, machine);
  for (const Link &link : machine.links) {
    writer.blank();
    writeLink(writer, link);
  }
  if (!machine.pcie.empty())
    writer.blank();
  for (const PcieGroup &group : machine.pcie) {
    std::string text =
        rt::concat(nameOf(group.kind), " ", group.number, " holds ", rangesText(group.gpus));
    if (!group.nics.empty())
      text += " nics " + rangesText(group.nics);
    if (group.rate)
      text += " at " + rateText(group.rate->value);
    writer.line(text, group.rate ? group.rate->source : "");
  }
  writer.close();
  return writer.take();
}

} // namespace moec::topology
