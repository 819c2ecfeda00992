//===- ImportSmi.cpp - Machines from `nvidia-smi topo -m` -----------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A matrix of how devices are joined: NV# by # NVLinks, PIX and PXB by switches, PHB
// by a host bridge, NODE by several of a NUMA node, SYS by sockets. Between GPUs with
// NVLink it says nothing of PCIe: NUMA nodes and NICs help.
//===----------------------------------------------------------------------===//

#include "runtime/topology/import/Import.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <numeric>

namespace moec::topology {

namespace {

enum class Join : uint8_t { Self, NvLink, Switch, Bridge, Node, System };

struct Cell {
  Join join = Join::Self;
  uint32_t links = 0;
};

/// Sets that grow together.
class Sets {
public:
  explicit Sets(size_t count) : parent(count) { std::iota(parent.begin(), parent.end(), 0); }
  size_t find(size_t i) {
    while (parent[i] != i)
      i = parent[i] = parent[parent[i]];
    return i;
  }
  void join(size_t a, size_t b) { parent[std::max(find(a), find(b))] = std::min(find(a), find(b)); }

private:
  std::vector<size_t> parent;
};

class SmiReader {
public:
  SmiReader(std::string_view text, const std::string &name) : text(text), name(name) {}
  rt::Result<Machine> read();

private:
  template <typename... Parts> rt::Status wrong(const Parts &...parts) const {
    return rt::invalidError(name, ":", line, ": ", parts...);
  }
  rt::Status readTable();
  rt::Status readHeader(const std::vector<std::string> &words);
  rt::Status readRow(const std::vector<std::string> &words);
  rt::Result<Cell> readCell(std::string_view word, const std::string &column) const;
  rt::Status checkSymmetry() const;
  void addNvlinks();
  void addTree();
  void addGroups(Sets &sets, PcieGroupKind kind);
  void addLinks();

  std::string_view text;
  const std::string &name;
  uint32_t line = 0;
  std::vector<std::string> devices; ///< GPUs, then NICs, as the header names them
  size_t gpus = 0;
  std::map<std::string, std::vector<Cell>> rows;
  std::vector<std::string> numa; ///< of each GPU; empty: not said
  bool isHopper = false;
  Machine machine;
};

} // namespace

/// Words of a line, without the escapes that underline the header.
static std::vector<std::string> wordsOf(std::string_view line) {
  std::vector<std::string> words(1);
  for (size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '\x1b') {
      while (i < line.size() && line[i] != 'm')
        ++i;
    } else if (line[i] == ' ' || line[i] == '\t' || line[i] == '\r') {
      if (!words.back().empty())
        words.emplace_back();
    } else {
      words.back() += line[i];
    }
  }
  if (words.back().empty())
    words.pop_back();
  return words;
}

static bool isGpu(std::string_view word) {
  return word.starts_with("GPU") && word.size() > 3 &&
         word.find_first_not_of("0123456789", 3) == std::string_view::npos;
}

rt::Status SmiReader::readHeader(const std::vector<std::string> &words) {
  for (const std::string &word : words) {
    if (word == "CPU" || word == "NUMA") // of `CPU Affinity`
      break;
    bool isOfGpus = isGpu(word);
    if (std::find(devices.begin(), devices.end(), word) != devices.end())
      return wrong("wanted each column once, found ", rt::quote(word), " twice");
    if (isOfGpus && gpus != devices.size())
      return wrong("wanted the columns of GPUs before the others, found ", rt::quote(word),
                   " after ", rt::quote(devices.back()));
    devices.push_back(word);
    gpus += isOfGpus;
  }
  return {};
}

rt::Result<Cell> SmiReader::readCell(std::string_view word, const std::string &column) const {
  static constexpr std::pair<std::string_view, Join> known[] = {
      {"X", Join::Self},    {"PIX", Join::Switch}, {"PXB", Join::Switch}, {"PHB", Join::Bridge},
      {"NODE", Join::Node}, {"SYS", Join::System}, {"SOC", Join::System}, // of drivers before 2018
  };
  for (auto [text, join] : known)
    if (word == text)
      return Cell{join, 0};
  uint32_t links = 0;
  if (word.starts_with("NV")) {
    auto [end, error] = std::from_chars(word.data() + 2, word.data() + word.size(), links);
    if (error == std::errc() && end == word.data() + word.size() && links > 0 && links <= 64)
      return Cell{Join::NvLink, links};
  }
  return wrong("column ", rt::printable(column),
               ": wanted X, NV#, PIX, PXB, PHB, NODE or SYS, found ", rt::quote(word));
}

