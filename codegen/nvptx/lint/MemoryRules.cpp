//===- MemoryRules.cpp - Order between threads, GPUs and proxies ----------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "codegen/nvptx/lint/Rules.h"

namespace moec::codegen {
using ptx::Instruction;

//===----------------------------------------------------------------------===//
// Kinds of instructions
//===----------------------------------------------------------------------===//

static bool touchesShared(const Instruction &i) {
  return i.has("shared") || i.has("shared::cta") || i.has("shared::cluster");
}

static bool isGlobalAtomic(const Instruction &i) {
  return (i.is("atom") || i.is("red")) && !touchesShared(i);
}

static bool isBulkCopy(const Instruction &i) {
  return (i.is("cp.async.bulk") || i.is("cp.reduce.async.bulk")) && !i.has("commit_group") &&
         !i.has("wait_group") && !i.has("prefetch");
}

/// From shared memory to global or a peer's.
static bool isBulkStore(const Instruction &i) { return isBulkCopy(i) && i.has("bulk_group"); }

/// Generic writes of shared memory before, asynchronous accesses after it.
static bool isProxyFence(const Instruction &i) { return i.is("fence.proxy.async"); }

static bool isPublication(const Instruction &i) {
  return (i.is("st") && (i.has("release") || i.has("relaxed"))) || isGlobalAtomic(i) ||
         i.is("multimem.red") || i.is("multimem.st");
}

//===----------------------------------------------------------------------===//
// Single instructions
//===----------------------------------------------------------------------===//

void checkMemoryOrder(LintContext &context) {
  for (const Instruction &i : context.kernel.instructions) {
    bool ordered = i.has("relaxed") || i.has("acquire") || i.has("release") || i.has("acq_rel");
    bool scoped = i.has("gpu") || i.has("sys");
    if (isGlobalAtomic(i) && !(ordered && scoped))
      context.report(i, "wanted an order and the scope gpu or sys, found an atomic that leaves "
                        "them open");
    else if ((i.is("ld") || i.is("st")) && !touchesShared(i) && i.has("volatile"))
      context.report(i, "wanted an acquire or release with a scope, found a volatile access");
    else if ((i.is("ld") || i.is("st")) && !touchesShared(i) && ordered && !scoped)
      context.report(i, "wanted the scope gpu or sys, found an ordered access without it");
  }
}

void checkFlagWidth(LintContext &context) {
  for (const Instruction &i : context.kernel.instructions) {
    if (!(i.is("ld") && i.has("acquire")) && !(i.is("st") && i.has("release")))
      continue;
    if (touchesShared(i))
      continue;
    bool whole = i.has("b64") || i.has("u64") || i.has("s64");
    if (i.has("sys") && (!whole || i.has("v2") || i.has("v4")))
      context.report(i, "wanted 64 bits, as flags between GPUs have, found another width");
    else if (whole && !i.has("sys")) // what CTAs of a GPU share has 32
      context.report(i, "wanted the scope sys of a flag of 64 bits, found a narrower one");
  }
}

//===----------------------------------------------------------------------===//
// Along the ways through the kernel
//===----------------------------------------------------------------------===//

void checkProxyAfterAcquire(LintContext &context) {
  constexpr unsigned kAcquired = 1;
  followPaths(context.kernel, [&](const Instruction &i, unsigned &state, bool final) {
    if (i.is("ld") && i.has("acquire"))
      state |= kAcquired;
    else if (isProxyFence(i) && !touchesShared(i) && !i.guard)
      state &= ~kAcquired;
    else if (final && isBulkCopy(i) && (state & kAcquired))
      context.report(i, "wanted fence.proxy.async between an acquire and the copy that relies on "
                        "it, found a way without");
  });
}

void checkProxyBeforeAsync(LintContext &context) {
  bool async = false;
  for (const Instruction &i : context.kernel.instructions)
    async |= isBulkCopy(i) || i.is("wgmma.mma_async");
  if (!async)
    return; // nobody looks at shared memory from the other side
  constexpr unsigned kWritten = 1;
  followPaths(context.kernel, [&](const Instruction &i, unsigned &state, bool final) {
    bool writes = i.is("stmatrix") || (i.is("st") && touchesShared(i));
    // Copies by cp.async are writes of the thread that waits for them.
    bool lands = i.is("cp.async.wait_group") || i.is("cp.async.wait_all");
    if (writes || lands) {
      state |= kWritten;
      return;
    }
    if (isProxyFence(i) && !i.has("global") && !i.guard) {
      state &= ~kWritten;
      return;
    }
    if (!final)
      return;
    if (i.is("cp.async.mbarrier.arrive"))
      context.report(i, "wanted cp.async.wait_group, fence.proxy.async and an arrive, found an "
                        "arrive that leaves no place for the fence");
    bool hands = i.is("mbarrier.arrive") || isBulkCopy(i) || i.is("wgmma.mma_async");
    if (hands && (state & kWritten))
      context.report(i, "wanted fence.proxy.async behind the last write of shared memory, found a "
                        "way without");
  });
}

void checkWaitBeforePublish(LintContext &context) {
  constexpr unsigned kInFlight = 1;
  followPaths(context.kernel, [&](const Instruction &i, unsigned &state, bool final) {
    if (isBulkStore(i))
      state |= kInFlight;
    else if (i.is("cp.async.bulk.wait_group") && !i.has("read") && !i.guard &&
             !i.operands.empty() && i.operands[0] == "0")
      state &= ~kInFlight;
    else if (final && isPublication(i) && (state & kInFlight))
      context.report(i, "wanted cp.async.bulk.wait_group 0 (not .read) behind the stores that are "
                        "published, found a way without");
  });
}

} // namespace moec::codegen
