//===- ImportNccl.cpp - Machines from NCCL's topology XML -----------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// system > cpu > pci (nested) > gpu > nvlink, and > nic > net. What each attribute
// means: NCCL src/graph/xml.cc and topo.cc.
//===----------------------------------------------------------------------===//

#include "runtime/topology/import/Import.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <pugixml.hpp>
#include <set>

namespace moec::topology {

namespace {

/// As NCCL's readers: more is no machine.
constexpr int maxDepth = 32;
constexpr uint32_t maxGpus = 576;

struct FoundGpu {
  uint32_t dev = 0, sm = 0;
  std::string busid;
  pugi::xml_node node, pci;
};

class NcclReader {
public:
  NcclReader(std::string_view text, const std::string &name) : text(text), name(name) {}
  rt::Result<Machine> read();

private:
  using Members = std::pair<std::set<uint32_t>, std::set<uint32_t>>; ///< GPUs by dev, NICs

  template <typename... Parts> rt::Status wrong(pugi::xml_node at, const Parts &...parts) const {
    return rt::invalidError(name, ":", lineOf(at.offset_debug()), ": ", parts...);
  }
  size_t lineOf(ptrdiff_t offset) const;
  rt::Result<uint32_t> number(pugi::xml_node node, const char *attribute, uint32_t most) const;
  rt::Status readCpu(pugi::xml_node cpu);
  rt::Result<Members> readPci(pugi::xml_node pci, int depth);
  rt::Result<Members> readEnd(pugi::xml_node pci);
  void addGroup(PcieGroupKind kind, const Members &members);
  rt::Status readNvlinks();
  rt::Status checkReturns() const;
  rt::Status finishPcie();
  void finishRail();
  void renumber();

  std::string_view text;
  const std::string &name;
  pugi::xml_document document;
  Machine machine;
  std::vector<FoundGpu> gpus;
  std::map<uint32_t, double> nics; ///< bytes per second by number
  std::map<PcieGroupKind, uint32_t> counts;
  pugi::xml_node firstCpu;
};

} // namespace

size_t NcclReader::lineOf(ptrdiff_t offset) const {
  size_t end = offset < 0 ? 0 : std::min(static_cast<size_t>(offset), text.size());
  return 1 + std::count(text.begin(), text.begin() + static_cast<ptrdiff_t>(end), '\n');
}

rt::Result<uint32_t> NcclReader::number(pugi::xml_node node, const char *attribute,
                                        uint32_t most) const {
  std::string_view value = node.attribute(attribute).value();
  uint32_t parsed = 0;
  auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), parsed);
  if (value.empty() || error != std::errc() || end != value.data() + value.size() || parsed > most)
    return wrong(node, "<", node.name(), "> ", attribute, ": wanted a whole number up to ", most,
                 ", found ", rt::quote(value));
  return parsed;
}

/// A leaf of the tree: a GPU or a NIC; anything else holds nothing.
rt::Result<NcclReader::Members> NcclReader::readEnd(pugi::xml_node pci) {
  Members members;
  for (pugi::xml_node gpu : pci.children("gpu")) {
    MOEC_ASSIGN_OR_RETURN(uint32_t dev, number(gpu, "dev", 4095));
    MOEC_ASSIGN_OR_RETURN(uint32_t sm, number(gpu, "sm", 999));
    for (const FoundGpu &other : gpus)
      if (other.dev == dev)
        return wrong(gpu, "<gpu> dev: wanted another number for each GPU, found ", dev, " twice");
    std::string_view busid = pci.attribute("busid").value();
    for (const FoundGpu &other : gpus)
      if (!busid.empty() && other.busid == busid)
        return wrong(pci, "<pci> busid: wanted another for each GPU, found ", rt::quote(busid),
                     " twice");
    gpus.push_back({dev, sm, pci.attribute("busid").value(), gpu, pci});
    members.first.insert(dev);
  }
  if (gpus.size() > maxGpus)
    return wrong(pci, "wanted at most ", maxGpus, " GPUs, found more");
  for (pugi::xml_node nic : pci.children("nic"))
    for (pugi::xml_node net : nic.children("net")) {
      MOEC_ASSIGN_OR_RETURN(uint32_t dev, number(net, "dev", 255));
      MOEC_ASSIGN_OR_RETURN(uint32_t speed, number(net, "speed", 100'000'000));
      nics[dev] = speed * 1e6 / 8;
      members.second.insert(dev);
    }
  return members;
}

