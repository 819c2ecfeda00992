//===- ChakraWriter.cpp - Messages as a Chakra execution trace ------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/formats/Chakra.h"

#include "runtime/formats/chakra.pb.h"

#include <algorithm>
#include <cmath>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

namespace moec::formats {
namespace {

/// What the readers of this schema ask for; they know no other.
constexpr const char *schemaVersion = "0.0.4";

chakra::AttributeProto *attribute(chakra::Node &node, const char *name) {
  chakra::AttributeProto *made = node.add_attr();
  made->set_name(name);
  return made;
}

chakra::NodeType typeOf(NodeKind kind) {
  switch (kind) {
  case NodeKind::Receive:
    return chakra::COMM_RECV_NODE;
  case NodeKind::Send:
    return chakra::COMM_SEND_NODE;
  case NodeKind::Kernel:
  case NodeKind::Join:
    return chakra::COMP_NODE;
  }
  return chakra::INVALID_NODE;
}

void addMessage(chakra::Node &out, const Node &node, uint32_t rank, const PutUse &use) {
  bool sends = node.kind == NodeKind::Send;
  attribute(out, "comm_src")->set_int32_val(static_cast<int32_t>(sends ? rank : node.peer));
  attribute(out, "comm_dst")->set_int32_val(static_cast<int32_t>(sends ? node.peer : rank));
  attribute(out, "comm_tag")->set_int32_val(static_cast<int32_t>(node.tag));
  attribute(out, "comm_size")->set_int64_val(static_cast<int64_t>(node.bytes));
  if (node.isFlag)
    attribute(out, "moec_flag")->set_bool_val(true);
  else if (use.exchange != Phase::Step)
    attribute(out, "moec_exchange")->set_string_val(nameOf(use.exchange));
  if (!node.isFlag && use.isHop)
    attribute(out, "moec_hop")->set_bool_val(true);
}

void fill(chakra::Node &out, const MessageGraph &graph, uint32_t rank, uint32_t number,
          std::span<const PutUse> uses) {
  const RankProgram &program = graph.ranks[rank];
  const Node &node = program.nodes[number];
  out.set_id(number);
  out.set_name(graph.families[node.family]);
  out.set_type(typeOf(node.kind));
  // What takes time takes some: readers drop work of no duration.
  uint64_t micros = static_cast<uint64_t>(std::llround(node.seconds * 1e6));
  out.set_duration_micros(node.seconds > 0 ? std::max<uint64_t>(micros, 1) : 0);
  for (const Dependency &first : program.before(number))
    first.isOrder ? out.add_ctrl_deps(first.node) : out.add_data_deps(first.node);
  attribute(out, "is_cpu_op")->set_bool_val(node.kind == NodeKind::Join);
  switch (node.kind) {
  case NodeKind::Receive:
  case NodeKind::Send:
    addMessage(out, node, rank, node.family < uses.size() ? uses[node.family] : PutUse());
    break;
  case NodeKind::Kernel:
  case NodeKind::Join:
    break;
  }
}

template <typename Message>
void append(google::protobuf::io::CodedOutputStream &out, const Message &message) {
  out.WriteVarint64(message.ByteSizeLong());
  message.SerializeWithCachedSizes(&out);
}

} // namespace

std::string chakraTrace(const MessageGraph &graph, uint32_t rank, std::span<const PutUse> uses) {
  std::string bytes;
  {
    google::protobuf::io::StringOutputStream sink(&bytes);
    google::protobuf::io::CodedOutputStream out(&sink);
    chakra::GlobalMetadata metadata;
    metadata.set_version(schemaVersion);
    append(out, metadata);
    chakra::Node node;
    for (uint32_t number = 0; number < graph.ranks[rank].nodes.size(); ++number) {
      node.Clear();
      fill(node, graph, rank, number, uses);
      append(out, node);
    }
  }
  return bytes;
}

} // namespace moec::formats
