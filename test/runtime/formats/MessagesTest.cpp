//===- MessagesTest.cpp - Steps as sends and receives ---------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/formats/Messages.h"
#include "runtime/formats/Goal.h"

#include <gtest/gtest.h>
#include <set>

using namespace moec;
using namespace moec::formats;
using simulator::Family;
using simulator::TaskClass;
using simulator::TaskGraph;
using simulator::TaskId;

namespace {

/// Rank 0 computes for 5 us, puts 1000 bytes to rank 1 and raises a flag there.
struct Delivery {
  TaskGraph graph{2};
  simulator::FamilyId compute = graph.addFamily({.name = "ex", .kind = TaskClass::Compute});
  simulator::FamilyId put = graph.addFamily({.name = "pd", .kind = TaskClass::Transfer});
  simulator::FamilyId signal = graph.addFamily({.name = "sd", .kind = TaskClass::Signal});
  simulator::FamilyId wait = graph.addFamily({.name = "wd", .kind = TaskClass::Wait});

  void deliver(double bytes) {
    TaskId first = graph.addCompute(compute, 0, 5e-6);
    TaskId second = graph.addTransfer(put, 0, 1, bytes);
    TaskId third = graph.addSignal(signal, 0, 1, /*cell=*/0, /*value=*/1);
    graph.addEdge(first, second);
    graph.addEdge(second, third);
    graph.addWait(wait, 1, 0, 1);
  }
  std::vector<bool> all() const { return std::vector<bool>(graph.getFamilies().size(), true); }
};

uint64_t sentBytes(const MessageGraph &messages, uint32_t rank) {
  uint64_t bytes = 0;
  for (const Node &node : messages.ranks[rank].nodes)
    if (node.kind == NodeKind::Send && !node.isFlag)
      bytes += node.bytes;
  return bytes;
}

} // namespace

TEST(Messages, AWaitJoinsTheFlagAndWhatItCovers) {
  Delivery step;
  step.deliver(1000);
  auto messages = makeMessages(step.graph, step.all());
  ASSERT_TRUE(messages.ok()) << messages.status().message();
  EXPECT_EQ(goalText(*messages), R"(num_ranks 2

rank 0 {
l1: calc 5000 cpu 0
l2: send 1000b to 1 tag 0 cpu 1
l3: send 8b to 1 tag 1 cpu 1
l2 requires l1
l3 requires l2
}

rank 1 {
l1: recv 1000b from 0 tag 0 cpu 1
l2: recv 8b from 0 tag 1 cpu 1
l3: calc 0 cpu 1
l3 requires l2
l3 requires l1
}
)");
  EXPECT_TRUE(messages->ranks[0].before(2)[0].isOrder) << "a flag reads nothing of a send";
  EXPECT_FALSE(messages->ranks[1].before(2)[0].isOrder);
}

TEST(Messages, APutOfNothingSendsNothing) {
  Delivery step;
  step.deliver(0.3);
  auto messages = makeMessages(step.graph, step.all());
  ASSERT_TRUE(messages.ok());
  EXPECT_EQ(messages->ranks[0].nodes[1].kind, NodeKind::Join);
  EXPECT_EQ(messages->ranks[1].nodes.size(), 2u) << "the flag alone is received";
}

TEST(Messages, PiecesAddUpAndAreNoSmallerThanAsked) {
  for (double bytes : {1.0, 99.0, 100.0, 199.0, 200.0, 1234.0, 1e9}) {
    Delivery step;
    step.deliver(bytes);
    auto messages = makeMessages(step.graph, step.all(), {.smallestBytes = 100, .most = 4});
    ASSERT_TRUE(messages.ok());
    EXPECT_EQ(sentBytes(*messages, 0), bytes);
    size_t pieces = 0;
    for (const Node &node : messages->ranks[0].nodes) {
      bool isPiece = node.kind == NodeKind::Send && !node.isFlag;
      pieces += isPiece;
      EXPECT_TRUE(!isPiece || node.bytes >= std::min(bytes, 100.0)) << bytes;
    }
    EXPECT_EQ(pieces, bytes >= 400 ? 4 : bytes >= 200 ? 2 : 1) << bytes;
  }
}

TEST(Messages, AWindowIsAnOrderOfSends) {
  TaskGraph graph(4);
  auto put = graph.addFamily({.name = "p", .kind = TaskClass::Transfer, .window = 2});
  for (uint32_t to : {0, 1, 2, 3}) // the first stays on the rank and takes no place
    graph.addTransfer(put, 0, to, 100);
  auto messages = makeMessages(graph, {true});
  ASSERT_TRUE(messages.ok());
  const RankProgram &program = messages->ranks[0];
  ASSERT_EQ(program.nodes.size(), 4u);
  EXPECT_TRUE(program.before(1).empty());
  EXPECT_TRUE(program.before(2).empty());
  ASSERT_EQ(program.before(3).size(), 1u);
  EXPECT_EQ(program.before(3)[0].node, 1u);
}

TEST(Messages, AWindowOfEachPeerOrdersThoseToOne) {
  TaskGraph graph(3);
  auto put =
      graph.addFamily({.name = "p", .kind = TaskClass::Transfer, .window = 1, .eachPeer = true});
  for (uint32_t to : {1, 2, 1})
    graph.addTransfer(put, 0, to, 100);
  auto messages = makeMessages(graph, {true});
  ASSERT_TRUE(messages.ok());
  const RankProgram &program = messages->ranks[0];
  ASSERT_EQ(program.nodes.size(), 3u);
  EXPECT_TRUE(program.before(1).empty());
  ASSERT_EQ(program.before(2).size(), 1u);
  EXPECT_EQ(program.before(2)[0].node, 0u);
}

TEST(Messages, GatesAreThereBetweenWhatIsWanted) {
  TaskGraph graph(1);
  auto first = graph.addFamily({.name = "a", .kind = TaskClass::Compute});
  auto second = graph.addFamily({.name = "b", .kind = TaskClass::Compute});
  TaskId a = graph.addCompute(first, 0, 0);
  TaskId gate = graph.addGate(0);
  TaskId b = graph.addCompute(second, 0, 0);
  graph.addEdge(a, gate);
  graph.addEdge(gate, b);
  auto nodes = [&](std::vector<bool> families) {
    families.push_back(false); // the gates'
    return makeMessages(graph, families)->ranks[0].nodes.size();
  };
  EXPECT_EQ(nodes({true, true}), 3u);
  EXPECT_EQ(nodes({true, false}), 1u);
  EXPECT_EQ(nodes({false, true}), 1u);
}

TEST(Messages, RefusesAWaitWithoutASignal) {
  TaskGraph graph(2);
  auto wait = graph.addFamily({.name = "w", .kind = TaskClass::Wait});
  graph.addWait(wait, 1, 3, 1);
  auto messages = makeMessages(graph, {true});
  ASSERT_FALSE(messages.ok());
  EXPECT_EQ(messages.status().message(),
            "op 'w' on rank 1: wanted a signal that it waits for, found none");
}