rt::Result<NcclReader::Members> NcclReader::readPci(pugi::xml_node pci, int depth) {
  if (depth > maxDepth)
    return wrong(pci, "wanted at most ", maxDepth, " levels of <pci>, found more");
  MOEC_ASSIGN_OR_RETURN(Members members, readEnd(pci));
  size_t branches = 0;
  for (pugi::xml_node child : pci.children("pci")) {
    MOEC_ASSIGN_OR_RETURN(Members below, readPci(child, depth + 1));
    branches += !below.first.empty() || !below.second.empty();
    members.first.insert(below.first.begin(), below.first.end());
    members.second.insert(below.second.begin(), below.second.end());
  }
  // A bridge with one device below joins nothing.
  if (branches > 1)
    addGroup(PcieGroupKind::Switch, members);
  return members;
}

void NcclReader::addGroup(PcieGroupKind kind, const Members &members) {
  if (members.first.empty())
    return;
  PcieGroup group{kind, 0, {members.first.begin(), members.first.end()}, {}, {}};
  for (uint32_t nic : members.second) // named in the innermost
    if (std::none_of(machine.pcie.begin(), machine.pcie.end(), [&](const PcieGroup &other) {
          return std::find(other.nics.begin(), other.nics.end(), nic) != other.nics.end();
        }))
      group.nics.push_back(nic);
  // A switch above that adds NICs alone: they are as near as the others.
  for (PcieGroup &other : machine.pcie)
    if (kind == PcieGroupKind::Switch && other.kind == kind && other.gpus == group.gpus) {
      other.nics.insert(other.nics.end(), group.nics.begin(), group.nics.end());
      return;
    }
  group.number = counts[kind]++;
  machine.pcie.push_back(std::move(group));
}

static CpuVendor vendorOf(pugi::xml_node cpu) {
  std::string_view vendor = cpu.attribute("vendor").value(), arch = cpu.attribute("arch").value();
  if (vendor == "GenuineIntel")
    return CpuVendor::Intel;
  if (vendor == "AuthenticAMD")
    return CpuVendor::Amd;
  return arch == "arm64" ? CpuVendor::Arm : CpuVendor::Unknown;
}

rt::Status NcclReader::readCpu(pugi::xml_node cpu) {
  if (!firstCpu) {
    firstCpu = cpu;
    machine.cpu = vendorOf(cpu);
  }
  Members all;
  for (pugi::xml_node pci : cpu.children("pci")) {
    MOEC_ASSIGN_OR_RETURN(Members below, readPci(pci, 1));
    all.first.insert(below.first.begin(), below.first.end());
    all.second.insert(below.second.begin(), below.second.end());
  }
  addGroup(PcieGroupKind::Bridge, all);
  addGroup(PcieGroupKind::Socket, all);
  return {};
}

//===- NVLink -------------------------------------------------------------===//

/// Whether the other end of a link is a GPU, as its class of PCI devices says.
static bool isOfGpu(pugi::xml_node link) {
  return std::string_view(link.attribute("tclass").value()).starts_with("0x03");
}

/// Links between two GPUs are counted from both.
rt::Status NcclReader::checkReturns() const {
  auto countTo = [](const FoundGpu &gpu, std::string_view busid) {
    uint32_t count = 0;
    for (pugi::xml_node link : gpu.node.children("nvlink"))
      if (busid == link.attribute("target").value())
        count += link.attribute("count").as_uint();
    return count;
  };
  for (const FoundGpu &gpu : gpus)
    for (const FoundGpu &peer : gpus) {
      uint32_t there = countTo(gpu, peer.busid), back = countTo(peer, gpu.busid);
      if (&gpu != &peer && there > back)
        return wrong(peer.node, "<gpu> dev ", peer.dev, ": wanted ", there, " nvlinks to ",
                     rt::quote(gpu.busid), ", as there are from it, found ", back);
    }
  return {};
}

