//===- MscclppPlan.cpp - An exchange as an MSCCL++ execution plan ---------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/formats/MscclppPlan.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace moec::formats {
namespace {

using Json = nlohmann::ordered_json;

// Limits of the interpreter kernel (mscclpp src/core/include/execution_common.hpp).
constexpr size_t mostChannelsOfBlock = 16;
constexpr size_t mostChannelsOfOp = 8;

/// Channels by their numbers within the thread block.
Json channelOp(const char *name, size_t first, size_t end) {
  Json ids = Json::array();
  for (size_t i = first; i < end; ++i)
    ids.push_back(i);
  return {{"name", name}, {"channel_ids", std::move(ids)}, {"channel_type", "memory"}};
}

/// The op for all channels of a thread block, as few at a time as one op can name.
void addForAll(Json &ops, const char *name, size_t channels) {
  for (size_t first = 0; first < channels; first += mostChannelsOfOp)
    ops.push_back(channelOp(name, first, std::min(channels, first + mostChannelsOfOp)));
}

Json chunk(const char *key, const Json &where, uint32_t index) {
  return Json::array({{{key, where}, {"index", index}, {"size", 1}}});
}

/// A `nop` is a barrier within the thread block.
Json sync() { return {{"name", "nop"}}; }

/// `peers`: numbers of channels, which are also those of remote buffers.
Json threadBlock(size_t id, Json ops, const std::vector<size_t> &peers) {
  Json block = {{"id", id}, {"ops", std::move(ops)}};
  block["channels"] = Json::array();
  block["remote_buffer_refs"] = Json::array();
  if (peers.empty())
    return block;
  block["channels"].push_back({{"channel_type", "memory"}, {"channel_ids", peers}});
  block["remote_buffer_refs"].push_back(
      {{"access_channel_type", "memory"}, {"remote_buffer_ids", peers}});
  return block;
}

/// Every `step`-th peer of the order, beginning with number `first`.
Json puttingBlock(const std::vector<uint32_t> &order, uint32_t rank, size_t first, size_t step) {
  std::vector<size_t> peers;
  for (size_t i = first; i < order.size(); i += step)
    peers.push_back(i);
  Json ops = Json::array();
  addForAll(ops, "rlxsignal", peers.size());
  addForAll(ops, "rlxwait", peers.size());
  ops.push_back(sync());
  for (size_t i = 0; i < peers.size(); ++i) {
    ops.push_back({{"name", "put"},
                   {"src_buff", chunk("type", "i", order[peers[i]])},
                   {"dst_buff", chunk("buffer_id", i, rank)},
                   {"channel_ids", Json::array({i})},
                   {"channel_type", "memory"}});
    ops.push_back(sync());
    ops.push_back(channelOp("signal", i, i + 1));
  }
  addForAll(ops, "wait", peers.size());
  return threadBlock(first, std::move(ops), peers);
}

Json gpuOf(const Exchange &exchange, uint32_t rank) {
  const std::vector<uint32_t> &order = exchange.order[rank];
  size_t blocks = exchange.window ? std::min<size_t>(exchange.window, order.size()) : order.size();
  blocks = std::max(blocks, (order.size() + mostChannelsOfBlock - 1) / mostChannelsOfBlock);
  Json threadBlocks = Json::array();
  for (size_t block = 0; block < blocks; ++block)
    threadBlocks.push_back(puttingBlock(order, rank, block, blocks));
  Json copy = Json::array({{{"name", "copy"},
                            {"src_buff", chunk("type", "i", rank)},
                            {"dst_buff", chunk("type", "o", rank)}}});
  threadBlocks.push_back(threadBlock(blocks, std::move(copy), {}));
  Json remote = Json::array();
  for (uint32_t peer : order)
    remote.push_back(
        {{"rank", peer}, {"type", "o"}, {"access_channel_types", Json::array({"memory"})}});
  return {{"id", rank},
          {"input_chunks", exchange.ranks},
          {"output_chunks", exchange.ranks},
          {"scratch_chunks", 0},
          {"threadblocks", std::move(threadBlocks)},
          {"channels", Json::array({{{"channel_type", "memory"}, {"connected_to", order}}})},
          {"remote_buffers", std::move(remote)},
          {"semaphores", Json::array()}};
}

} // namespace

rt::Result<std::string> mscclppPlan(const Exchange &exchange) {
  if (exchange.bytesPerRank() > UINT32_MAX)
    return rt::unsupportedError("mscclpp: wanted less than 4 GiB a rank, found ",
                                exchange.bytesPerRank(), " bytes");
  Json gpus = Json::array();
  for (uint32_t rank = 0; rank < exchange.ranks; ++rank)
    gpus.push_back(gpuOf(exchange, rank));
  Json plan = {{"name", exchange.name},
               {"collective", "alltoall"},
               {"protocol", "Simple"},
               {"inplace", false},
               {"reuse_resources", false},
               {"gpus", std::move(gpus)},
               {"num_threads_per_block", 1024},
               {"use_double_scratch_buffer", false},
               {"buffer_alignment", exchangeAlignment},
               {"min_message_size", exchange.bytesPerRank()},
               {"max_message_size", exchange.bytesPerRank()}};
  return plan.dump(1) + "\n";
}

} // namespace moec::formats
