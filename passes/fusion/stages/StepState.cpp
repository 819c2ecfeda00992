//===- StepState.cpp - What a stage knows of the running step -------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/fusion/stages/StepState.h"

namespace moec::fusion {
using namespace mlir;

static constexpr uint64_t cellBytes = 8;

StepState::StepState(KernelBuilder &kernel, WarpCode &code) : kernel(kernel), code(code) {
  Value state = kernel.state();
  tokens = code.loadI32(state, offsetof(RankState, tokens));
  rank = code.loadI32(state, offsetof(RankState, rank));
  maxTokens = code.loadI32(state, offsetof(RankState, maxTokens));
  epoch = code.add(code.loadI32(state, offsetof(RankState, step)), code.i32(1));
  if (kernel.step.depth > 1)
    copy = code.rem(epoch, code.i32(kernel.step.depth));
}

Value StepState::regionOf(Value source) {
  if (!copy)
    return source;
  return code.add(code.mul(copy, code.i32(kernel.step.ranks)), source);
}

Value StepState::heapOf(Value peer) { return code.loadI64(code.element(kernel.peers(), peer, 8)); }

Value StepState::ownRegion(uint32_t buffer, uint64_t size) {
  Value records = code.mul(code.widen(regionOf(rank)), code.widen(maxTokens));
  return code.add(kernel.bufferOffset(buffer), code.mul(records, code.i64(int64_t(size))));
}

Value StepState::cellAt(uint32_t flag, Value peer) {
  Value cells = code.advance(code.toPointer(heapOf(peer)), kernel.flagOffset(flag));
  return code.element(cells, regionOf(rank), cellBytes);
}

Value StepState::ownCells(uint32_t flag) {
  return code.element(kernel.flag(flag), regionOf(code.i32(0)), cellBytes);
}

void StepState::waitForAll(uint32_t flag) {
  Value deadline = code.loadI64(kernel.state(), offsetof(RankState, deadlineNs));
  Value status = code.advance(kernel.state(), offsetof(RankState, statusCode));
  tile::FlagWaitOp::create(code.builder, code.loc, ownCells(flag), code.i32(kernel.step.ranks),
                           epoch, deadline, status, flag);
}

} // namespace moec::fusion