/// Targets are a GPU or a switch, of any address: dumps of containers hide it. They hide
/// GPUs too, and NCCL leaves links to these out.
rt::Status NcclReader::readNvlinks() {
  MOEC_RETURN_IF_ERROR(checkReturns());
  uint32_t switched = 0, least = 0, hidden = 0;
  bool isUneven = false;
  std::set<std::vector<uint32_t>> pairs;
  for (size_t i = 0; i < gpus.size(); ++i) {
    uint32_t own = 0;
    for (pugi::xml_node link : gpus[i].node.children("nvlink")) {
      MOEC_ASSIGN_OR_RETURN(uint32_t count, number(link, "count", 64));
      std::string_view target = link.attribute("target").value();
      auto peer = std::find_if(gpus.begin(), gpus.end(),
                               [&](const FoundGpu &gpu) { return gpu.busid == target; });
      if (count == 0 || target.empty())
        return wrong(link, "<nvlink>: wanted a target and a count above 0, found ",
                     rt::quote(target), " and ", count);
      if (peer == gpus.end() && link.attribute("tclass").empty())
        return wrong(link,
                     "<nvlink> target: wanted the busid of a GPU, or a tclass that says what "
                     "else it is, found ",
                     rt::quote(target));
      if (peer == gpus.end()) {
        hidden += isOfGpu(link) ? count : 0;
        own += isOfGpu(link) ? 0 : count;
        continue;
      }
      uint32_t other = static_cast<uint32_t>(peer - gpus.begin()), self = static_cast<uint32_t>(i);
      pairs.insert({std::min(self, other), std::max(self, other)});
      isUneven |= least && least != count;
      least = least ? std::min(least, count) : count;
    }
    isUneven |= i > 0 && own != switched && pairs.empty();
    switched = i == 0 ? own : std::min(switched, own);
  }
  NvlinkSpeed speed = nvlinkSpeed(gpus.front().sm);
  std::string left = hidden ? rt::concat(", ", hidden, " to GPUs that are not here left out") : "";
  if (switched) {
    machine.links.push_back(makeNvlink(
        switched, speed, (isUneven ? ", some GPUs have more" : " to the switch") + left));
  } else if (!pairs.empty()) {
    machine.links.push_back(
        makeNvlink(least, speed, (isUneven ? " a pair, some pairs have more" : " a pair") + left));
    machine.links.back().joins.assign(pairs.begin(), pairs.end());
  }
  return {};
}

//===- Rates --------------------------------------------------------------===//

namespace {
struct Generation {
  const char *speed;
  double nominal;  ///< of 16 lanes
  double achieved; ///< NCCL: width * speed / 80
};
} // namespace

