//===- ChakraReader.cpp - What Chakra execution traces send ---------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/formats/Chakra.h"

#include "runtime/base/File.h"
#include "runtime/base/Where.h"
#include "runtime/formats/chakra.pb.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <map>
#include <unordered_map>

namespace moec::formats {
namespace {

constexpr uint64_t mostMessageBytes = 64 << 20;
constexpr uint32_t mostRanks = 1 << 14;
constexpr uint64_t mostBytes = 1ull << 50; // one message: far above any memory

/// One node, as far as order and traffic need it.
struct TraceNode {
  uint64_t id = 0;
  std::string name;
  bool sends = false, receives = false, isFlag = false, isHop = false;
  std::optional<Phase> exchange;
  uint32_t peer = 0;
  uint64_t tag = 0, bytes = 0;
  std::vector<uint64_t> after; ///< ids, then positions of all ranks' nodes
};

/// Reads one file's messages.
class FileReader {
public:
  FileReader(const ChakraFile &file, uint32_t rank, uint32_t ranks)
      : file(file), rest(file.bytes), rank(rank), ranks(ranks) {}
  rt::Result<std::vector<TraceNode>> read();

private:
  template <typename... Parts> rt::Status wrong(const Parts &...parts) const {
    return rt::invalidError(file.name, ": at byte ", file.bytes.size() - rest.size(), ": ",
                            parts...);
  }
  rt::Status readLength(uint64_t &length);
  template <typename Message> rt::Status readMessage(const char *what, Message &message);
  rt::Result<TraceNode> convert(const chakra::Node &node) const;
  rt::Status convertMessage(const rt::Where &where, const chakra::Node &node,
                            TraceNode &made) const;
  rt::Status link(std::vector<TraceNode> &nodes) const;

