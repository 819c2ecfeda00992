//===- PlanTextTest.cpp - Plans printed ----------------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/plan/PlanText.h"

#include "test/runtime/module/Sample.h"

#include <gtest/gtest.h>

using namespace moec;

TEST(PlanText, DirectRowsReadsLikeTheDialect) {
  Layer layer = test::sampleLayer();
  layer.shared = SharedExpert{{4, Activation::Silu}, true};
  const char *expected = R"(comm.plan @sample ranks 8 topk 2 depth 1 steps serial result rows {
  %x = comm.buffer input slot of 64 bytes
  %route = comm.buffer local slot of 24 bytes
  %record = comm.buffer local seq [8] of 24 bytes
  %recv = comm.buffer sym seq [1, 8] of 64 bytes
  %meta = comm.buffer sym seq [1, 8] of 24 bytes
  %y = comm.buffer local slot [8] of 2 x 64 bytes
  %back = comm.buffer sym slot [1] of 2 x 64 bytes
  %shared = comm.buffer local slot of 64 bytes
  %out = comm.buffer output slot of 64 bytes
  %fd = comm.flag [1, 8] carry by i1
  %fc = comm.flag [1, 8] by i1
  %rt = comm.compute @route reads %x{A(r)} writes %route{A(r)}
  %pk = comm.compute @pack for p in all reads %route{A(r)} writes %record[p]{D(r,p)} after(%rt)
  %pd = comm.put for p in stagger to p : %recv[0, r]{D(r,p)} from %x{D(r,p)} window 4 after(%rt)
  %pm = comm.put for p in stagger to p : %meta[0, r]{D(r,p)} from %record[p]{D(r,p)} window 4 after(%pk(p))
  %sd = comm.signal for p in stagger to p : %fd[0, r] = n carry D(r,p) after(%pd(p), %pm(p))
  %sh = comm.compute @shared reads %x{A(r)} writes %shared{A(r)}
  %wd = comm.wait for s in all : %fd[0, s] at n get D(s,r)
  %ex = comm.compute @experts reads %recv[0, s]{D(s,r)} each s in all, %meta[0, s]{D(s,r)} each s in all writes %y[s]{Y(s,r)} each s in all after(%wd)
  %pc = comm.put for s in stagger to s : %back[0]{Y(s,r)} from %y[s]{Y(s,r)} window 4 after(%ex)
  %sc = comm.signal for s in stagger to s : %fc[0, r] = n after(%pc(s))
  %wc = comm.wait for p in all : %fc[0, p] at n
  %rd = comm.reduce @slot_sum reads %route{A(r)}, %back[0]{Y(r,p)} each p in all, %shared{A(r)} writes %out{A(r)} after(%wc, %sh)
}
)";
  EXPECT_EQ(plan::planText(test::directRowsPlan(layer, 8)), expected);
}

TEST(PlanText, NamesThatAreNoIdentifiersAreQuoted) {
  plan::Plan plan = test::directRowsPlan(test::sampleLayer(), 2);
  plan.name = "layer 3";
  EXPECT_EQ(plan::planText(plan).substr(0, 28), "comm.plan @\"layer 3\" ranks 2");
}

TEST(PlanText, RailsAreNamed) {
  plan::Plan plan = test::directRowsPlan(test::sampleLayer(), 2);
  plan.ops[2].via = plan::Path::Rail;
  EXPECT_EQ(plan::opText(plan, plan.ops[2]),
            "%pd = comm.put for p in stagger to p : %recv[0, r]{D(r,p)} from %x{D(r,p)} "
            "via rail window 4 after(%rt)");
}

TEST(PlanText, WindowsOfEachPeerSaySo) {
  plan::Plan plan = test::directRowsPlan(test::sampleLayer(), 2);
  plan.ops[2].eachPeer = true;
  EXPECT_EQ(plan::opText(plan, plan.ops[2]),
            "%pd = comm.put for p in stagger to p : %recv[0, r]{D(r,p)} from %x{D(r,p)} "
            "window 4 each after(%rt)");
}
