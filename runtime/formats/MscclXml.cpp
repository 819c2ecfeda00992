//===- MscclXml.cpp - An exchange as an MSCCL algorithm -------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/formats/MscclXml.h"

#include "runtime/base/Text.h"

#include <vector>

namespace moec::formats {
namespace {

// Limits of the interpreter (msccl_struct.h of both executors).
constexpr uint32_t mostThreadBlocks = 216;
constexpr uint32_t mostPeersOfChannel = 32;

/// A thread block and the step in it that another one waits for.
struct StepId {
  int32_t block = -1;
  int32_t step = -1;
};

struct Step {
  const char *type;
  const char *source; ///< buffer
  uint32_t sourceOffset;
  const char *target;
  uint32_t targetOffset;
  StepId after;
  bool isAwaited = false;
};

class Writer {
public:
  explicit Writer(const Exchange &exchange) : exchange(exchange) {}
  std::string write();

private:
  void writeGpu(uint32_t rank);
  void writeBlock(uint32_t block, int64_t send, int64_t receive, uint32_t channel,
                  const std::vector<Step> &steps);
  uint32_t offsetOf(uint32_t from, uint32_t to) const {
    return (to + exchange.ranks - from) % exchange.ranks;
  }

  const Exchange &exchange;
  std::string out;
};

std::string escape(const std::string &text) {
  std::string out;
  for (char c : text)
    switch (c) {
    case '&':
      out += "&amp;";
      break;
    case '<':
      out += "&lt;";
      break;
    case '"':
      out += "&quot;";
      break;
    default:
      out += c;
    }
  return out;
}

void Writer::writeBlock(uint32_t block, int64_t send, int64_t receive, uint32_t channel,
                        const std::vector<Step> &steps) {
  out += rt::concat("    <tb id=\"", block, "\" send=\"", send, "\" recv=\"", receive, "\" chan=\"",
                    channel, "\">\n");
  for (size_t s = 0; s < steps.size(); ++s) {
    const Step &step = steps[s];
    out +=
        rt::concat("      <step s=\"", s, "\" type=\"", step.type, "\" srcbuf=\"", step.source,
                   "\" srcoff=\"", step.sourceOffset, "\" dstbuf=\"", step.target, "\" dstoff=\"",
                   step.targetOffset, "\" cnt=\"1\" depid=\"", step.after.block, "\" deps=\"",
                   step.after.step, "\" hasdep=\"", step.isAwaited ? 1 : 0, "\"/>\n");
  }
  out += "    </tb>\n";
}

void Writer::writeGpu(uint32_t rank) {
  uint32_t ranks = exchange.ranks;
  const std::vector<uint32_t> &order = exchange.order[rank];
  uint32_t window = exchange.window ? exchange.window : ranks;
  std::vector<uint32_t> place(ranks);
  for (uint32_t k = 0; k < order.size(); ++k)
    place[order[k]] = k;
  out += rt::concat("  <gpu id=\"", rank, "\" i_chunks=\"", ranks, "\" o_chunks=\"", ranks,
                    "\" s_chunks=\"0\">\n");
  writeBlock(0, -1, -1, 0, {{"cpy", "i", rank, "o", rank, {}}});
  for (uint32_t d = 1; d < ranks; ++d) {
    uint32_t to = (rank + d) % ranks, from = (rank + ranks - d) % ranks;
    StepId after;
    if (place[to] >= window)
      after = {static_cast<int32_t>(offsetOf(rank, order[place[to] - window])), 0};
    Step send = {"s", "i", to, "o", rank, after, place[to] + window < order.size()};
    Step receive = {"r", "i", rank, "o", from, {}};
    writeBlock(d, to, from, (d - 1) / mostPeersOfChannel, {send, receive});
  }
  out += "  </gpu>\n";
}

std::string Writer::write() {
  uint32_t channels = (exchange.ranks - 2) / mostPeersOfChannel + 1;
  out = rt::concat("<algo name=\"", escape(exchange.name), "\" proto=\"Simple\" nchannels=\"",
                   channels, "\" nchunksperloop=\"", exchange.ranks, "\" ngpus=\"", exchange.ranks,
                   "\" coll=\"alltoall\" inplace=\"0\" outofplace=\"1\" minBytes=\"",
                   exchange.bytesPerRank(), "\" maxBytes=\"", exchange.bytesPerRank(), "\">\n");
  for (uint32_t rank = 0; rank < exchange.ranks; ++rank)
    writeGpu(rank);
  out += "</algo>\n";
  return std::move(out);
}

} // namespace

rt::Result<std::string> mscclXml(const Exchange &exchange) {
  if (exchange.ranks > mostThreadBlocks)
    return rt::unsupportedError("msccl-xml: wanted at most ", mostThreadBlocks,
                                " ranks, a thread block each, found ", exchange.ranks);
  return Writer(exchange).write();
}

} // namespace moec::formats