rt::Status SmiReader::readRow(const std::vector<std::string> &words) {
  if (rows.contains(words[0]))
    return wrong("wanted one line of ", rt::quote(words[0]), ", found another");
  if (words.size() < devices.size() + 1)
    return wrong("wanted ", devices.size(), " cells behind ", rt::quote(words[0]), ", found ",
                 words.size() - 1);
  std::vector<Cell> &row = rows[words[0]];
  for (size_t i = 0; i < devices.size(); ++i) {
    MOEC_ASSIGN_OR_RETURN(Cell cell, readCell(words[i + 1], devices[i]));
    row.push_back(cell);
  }
  if (isGpu(words[0])) { // CPU Affinity, NUMA Affinity
    size_t at = devices.size() + 2;
    numa.push_back(at < words.size() && words[at] != "N/A" ? words[at] : "");
  }
  return {};
}

rt::Status SmiReader::readTable() {
  for (std::string_view rest = text; !rest.empty();) {
    size_t end = std::min(rest.find('\n'), rest.size());
    std::vector<std::string> words = wordsOf(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
    ++line;
    if (words.empty())
      continue;
    if (devices.empty() && isGpu(words[0])) {
      MOEC_RETURN_IF_ERROR(readHeader(words));
      if (devices.size() > 1024)
        return wrong("wanted at most 1024 devices, found ", devices.size());
      continue;
    }
    if (words[0] == "Legend:")
      break;
    if (std::find(devices.begin(), devices.end(), words[0]) != devices.end())
      MOEC_RETURN_IF_ERROR(readRow(words));
  }
  if (devices.empty())
    return rt::invalidError(name, ": wanted what `nvidia-smi topo -m` prints, a line GPU0 GPU1 .., "
                                  "found none");
  return {};
}

rt::Status SmiReader::checkSymmetry() const {
  for (size_t i = 0; i < devices.size(); ++i) {
    auto row = rows.find(devices[i]);
    if (row == rows.end())
      return rt::invalidError(name, ": wanted a line of ", rt::quote(devices[i]), ", found none");
    for (size_t j = 0; j < devices.size(); ++j) {
      const Cell &cell = row->second[j];
      if ((i == j) != (cell.join == Join::Self))
        return rt::invalidError(name, ": ", devices[i], ", column ", devices[j], ": wanted ",
                                i == j ? "X" : "how they are joined", ", found ",
                                i == j ? "another word" : "X");
      auto other = rows.find(devices[j]);
      if (j >= i || other == rows.end())
        continue;
      if (other->second[i].join != cell.join || other->second[i].links != cell.links)
        return rt::invalidError(name, ": ", devices[i], " and ", devices[j],
                                ": wanted the same word both ways, found two");
    }
  }
  return {};
}

/// More links in a row than a GPU has: a switch joins them all.
void SmiReader::addNvlinks() {
  constexpr uint32_t mostLinks = 18;
  std::vector<std::vector<uint32_t>> pairs;
  uint32_t inRow = 0, least = 0, most = 0;
  for (uint32_t i = 0; i < gpus; ++i) {
    uint32_t own = 0;
    for (uint32_t j = 0; j < gpus; ++j) {
      const Cell &cell = rows[devices[i]][j];
      if (cell.join != Join::NvLink)
        continue;
      own += cell.links;
      least = least ? std::min(least, cell.links) : cell.links;
      most = std::max(most, cell.links);
      if (i < j)
        pairs.push_back({i, j});
    }
    inRow = std::max(inRow, own);
  }
  if (pairs.empty())
    return;
  bool isSwitched = pairs.size() == gpus * (gpus - 1) / 2 && inRow > mostLinks;
  isHopper = least == mostLinks;
  NvlinkSpeed speed = nvlinkSpeed(isHopper ? 90 : 80);
  machine.links.push_back(
      makeNvlink(least, speed,
                 rt::concat(isSwitched ? " to a switch" : " a pair",
                            least != most ? ", some pairs have more" : "",
                            isHopper ? ", assumed Hopper's" : ", assumed Ampere's")));
  if (!isSwitched)
    machine.links.back().joins = std::move(pairs);
}

void SmiReader::addGroups(Sets &sets, PcieGroupKind kind) {
  std::map<size_t, std::vector<size_t>> members;
  for (size_t i = 0; i < devices.size(); ++i)
    members[sets.find(i)].push_back(i);
  uint32_t number = 0;
  for (const auto &[root, devicesOfSet] : members) {
    PcieGroup group;
    group.kind = kind;
    for (size_t device : devicesOfSet) {
      uint32_t nic = static_cast<uint32_t>(device - gpus);
      bool isNamed = std::any_of(machine.pcie.begin(), machine.pcie.end(), [&](const auto &other) {
        return std::find(other.nics.begin(), other.nics.end(), nic) != other.nics.end();
      });
      if (device < gpus)
        group.gpus.push_back(static_cast<uint32_t>(device));
      else if (!isNamed)
        group.nics.push_back(nic);
    }
    bool isKnown = std::any_of(machine.pcie.begin(), machine.pcie.end(), [&](const auto &other) {
      return other.gpus == group.gpus && group.nics.empty() && kind != PcieGroupKind::Socket;
    });
    bool isAlone = devicesOfSet.size() == 1 && kind != PcieGroupKind::Socket;
    if (group.gpus.empty() || isAlone || isKnown)
      continue;
    group.number = number++;
    machine.pcie.push_back(std::move(group));
  }
}

void SmiReader::addTree() {
  Sets switches(devices.size()), bridges(devices.size()), sockets(devices.size());
  for (size_t i = 0; i < devices.size(); ++i)
    for (size_t j = 0; j < i; ++j) {
      Join join = rows[devices[i]][j].join;
      if (join == Join::Switch)
        switches.join(i, j);
      if (join == Join::Switch || join == Join::Bridge)
        bridges.join(i, j);
      bool isSameNuma = i < gpus && !numa[i].empty() && numa[i] == numa[j];
      if (join == Join::Switch || join == Join::Bridge || join == Join::Node || isSameNuma)
        sockets.join(i, j);
    }
  addGroups(switches, PcieGroupKind::Switch);
  addGroups(bridges, PcieGroupKind::Bridge);
  size_t first = sockets.find(0);
  bool isOne = true;
  for (size_t i = 0; i < gpus; ++i)
    isOne &= sockets.find(i) == first;
  if (!isOne)
    addGroups(sockets, PcieGroupKind::Socket);
}

void SmiReader::addLinks() {
  const char *generation = isHopper ? "assumed: PCIe 5 x16" : "assumed: PCIe 4 x16";
  machine.links.push_back(
      makePcie(isHopper ? 63.015e9 : 31.508e9, isHopper ? 48e9 : 24e9, generation));
  bool hasSockets = std::any_of(machine.pcie.begin(), machine.pcie.end(), [](const auto &group) {
    return group.kind == PcieGroupKind::Socket;
  });
  Link link;
  if (hasSockets) {
    link.name = socketName;
    link.rate = Figure{16e9, "assumed: as NCCL counts EPYC, src/graph/topo.h"};
    machine.links.push_back(link);
  }
  if (devices.size() == gpus)
    return;
  link.name = railName;
  link.rate = Figure{isHopper ? 50e9 : 25e9, isHopper ? "assumed: NDR" : "assumed: HDR"};
  link.latency = Figure{5e-6, "assumed: LL over the network, NCCL src/graph/tuning.cc"};
  machine.links.push_back(link);
}

rt::Result<Machine> SmiReader::read() {
  MOEC_RETURN_IF_ERROR(readTable());
  MOEC_RETURN_IF_ERROR(checkSymmetry());
  machine.name = "imported";
  machine.gpusPerNode = static_cast<uint32_t>(gpus);
  addNvlinks();
  addTree();
  addLinks();
  return std::move(machine);
}

rt::Result<Machine> importSmi(std::string_view text, const std::string &name) {
  return SmiReader(text, name).read();
}

} // namespace moec::topology
