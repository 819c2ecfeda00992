//===- Machine.h - A machine as data ----------------------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a `machine` block says, each figure with the place it is from. A node is
// the GPUs that one scale-up domain or one mainboard holds; ranks sit on GPUs.
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_TOPOLOGY_MACHINE_H
#define MOEC_RUNTIME_TOPOLOGY_MACHINE_H

#include "runtime/base/Status.h"
#include "runtime/topology/Network.h"

#include <optional>

namespace moec::topology {

/// A number in base units (bytes, bytes per second, seconds, operations per
/// second) and where it is from; the source may be empty.
struct Figure {
  double value = 0;
  std::string source;
};

/// What a link may be called: its name says what it joins.
inline constexpr std::string_view nvlinkName = "nvlink"; ///< scale-up, GPU to GPU
inline constexpr std::string_view pcieName = "pcie";     ///< one slot, GPU to switch or host bridge
inline constexpr std::string_view socketName = "socket"; ///< between two sockets of a node
inline constexpr std::string_view railName = "rail";     ///< scale-out, one NIC port

/// Rates are per GPU (nvlink), slot, pair of sockets or port, and direction.
struct Link {
  std::string name;
  std::optional<Figure> rate;      ///< what is sold
  std::optional<Figure> achieved;  ///< what large transfers reach; none: `rate`
  std::optional<Figure> latency;   ///< of one message
  std::optional<Figure> message;   ///< for which a message keeps its sender; none: not at all
  std::optional<Figure> multicast; ///< share of `achieved` that multimem reaches; none: cannot
  std::vector<std::vector<uint32_t>> joins; ///< GPUs of a node, by group; none: all of them
  std::optional<uint32_t> ports; ///< of a node, dealt to its GPUs in order; none: one a GPU

  /// None where neither rate is known.
  std::optional<double> bytesPerSecond() const;
  double latencySeconds() const { return latency ? latency->value : 0; }
  double messageSeconds() const { return message ? message->value : 0; }
};

enum class PcieGroupKind : uint8_t { Switch, Bridge, Socket };

/// GPUs (and NICs) of a node below one part of its PCIe tree. Groups of a kind are
/// disjoint, but a switch may lie within a switch; a switch lies within one bridge,
/// a bridge within one socket.
struct PcieGroup {
  PcieGroupKind kind = PcieGroupKind::Switch;
  uint32_t number = 0;
  std::vector<uint32_t> gpus, nics;
  /// Of a switch: its way up, each direction; none: as a slot. Of a bridge: peer traffic
  /// through it, both directions together; none: not limited. Of a socket: none.
  std::optional<Figure> rate;
};

enum class CpuVendor : uint8_t { Unknown, Intel, Amd, Arm };

/// Dense matrix products of one GPU.
struct Compute {
  std::string type; ///< of the operands: "bf16"
  Figure operationsPerSecond;
};

/// Whatever is left out is unknown, not zero.
struct Machine {
  std::string name;
  std::string arch;                    ///< "sm_90a", "cpu"; empty: unknown
  std::optional<uint32_t> gpusPerNode; ///< none: as many as are asked for
  std::optional<uint32_t> nodes;       ///< none: as many as are asked for
  std::optional<uint32_t> multiprocessors;
  std::optional<Figure> smLoad, smStore;                   ///< what one SM moves from and to a peer
  std::optional<Figure> copyEngine;                        ///< of one GPU, into a peer
  std::optional<Figure> memoryBytes, memoryBytesPerSecond; ///< of one GPU
  std::optional<Figure> hostMemoryBytes, hostMemoryBytesPerSecond; ///< of one node
  CpuVendor cpu = CpuVendor::Unknown;
  std::vector<Compute> compute;
  std::vector<Link> links;
  std::vector<PcieGroup> pcie;

  const Link *findLink(std::string_view link) const;
};

std::string_view nameOf(CpuVendor vendor);   ///< "intel"; "" for unknown
std::string_view nameOf(PcieGroupKind kind); ///< "switch"

/// Whether a switch that multicasts joins the first `lanes` GPUs of a node.
bool hasSwitch(const Machine &machine, uint32_t lanes);

/// How ranks lie on nodes.
struct Shape {
  uint32_t nodes = 1, lanes = 1;
};
/// Fewer ranks than a node has GPUs are its first ones; more fill whole nodes. An
/// error where they do not, or where the machine has not enough nodes.
rt::Result<Shape> shapeFor(const Machine &machine, uint32_t ranks);

/// What a network models beside links.
struct NetworkOptions {
  std::optional<uint32_t> issuingSms; ///< SMs that send: puts by NVLink use SmIssue
  bool copyEngine = false;            ///< copy engines have ways beside those of the SMs
  bool memory = false;                ///< transfers use Hbm at both ends
};

/// The resources and routes of ranks that lie in this shape. Path::NVLink is the
/// way inside a node, whatever it is made of: NVLink where a link joins the two,
/// else PCIe through switches and host bridges (a staged route through host memory
/// beside it), else host memory. Path::Rail is the way between nodes, and inside a
/// node where no NVLink joins the two. A rail between GPUs of different ports has
/// the latency of an NVLink hop more, for the way to the port or through the spine.
/// Errors: two ranks without a way between them, a rate that is unknown.
rt::Result<Network> makeNetwork(const Machine &machine, Shape shape,
                                const NetworkOptions &options = {});

/// The machine as a `machine` block in the canonical form, sources as comments.
std::string machineText(const Machine &machine);

/// "450 GB/s", in the unit of the language that reads back as the same number.
std::string rateText(double bytesPerSecond);
std::string sizeText(double bytes);
std::string timeText(double seconds);
std::string workText(double operationsPerSecond);

} // namespace moec::topology

#endif // MOEC_RUNTIME_TOPOLOGY_MACHINE_H
