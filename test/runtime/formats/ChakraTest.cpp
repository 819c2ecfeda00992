//===- ChakraTest.cpp - Chakra traces written by hand, and broken ones ----===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/formats/Chakra.h"
#include "runtime/formats/Export.h"
#include "test/runtime/base/TemporaryFolder.h"
#include "test/runtime/module/Sample.h"

#include <gtest/gtest.h>

using namespace moec;
using namespace moec::formats;

namespace {

// Wire format by hand: what is read here was not written by protobuf.
std::string varint(uint64_t value) {
  std::string out;
  for (; value >= 0x80; value >>= 7)
    out += static_cast<char>(value | 0x80);
  return out + static_cast<char>(value);
}
std::string number(uint32_t field, uint64_t value) { return varint(field << 3) + varint(value); }
std::string text(uint32_t field, const std::string &bytes) {
  return varint(field << 3 | 2) + varint(bytes.size()) + bytes;
}
std::string message(const std::string &bytes) { return varint(bytes.size()) + bytes; }

constexpr uint32_t int32Value = 7, int64Value = 9, uint64Value = 13, boolValue = 27;
std::string attribute(const std::string &name, uint64_t value, uint32_t field = int32Value) {
  return text(10, text(1, name) + number(field, value));
}

const std::string metadata = message(text(1, "0.0.4"));
constexpr uint32_t sends = 5, receives = 6, collective = 7;

struct Message {
  uint32_t id = 0, type = sends, from = 0, to = 1;
  uint64_t bytes = 100, tag = 0;
  std::vector<uint64_t> after = {};
  uint32_t sizeField = int64Value;
  bool isHop = false;
  std::string encode() const {
    std::string node = number(1, id) + text(2, "m") + number(3, type);
    for (uint64_t first : after)
      node += number(5, first);
    return message(node + attribute("comm_src", from) + attribute("comm_dst", to) +
                   attribute("comm_size", bytes, sizeField) + attribute("comm_tag", tag) +
                   (isHop ? attribute("moec_hop", 1, boolValue) : ""));
  }
};

rt::Result<traffic::Matrix> read(const std::vector<std::string> &traces) {
  std::vector<ChakraFile> files;
  for (size_t rank = 0; rank < traces.size(); ++rank)
    files.push_back(
        {rt::concat("t.", rank, ".et"),
         {reinterpret_cast<const uint8_t *>(traces[rank].data()), traces[rank].size()}});
  return chakraTraffic(files);
}

std::string errorOf(const std::vector<std::string> &traces) {
  return read(traces).status().message();
}

} // namespace

TEST(Chakra, ReadsTracesOfOthers) {
  std::string first = metadata + Message{.id = 7, .bytes = 1000}.encode() +
                      Message{.id = 3, .bytes = 24, .tag = 9, .sizeField = uint64Value}.encode();
  std::string second = metadata + Message{.type = receives, .bytes = 24, .tag = 9}.encode() +
                       Message{.id = 1, .type = receives, .bytes = 1000, .after = {0}}.encode();
  auto matrix = read({first, second});
  ASSERT_TRUE(matrix.ok()) << matrix.status().message();
  EXPECT_EQ(matrix->at(0, 1), 1024);
  EXPECT_EQ(matrix->at(1, 0), 0);
}

/// What three ranks write of a step, or of one exchange.
static std::vector<std::string> exportOf(const plan::Plan &plan, Phase phase) {
  traffic::ItemCounts counts;
  counts.ranks = 3;
  counts.tokens.assign(3, 5000);
  counts.copies = counts.rows = traffic::Matrix(3);
  for (uint32_t from = 0; from < 3; ++from)
    for (uint32_t to = 0; to < 3; ++to)
      counts.copies.at(from, to) = counts.rows.at(from, to) = 10000 * from + to;
  auto files = exportStep(plan, counts, simulator::NoKernelTimes(), Format::Chakra, phase, "t");
  EXPECT_TRUE(files.ok()) << files.status().message();
  std::vector<std::string> traces;
  for (ExportedFile &file : *files)
    traces.push_back(file.bytes);
  return traces;
}

TEST(Chakra, ReadsBackWhatItWritesWithoutFlags) {
  plan::Plan plan = test::directRowsPlan(test::sampleLayer(), 3);
  std::vector<std::string> traces = exportOf(plan, Phase::Dispatch);
  auto matrix = read(traces);
  ASSERT_TRUE(matrix.ok()) << matrix.status().message();
  double perCopy = matrix->at(0, 1);
  EXPECT_EQ(matrix->at(2, 1), 20001 * perCopy);
  EXPECT_EQ(matrix->at(1, 0), 10000 * perCopy);
  // Whatever is cut off a file is missed, but for computations at its end.
  for (size_t rank = 0; rank < 3; ++rank)
    for (size_t end = 0; end < traces[rank].size(); end += 7) {
      std::vector<std::string> cut = traces;
      cut[rank].resize(end);
      auto result = read(cut);
      EXPECT_TRUE(!result.ok() || result->at(2, 1) == matrix->at(2, 1)) << rank << " at " << end;
      EXPECT_TRUE(!result.ok() || end + 300 > traces[rank].size()) << rank << " at " << end;
    }
}

