//===- LintTest.cpp - Every rule of the PTX lint, kept and broken ---------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Inputs/good.ptx keeps all rules. Each case changes one thing in it and wants the
// one rule that this breaks.
//===----------------------------------------------------------------------===//

#include "codegen/nvptx/lint/Lint.h"

#include <fstream>
#include <gtest/gtest.h>
#include <set>
#include <sstream>

using namespace moec;
using namespace moec::codegen;

static std::string readFile(const std::string &path) {
  std::ifstream in(path);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

static const std::string &good() {
  static const std::string text = readFile(MOEC_TEST_DIR "/codegen/nvptx/Inputs/good.ptx");
  return text;
}

/// The good kernel with the first `from` behind `after` replaced by `to`.
static std::string changed(const std::string &from, const std::string &to,
                           const std::string &after = "") {
  std::string text = good();
  size_t start = text.find(after);
  size_t at = start == std::string::npos ? start : text.find(from, start);
  EXPECT_NE(at, std::string::npos) << from;
  return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

static std::vector<Finding> findingsOf(const std::string &ptx, const LintOptions &options = {}) {
  auto found = lintPtx(ptx, options);
  EXPECT_TRUE(found.ok()) << found.status().message();
  return found.ok() ? *found : std::vector<Finding>();
}

/// "rule: message" of the only finding, or all of them.
static std::string onlyFinding(const std::string &ptx, const LintOptions &options = {}) {
  std::string text;
  for (const Finding &finding : findingsOf(ptx, options))
    text += (text.empty() ? "" : "\n") + std::string(finding.rule) + ": " + finding.message;
  return text;
}

namespace {
struct Case {
  const char *rule;
  const char *from, *to, *after;
  const char *message; ///< in the finding; null: there is none
};

const Case kCases[] = {
    {"aligned-divergent", "setp.gt.u32 \t%p2, %r1, 127", "setp.gt.u32 \t%p2, %r1, 100", "",
     "found only those that take one side of the branch"},
    {"aligned-divergent", "wgmma.fence.sync.aligned", "@%p1 wgmma.fence.sync.aligned", "",
     "found a guard that differs"},
    {"flag-width", "ld.acquire.sys.global.b64 \t%rd4", "ld.acquire.sys.global.b32 \t%r7", "",
     "wanted 64 bits"},
    {"flag-width", "st.release.sys.global.b64 \t[%rd1+64], %rd5",
     "st.release.sys.global.b32 \t[%rd1+64], %r5", "", "wanted 64 bits"},
    {"flag-width", "ld.acquire.sys.global.b64", "ld.acquire.gpu.global.b64", "",
     "wanted the scope sys"},
    {"flag-width", "st.release.sys.global.b64", "st.release.gpu.global.b64", "",
     "wanted the scope sys"},
    {"memory-order", "atom.acq_rel.gpu.global.inc.u32", "atom.global.inc.u32", "",
     "found an atomic that leaves them open"},
    {"memory-order", "atom.acq_rel.gpu.global.inc.u32", "atom.acq_rel.cta.global.inc.u32", "",
     "wanted an order and the scope gpu or sys"},
    {"memory-order", "ld.global.v4.b32", "ld.volatile.global.v4.b32", "", "found a volatile"},
    {"memory-order", "st.global.v4.b32", "st.relaxed.cta.global.v4.b32", "",
     "found an ordered access without it"},
    {"no-calls", "nanosleep.u32 \t64", "call.uni (%r30), __nv_expf, (%r31)", "",
     "wanted no function"},
    {"no-local", ".reg .b32 \t%r<40>;",
     ".reg .b32 %r<40>; .local .align 4 .b8 \t__local_depot0[8];", "", "found local memory"},
    {"no-local", "nanosleep.u32 \t64", "st.local.b32 [%rd1], %r1", "",
     "found an access of local memory"},
    {"proxy-after-acquire", "fence.proxy.async;", "", "", "between an acquire and the copy"},
    {"proxy-after-acquire", "fence.proxy.async;", "fence.proxy.async.shared::cta;", "",
     "between an acquire and the copy"},
    {"proxy-before-async", "fence.proxy.async.shared::cta;", "", "",
     "behind the last write of shared memory"},
    {"proxy-before-async", "fence.proxy.async.shared::cta;", "@%p12 fence.proxy.async.shared::cta;",
     "", "behind the last write of shared memory"},
    {"proxy-before-async", "mbarrier.arrive.shared.b64 \t%rd6",
     "cp.async.wait_group 1; mbarrier.arrive.shared.b64 \t%rd6", "$L__STORE",
     "behind the last write of shared memory"},
    {"proxy-before-async", "mbarrier.arrive.shared.b64 \t%rd6, [smem+65552]",
     "cp.async.mbarrier.arrive.noinc.shared.b64 [smem+65552]", "", "no place for the fence"},
    {"register-budget", "aligned.u32 \t232", "aligned.u32 \t240", "",
     "wanted at most 504 registers for 3 threads, one of each warpgroup, found 520"},
    {"register-budget", "aligned.u32 \t40", "aligned.u32 \t44", "", "wanted a multiple of 8"},
    {"register-budget", ".reqntid 384", "", "", "wanted .reqntid"},
    {"vector-width", "ld.global.v4.b32 \t{%r9, %r10, %r11, %r12}", "ld.global.b32 \t%r9", "",
     "wanted copies of 16 bytes at a time, found 4"},
    {"vector-width", "ld.global.v4.b32 \t{%r9, %r10, %r11, %r12}", "ld.global.b16 \t%r8", "",
     nullptr}, // a table: the next address depends on it
    {"vector-width", "ld.global.v4.b32 \t{%r9, %r10, %r11, %r12}", "ld.global.b16 \t%r9", "",
     "found single elements"},
    {"wait-before-publish", "cp.async.bulk.wait_group \t0;", "", "",
     "the stores that are published"},
    {"wait-before-publish", "cp.async.bulk.wait_group \t0;", "cp.async.bulk.wait_group \t1;", "",
     "the stores that are published"},
    {"wait-before-publish", "cp.async.bulk.wait_group \t0;", "cp.async.bulk.wait_group.read \t0;",
     "", "the stores that are published"},
};
} // namespace

TEST(Lint, FindsNothingInAGoodKernel) { EXPECT_EQ(onlyFinding(good()), ""); }

TEST(Lint, FindsEachBreachOnce) {
  for (const Case &broken : kCases) {
    SCOPED_TRACE(std::string(broken.rule) + ": " + broken.from + " -> " + broken.to);
    std::vector<Finding> found = findingsOf(changed(broken.from, broken.to, broken.after));
    if (!broken.message) {
      EXPECT_TRUE(found.empty()) << found[0].message;
      continue;
    }
    ASSERT_FALSE(found.empty());
    for (const Finding &finding : found) // a publication has two instructions
      EXPECT_EQ(finding.rule, broken.rule) << finding.message;
    EXPECT_NE(found[0].message.find(broken.message), std::string::npos) << found[0].message;
  }
}

TEST(Lint, CountsAlignedInstructions) {
  AlignedCounts counts{};
  counts[*alignedOpOfPtx("wgmma.mma_async.sync")] = 1;
  counts[*alignedOpOfPtx("wgmma.fence.sync")] = 1;
  counts[*alignedOpOfPtx("wgmma.commit_group.sync")] = 1;
  counts[*alignedOpOfPtx("wgmma.wait_group.sync")] = 1;
  counts[*alignedOpOfPtx("setmaxnreg.inc")] = 2;
  counts[*alignedOpOfPtx("bar.sync")] = 1;
  counts[*alignedOpOfPtx("stmatrix.sync")] = 1;
  EXPECT_EQ(onlyFinding(good(), {.aligned = counts}), "");
  std::string twice = changed("wgmma.commit_group.sync.aligned;",
                              "wgmma.commit_group.sync.aligned; wgmma.commit_group.sync.aligned;");
  EXPECT_NE(onlyFinding(twice, {.aligned = counts})
                .find("aligned-count: wanted 1 of wgmma.commit_group.*, as LLVM was given, found 2 "
                      "(PTX line 113: wgmma.commit_group.sync.aligned)"),
            std::string::npos)
      << onlyFinding(twice, {.aligned = counts});
}

TEST(Lint, NamesThePlaceInTheSource) {
  std::vector<Finding> found = findingsOf(changed("fence.proxy.async.shared::cta;", ""));
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].sourceFile, "layer.moe");
  EXPECT_EQ(found[0].sourceLine, 40u);
  EXPECT_EQ(found[0].sourceColumn, 9u);
}