  const ChakraFile &file;
  std::span<const uint8_t> rest;
  uint32_t rank, ranks;
};

rt::Status FileReader::readLength(uint64_t &length) {
  length = 0;
  for (uint32_t i = 0;; ++i) {
    if (i == 10)
      return wrong("wanted a length of at most 10 bytes, found more");
    if (i == rest.size())
      return wrong("wanted the length of a message, found the end of the file");
    length |= uint64_t(rest[i] & 0x7f) << (7 * i);
    if (rest[i] & 0x80)
      continue;
    rest = rest.subspan(i + 1);
    break;
  }
  if (length > rest.size() || length > mostMessageBytes)
    return wrong("wanted a message of ", length, " bytes, found ", rest.size(),
                 " to the end of the file");
  return rt::Status();
}

template <typename Message> rt::Status FileReader::readMessage(const char *what, Message &message) {
  uint64_t length = 0;
  MOEC_RETURN_IF_ERROR(readLength(length));
  if (!message.ParseFromArray(rest.data(), static_cast<int>(length)))
    return wrong("wanted a ", what, " of ", length, " bytes, found other bytes");
  rest = rest.subspan(length);
  return rt::Status();
}

/// The value of an attribute that counts, of whatever width it was written.
std::optional<uint64_t> wholeNumber(const chakra::AttributeProto &attribute) {
  auto notNegative = [](int64_t value) {
    return value < 0 ? std::nullopt : std::optional<uint64_t>(value);
  };
  switch (attribute.value_case()) {
  case chakra::AttributeProto::kInt32Val:
    return notNegative(attribute.int32_val());
  case chakra::AttributeProto::kInt64Val:
    return notNegative(attribute.int64_val());
  case chakra::AttributeProto::kUint32Val:
    return attribute.uint32_val();
  case chakra::AttributeProto::kUint64Val:
    return attribute.uint64_val();
  case chakra::AttributeProto::kSint32Val:
    return notNegative(attribute.sint32_val());
  case chakra::AttributeProto::kSint64Val:
    return notNegative(attribute.sint64_val());
  case chakra::AttributeProto::kFixed32Val:
    return attribute.fixed32_val();
  case chakra::AttributeProto::kFixed64Val:
    return attribute.fixed64_val();
  case chakra::AttributeProto::kSfixed32Val:
    return notNegative(attribute.sfixed32_val());
  case chakra::AttributeProto::kSfixed64Val:
    return notNegative(attribute.sfixed64_val());
  case chakra::AttributeProto::kDoubleVal:
  case chakra::AttributeProto::kFloatVal:
  case chakra::AttributeProto::kBoolVal:
  case chakra::AttributeProto::kStringVal:
  case chakra::AttributeProto::kBytesVal:
  case chakra::AttributeProto::VALUE_NOT_SET:
    return std::nullopt;
  }
  return std::nullopt;
}

/// The attribute, `absent` where there is none; nothing where it is no such number.
std::optional<uint64_t> find(const chakra::Node &node, const char *name,
                             std::optional<uint64_t> absent) {
  for (const chakra::AttributeProto &attribute : node.attr())
    if (attribute.name() == name)
      return wholeNumber(attribute);
  return absent;
}

rt::Status FileReader::convertMessage(const rt::Where &where, const chakra::Node &node,
                                      TraceNode &made) const {
  const char *peerName = made.sends ? "comm_dst" : "comm_src";
  const char *ownName = made.sends ? "comm_src" : "comm_dst";
  std::optional<uint64_t> peer = find(node, peerName, std::nullopt);
  std::optional<uint64_t> own = find(node, ownName, rank);
  std::optional<uint64_t> bytes = find(node, "comm_size", std::nullopt);
  std::optional<uint64_t> tag = find(node, "comm_tag", 0);
  if (!peer || *peer >= ranks)
    return where.at(peerName).invalid("wanted a rank below ", ranks, ", found ",
                                      peer ? rt::concat(*peer) : "none");
  if (!own || *own != rank)
    return where.at(ownName).invalid("wanted the trace's own rank ", rank, ", found ",
                                     own ? rt::concat(*own) : "none");
  if (!bytes || *bytes > mostBytes)
    return where.at("comm_size")
        .invalid("wanted at most ", mostBytes, " bytes, found ",
                 bytes ? rt::concat(*bytes) : "none");
  if (!tag)
    return where.at("comm_tag").invalid("wanted a number that is not negative, found another");
  made.peer = static_cast<uint32_t>(*peer);
  made.bytes = *bytes;
  made.tag = *tag;
  for (const chakra::AttributeProto &attribute : node.attr()) {
    made.isFlag |= attribute.name() == "moec_flag" && attribute.bool_val();
    made.isHop |= attribute.name() == "moec_hop" && attribute.bool_val();
    if (attribute.name() == "moec_exchange")
      made.exchange = phaseFromName(attribute.string_val());
  }
  return rt::Status();
}

rt::Result<TraceNode> FileReader::convert(const chakra::Node &node) const {
  rt::Where root;
  rt::Where inFile = root.at(file.name.c_str());
  rt::Where where = inFile.at("node", node.id(), node.name());
  TraceNode made;
  made.id = node.id();
  made.name = node.name();
  made.after.assign(node.data_deps().begin(), node.data_deps().end());
  made.after.insert(made.after.end(), node.ctrl_deps().begin(), node.ctrl_deps().end());
  made.sends = node.type() == chakra::COMM_SEND_NODE;
  made.receives = node.type() == chakra::COMM_RECV_NODE;
  if (node.type() == chakra::COMM_COLL_NODE)
    return where.unsupported("wanted sends and receives, found a collective");
  if (made.sends || made.receives) {
    MOEC_RETURN_IF_ERROR(convertMessage(where, node, made));
  }
  return made;
}

/// Ids to positions in the file.
rt::Status FileReader::link(std::vector<TraceNode> &nodes) const {
  std::unordered_map<uint64_t, uint64_t> positions;
  for (size_t i = 0; i < nodes.size(); ++i)
    if (!positions.try_emplace(nodes[i].id, i).second)
      return rt::invalidError(file.name, ": wanted every node once, found node ", nodes[i].id,
                              " twice");
  for (TraceNode &node : nodes)
    for (uint64_t &first : node.after) {
      auto found = positions.find(first);
      if (found == positions.end())
        return rt::invalidError(file.name, ": node ", node.id,
                                ": wanted a node that it comes after, found none with id ", first);
      first = found->second;
    }
  return rt::Status();
}

rt::Result<std::vector<TraceNode>> FileReader::read() {
  chakra::GlobalMetadata metadata;
  MOEC_RETURN_IF_ERROR(readMessage("GlobalMetadata", metadata));
  std::vector<TraceNode> nodes;
  chakra::Node node;
  while (!rest.empty()) {
    MOEC_RETURN_IF_ERROR(readMessage("Node", node));
    MOEC_ASSIGN_OR_RETURN(TraceNode made, convert(node));
    nodes.push_back(std::move(made));
  }
  MOEC_RETURN_IF_ERROR(link(nodes));
  return nodes;
}

/// All ranks' traces: what they say of each other.
class Traces {
public:
  explicit Traces(std::span<const ChakraFile> files) : files(files) {}
  rt::Result<traffic::Matrix> read();

private:
  rt::Status matchMessages();
  rt::Status checkOrder() const;
  rt::Result<traffic::Matrix> addUp() const;
  std::string describe(size_t node) const;