rt::Status NcclReader::finishPcie() {
  static constexpr Generation generations[] = {
      {"8.0 GT/s PCIe", 15.754e9, 12e9},  {"8 GT/s", 15.754e9, 12e9},
      {"2.5 GT/s PCIe", 4e9, 3e9},        {"2.5 GT/s", 4e9, 3e9},
      {"5.0 GT/s PCIe", 8e9, 6e9},        {"5 GT/s", 8e9, 6e9},
      {"16.0 GT/s PCIe", 31.508e9, 24e9}, {"16 GT/s", 31.508e9, 24e9},
      {"32.0 GT/s PCIe", 63.015e9, 48e9}, {"32 GT/s", 63.015e9, 48e9},
      {"64.0 GT/s PCIe", 121e9, 96e9},    {"64 GT/s", 121e9, 96e9},
  };
  std::string_view speed = gpus.front().pci.attribute("link_speed").value();
  uint32_t width = 0;
  pugi::xml_node pci = gpus.front().pci;
  if (!pci.attribute("link_width").empty()) {
    MOEC_ASSIGN_OR_RETURN(width, number(pci, "link_width", 255));
  }
  // A virtual machine knows neither, and says 0 or 255 lanes: NCCL's own defaults.
  bool knowsWidth = width > 0 && width <= 32, knowsSpeed = false;
  width = knowsWidth ? width : 16;
  const Generation *generation = &generations[0];
  for (const Generation &known : generations)
    if (speed == known.speed) {
      generation = &known;
      knowsSpeed = true;
    }
  if (!knowsSpeed && !speed.empty() && !speed.starts_with("Unknown"))
    return wrong(pci, "<pci> link_speed: wanted one such as '16.0 GT/s PCIe', found ",
                 rt::quote(speed));
  machine.links.push_back(
      makePcie(generation->nominal * width / 16, generation->achieved * width / 16,
               rt::concat(knowsSpeed ? rt::printable(speed) : "assumed: 8 GT/s", ", ", width,
                          " lanes", knowsWidth ? "" : " assumed")));
  if (counts[PcieGroupKind::Socket] < 2) {
    std::erase_if(machine.pcie,
                  [](const PcieGroup &group) { return group.kind == PcieGroupKind::Socket; });
    return {};
  }
  uint32_t model = firstCpu.attribute("modelid").as_uint();
  double intel = model >= 207 ? 40e9 : model >= 143 ? 22e9 : model >= 85 ? 10e9 : 6e9;
  double rate = machine.cpu == CpuVendor::Intel ? intel
                : machine.cpu == CpuVendor::Arm ? 6e9
                                                : 16e9;
  Link link;
  link.name = socketName;
  link.rate = Figure{rate, "as NCCL counts such CPUs, src/graph/topo.h"};
  machine.links.push_back(std::move(link));
  return {};
}

void NcclReader::finishRail() {
  double least = 0;
  for (const auto &[number, rate] : nics)
    least = least > 0 && rate > 0 ? std::min(least, rate) : std::max(least, rate);
  if (least <= 0)
    return;
  Link link;
  link.name = railName;
  link.rate = Figure{least, "speed of the slowest NIC"};
  link.latency = Figure{5e-6, "assumed: LL over the network, NCCL src/graph/tuning.cc"};
  machine.links.push_back(std::move(link));
}

/// GPUs become 0, 1, .. in the order of their numbers.
void NcclReader::renumber() {
  std::map<uint32_t, uint32_t> lanes;
  for (const FoundGpu &gpu : gpus)
    lanes.try_emplace(gpu.dev, static_cast<uint32_t>(lanes.size()));
  for (PcieGroup &group : machine.pcie) {
    for (uint32_t &gpu : group.gpus)
      gpu = lanes[gpu];
    std::sort(group.gpus.begin(), group.gpus.end());
  }
}

static std::string archOf(uint32_t sm) {
  for (uint32_t known : {80u, 86u, 89u})
    if (sm == known)
      return rt::concat("sm_", sm);
  return sm == 90 || sm == 100 ? rt::concat("sm_", sm, "a") : "";
}

rt::Result<Machine> NcclReader::read() {
  pugi::xml_parse_result parsed = document.load_buffer(text.data(), text.size());
  if (!parsed)
    return rt::invalidError(name, ":", lineOf(parsed.offset),
                            ": wanted XML, found what is none: ", parsed.description());
  pugi::xml_node system = document.document_element();
  if (std::string_view(system.name()) != "system")
    return wrong(system, "wanted NCCL's topology, <system>, found <", rt::printable(system.name()),
                 ">");
  for (pugi::xml_node cpu : system.children("cpu"))
    MOEC_RETURN_IF_ERROR(readCpu(cpu));
  if (gpus.empty())
    return wrong(system, "wanted a <gpu> in a <pci> of a <cpu>, found none");
  std::sort(gpus.begin(), gpus.end(),
            [](const FoundGpu &a, const FoundGpu &b) { return a.dev < b.dev; });
  renumber();
  machine.name = "imported";
  machine.arch = archOf(gpus.front().sm);
  machine.gpusPerNode = static_cast<uint32_t>(gpus.size());
  MOEC_RETURN_IF_ERROR(readNvlinks());
  MOEC_RETURN_IF_ERROR(finishPcie());
  finishRail();
  return std::move(machine);
}

rt::Result<Machine> importNccl(std::string_view xml, const std::string &name) {
  return NcclReader(xml, name).read();
}

} // namespace moec::topology