TEST(Lint, SaysWhereTextIsNoPtx) {
  auto found = lintPtx(good().substr(0, good().find("$L__STORE:")));
  ASSERT_FALSE(found.ok());
  EXPECT_NE(found.status().message().find("wanted '}', found the end"), std::string::npos)
      << found.status().message();
  auto label = lintPtx(changed("$L__ROW:", "$L__ROWS:"));
  ASSERT_FALSE(label.ok());
  EXPECT_NE(label.status().message().find("wanted a label, found '$L__ROW'"), std::string::npos)
      << label.status().message();
}

TEST(Lint, TakesTextThatEndsAnywhere) {
  for (size_t size = 0; size < good().size(); ++size) {
    std::string text = good().substr(0, size); // a copy: what is read behind its end shows
    (void)lintPtx(text);
  }
}

TEST(Lint, EveryRuleIsBrokenHereAndExplained) {
  std::set<std::string_view> broken = {"aligned-count"}; // needs more than text
  for (const Case &one : kCases)
    if (one.message)
      broken.insert(one.rule);
  std::string readme = readFile(MOEC_TEST_DIR "/../codegen/nvptx/lint/README.md");
  for (std::string_view rule : lintRules()) {
    EXPECT_TRUE(broken.count(rule)) << rule;
    EXPECT_NE(readme.find("| `" + std::string(rule) + "` |"), std::string::npos) << rule;
  }
}