TEST(Chakra, OfAWholeStepReadsTheDispatch) {
  plan::Plan plan = test::directRowsPlan(test::sampleLayer(), 3);
  auto dispatch = read(exportOf(plan, Phase::Dispatch)), step = read(exportOf(plan, Phase::Step));
  ASSERT_TRUE(dispatch.ok() && step.ok());
  for (uint32_t from = 0; from < 3; ++from)
    for (uint32_t to = 0; to < 3; ++to)
      EXPECT_EQ(step->at(from, to), dispatch->at(from, to));
  EXPECT_EQ(errorOf(exportOf(plan, Phase::Combine)),
            "t.0.et: wanted what the dispatch sends, found a trace of the combine alone");
}

TEST(Chakra, RefusesHops) {
  std::string second = metadata + Message{.type = receives}.encode();
  EXPECT_TRUE(read({metadata + Message{}.encode(), second}).ok());
  EXPECT_EQ(
      errorOf({metadata + Message{.isHop = true}.encode(), second}),
      "t.0.et: node 0 'm': wanted sends from a token's rank to its expert's, found one hop of "
      "several");
}

TEST(Chakra, SaysWhatIsWrongWithAFile) {
  std::string send = metadata + Message{}.encode();
  std::string receive = metadata + Message{.type = receives}.encode();
  ASSERT_EQ(errorOf({send, receive}), "");
  EXPECT_EQ(errorOf({"", receive}),
            "t.0.et: at byte 0: wanted the length of a message, found the end of the file");
  EXPECT_EQ(errorOf({send + "\x85", receive}),
            rt::concat("t.0.et: at byte ", send.size(),
                       ": wanted the length of a message, found the end of the file"));
  EXPECT_EQ(errorOf({send + "\x05zz", receive}),
            rt::concat("t.0.et: at byte ", send.size() + 1,
                       ": wanted a message of 5 bytes, found 2 to the end of the file"));
  EXPECT_EQ(errorOf({send + std::string(12, '\xff'), receive}),
            rt::concat("t.0.et: at byte ", send.size(),
                       ": wanted a length of at most 10 bytes, found more"));
  EXPECT_EQ(errorOf({send + message("\xff\xff"), receive}),
            rt::concat("t.0.et: at byte ", send.size() + 1,
                       ": wanted a Node of 2 bytes, found other bytes"));
  EXPECT_EQ(errorOf({send + Message{.tag = 1}.encode(), receive}),
            "t.0.et: wanted every node once, found node 0 twice");
  EXPECT_EQ(errorOf({metadata + Message{.after = {4}}.encode(), receive}),
            "t.0.et: node 0: wanted a node that it comes after, found none with id 4");
}

TEST(Chakra, SaysWhichMessageIsWrong) {
  std::string send = metadata + Message{}.encode();
  std::string receive = metadata + Message{.type = receives}.encode();
  EXPECT_EQ(errorOf({metadata + Message{.to = 2}.encode(), receive}),
            "t.0.et: node 0 'm': comm_dst: wanted a rank below 2, found 2");
  EXPECT_EQ(errorOf({metadata + Message{.from = 1}.encode(), receive}),
            "t.0.et: node 0 'm': comm_src: wanted the trace's own rank 0, found 1");
  EXPECT_EQ(errorOf({metadata + Message{.bytes = UINT64_MAX}.encode(), receive}),
            "t.0.et: node 0 'm': comm_size: wanted at most 1125899906842624 bytes, found none");
  EXPECT_EQ(errorOf({metadata, receive}),
            "t.1.et: node 0 'm': wanted a send of rank 0 to 1 with tag 0, found none");
  EXPECT_EQ(errorOf({send, metadata}),
            "t.0.et: node 0 'm': wanted a receive on rank 1 with tag 0, found none");
  EXPECT_EQ(errorOf({send, metadata + Message{.type = receives, .bytes = 101}.encode()}),
            "t.1.et: node 0 'm': wanted the 100 bytes that rank 0 sends, found 101");
  auto matrix = read({metadata + Message{.type = collective}.encode(), receive});
  EXPECT_EQ(matrix.status().code(), rt::Code::Unsupported);
  EXPECT_EQ(matrix.status().message(),
            "t.0.et: node 0 'm': wanted sends and receives, found a collective");
}

TEST(Chakra, FindsCyclesOfOneRankAndOfTwo) {
  std::string receive = metadata + Message{.type = receives}.encode();
  EXPECT_EQ(errorOf({metadata + Message{.after = {0}}.encode(), receive}),
            "t.0.et: node 0 'm': wanted an order, found a node that comes before itself");
  // Each sends only once it has received.
  std::string first = metadata + Message{.after = {1}}.encode() +
                      Message{.id = 1, .type = receives, .from = 1, .to = 0}.encode();
  std::string second = metadata + Message{.from = 1, .to = 0, .after = {1}}.encode() +
                       Message{.id = 1, .type = receives}.encode();
  EXPECT_EQ(errorOf({first, second}),
            "t.0.et: node 0 'm': wanted an order, found a node that comes before itself");
}

TEST(Chakra, NamesFilesByTheirPrefix) {
  EXPECT_EQ(readChakraTraffic("trace.bin").status().message(),
            "trace.bin: wanted PREFIX.et or PREFIX.RANK.et, found another name");
  std::string message = readChakraTraffic("none/such.17.et").status().message();
  EXPECT_NE(message.find("none/such.0.et"), message.npos) << message;
  test::TemporaryFolder folder;
  for (const char *name : {"t.0.et", "t.1.et", "t.3.et", "t.12.et", "t.old.et", "u.2.et"})
    folder.write(name, metadata);
  EXPECT_EQ(readChakraTraffic(folder / "t.et").status().message(),
            rt::concat(folder / "t.2.et", ": wanted a trace of each rank, found none of this, but ",
                       folder / "t.3.et"));
}