  std::span<const ChakraFile> files;
  std::vector<size_t> begin; ///< of each rank's nodes, and the end of the last
  std::vector<TraceNode> nodes;
};

std::string Traces::describe(size_t node) const {
  size_t rank = std::upper_bound(begin.begin(), begin.end(), node) - begin.begin() - 1;
  return rt::concat(files[rank].name, ": node ", nodes[node].id, " ", rt::quote(nodes[node].name));
}

/// The k-th send of a pair and tag belongs to the k-th receive, in the files' order.
rt::Status Traces::matchMessages() {
  using Key = std::array<uint64_t, 3>; // source, destination, tag
  std::map<Key, std::vector<size_t>> sends;
  for (size_t rank = 0; rank < files.size(); ++rank)
    for (size_t i = begin[rank]; i < begin[rank + 1]; ++i)
      if (nodes[i].sends)
        sends[{rank, nodes[i].peer, nodes[i].tag}].push_back(i);
  std::map<Key, size_t> taken;
  for (size_t rank = 0; rank < files.size(); ++rank)
    for (size_t i = begin[rank]; i < begin[rank + 1]; ++i) {
      if (!nodes[i].receives)
        continue;
      Key key = {nodes[i].peer, rank, nodes[i].tag};
      const std::vector<size_t> &candidates = sends[key];
      size_t &next = taken[key];
      if (next == candidates.size())
        return rt::invalidError(describe(i), ": wanted a send of rank ", nodes[i].peer, " to ",
                                rank, " with tag ", nodes[i].tag, ", found none");
      size_t send = candidates[next++];
      if (nodes[send].bytes != nodes[i].bytes)
        return rt::invalidError(describe(i), ": wanted the ", nodes[send].bytes,
                                " bytes that rank ", nodes[i].peer, " sends, found ",
                                nodes[i].bytes);
      nodes[i].after.push_back(send);
    }
  for (const auto &[key, candidates] : sends)
    if (size_t count = taken[key]; count < candidates.size())
      return rt::invalidError(describe(candidates[count]), ": wanted a receive on rank ", key[1],
                              " with tag ", key[2], ", found none");
  return rt::Status();
}

/// Kahn's algorithm over all ranks; what is left lies on or behind a cycle.
rt::Status Traces::checkOrder() const {
  std::vector<uint32_t> open(nodes.size());
  std::vector<std::vector<size_t>> followers(nodes.size());
  std::vector<size_t> ready;
  for (size_t i = 0; i < nodes.size(); ++i) {
    open[i] = static_cast<uint32_t>(nodes[i].after.size());
    for (uint64_t first : nodes[i].after)
      followers[first].push_back(i);
    if (open[i] == 0)
      ready.push_back(i);
  }
  size_t done = 0;
  for (; done < ready.size(); ++done)
    for (size_t follower : followers[ready[done]])
      if (--open[follower] == 0)
        ready.push_back(follower);
  if (done == nodes.size())
    return rt::Status();
  // Walking back from a node that is left stays among those and meets itself.
  size_t at =
      std::find_if(open.begin(), open.end(), [](uint32_t n) { return n > 0; }) - open.begin();
  for (std::vector<bool> seen(nodes.size()); !seen[at];) {
    seen[at] = true;
    at = *std::find_if(nodes[at].after.begin(), nodes[at].after.end(),
                       [&](uint64_t first) { return open[first] > 0; });
  }
  return rt::invalidError(describe(at), ": wanted an order, found a node that comes before itself");
}

/// Of a trace that says which exchange its sends are of, the dispatch.
rt::Result<traffic::Matrix> Traces::addUp() const {
  bool isOurs = false, dispatches = false;
  for (const TraceNode &node : nodes) {
    isOurs |= node.sends && node.exchange.has_value();
    dispatches |= node.sends && node.exchange == Phase::Dispatch;
  }
  if (isOurs && !dispatches)
    return rt::invalidError(files[0].name, ": wanted what the dispatch sends, found a trace of the "
                                           "combine alone");
  traffic::Matrix matrix(static_cast<uint32_t>(files.size()));
  for (uint32_t rank = 0; rank < files.size(); ++rank)
    for (size_t i = begin[rank]; i < begin[rank + 1]; ++i) {
      if (!nodes[i].sends || nodes[i].isFlag || (isOurs && nodes[i].exchange != Phase::Dispatch))
        continue;
      if (nodes[i].isHop)
        return rt::invalidError(describe(i), ": wanted sends from a token's rank to its expert's, "
                                             "found one hop of several");
      matrix.at(rank, nodes[i].peer) += static_cast<double>(nodes[i].bytes);
    }
  return matrix;
}

rt::Result<traffic::Matrix> Traces::read() {
  auto ranks = static_cast<uint32_t>(files.size());
  for (uint32_t rank = 0; rank < ranks; ++rank) {
    MOEC_ASSIGN_OR_RETURN(std::vector<TraceNode> made, FileReader(files[rank], rank, ranks).read());
    begin.push_back(nodes.size());
    for (TraceNode &node : made) {
      for (uint64_t &first : node.after)
        first += begin.back();
      nodes.push_back(std::move(node));
    }
  }
  begin.push_back(nodes.size());
  MOEC_RETURN_IF_ERROR(matchMessages());
  MOEC_RETURN_IF_ERROR(checkOrder());
  return addUp();
}

/// "a/b.3.et" and "a/b.et" to "a/b".
rt::Result<std::string> prefixOf(const std::string &path) {
  std::string prefix = path;
  if (!prefix.ends_with(".et"))
    return rt::invalidError(path, ": wanted PREFIX.et or PREFIX.RANK.et, found another name");
  prefix.resize(prefix.size() - 3);
  size_t dot = prefix.find_last_not_of("0123456789");
  if (dot != prefix.npos && dot + 1 < prefix.size() && prefix[dot] == '.')
    prefix.resize(dot);
  return prefix;
}

/// "a/b.7.et" of the lowest rank from `first` on that has a file; empty: none has.
std::string laterFile(const std::string &prefix, uint32_t first) {
  namespace fs = std::filesystem;
  std::optional<uint32_t> lowest;
  fs::path folder = fs::path(prefix).parent_path(), name = fs::path(prefix).filename();
  std::error_code error;
  for (fs::directory_iterator entry(folder.empty() ? "." : folder, error), end;
       !error && entry != end; entry.increment(error)) {
    std::string file = entry->path().filename().string(), start = name.string() + ".";
    if (!file.starts_with(start) || !file.ends_with(".et") || file.size() < start.size() + 4)
      continue;
    const char *last = file.data() + file.size() - 3;
    uint32_t rank = 0;
    auto [stop, failure] = std::from_chars(file.data() + start.size(), last, rank);
    if (failure == std::errc() && stop == last && rank >= first &&
        rank < lowest.value_or(UINT32_MAX))
      lowest = rank;
  }
  return lowest ? rt::concat(prefix, ".", *lowest, ".et") : "";
}

} // namespace

rt::Result<traffic::Matrix> chakraTraffic(std::span<const ChakraFile> files) {
  if (files.empty() || files.size() > mostRanks)
    return rt::invalidError("wanted the traces of 1 to ", mostRanks, " ranks, found ",
                            files.size());
  return Traces(files).read();
}

rt::Result<traffic::Matrix> readChakraTraffic(const std::string &path) {
  MOEC_ASSIGN_OR_RETURN(std::string prefix, prefixOf(path));
  std::vector<rt::MappedFile> maps;
  std::vector<ChakraFile> files;
  for (uint32_t rank = 0; rank < mostRanks; ++rank) {
    std::string name = rt::concat(prefix, ".", rank, ".et");
    std::error_code error;
    if (rank > 0 && !std::filesystem::exists(name, error)) {
      if (std::string later = laterFile(prefix, rank); !later.empty())
        return rt::invalidError(name, ": wanted a trace of each rank, found none of this, but ",
                                later);
      break;
    }
    MOEC_ASSIGN_OR_RETURN(rt::MappedFile map, rt::MappedFile::open(name));
    maps.push_back(std::move(map));
    files.push_back({name, maps.back().bytes()});
  }
  return chakraTraffic(files);
}

} // namespace moec::formats
