//===- WarpCode.cpp - Write the code of whole warps -----------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/fusion/stages/WarpCode.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"

namespace moec::fusion {
using namespace mlir;

static constexpr int64_t allLanes = -1;
/// shfl's last operand: segments of the whole warp.
static constexpr int64_t wholeWarp = 31;
/// The named barrier of a stage of scalar code: 0 is the whole CTA's.
static constexpr int64_t stageBarrier = 1 + firstStageWarp; // the role's, as RolePlace counts
static constexpr unsigned vectorBytes = 16;

//===----------------------------------------------------------------------===//
// Who runs
//===----------------------------------------------------------------------===//

Value WarpCode::lane() { return NVVM::LaneIdOp::create(builder, loc, builder.getI32Type()); }
Value WarpCode::stageWarp() {
  Value thread = NVVM::ThreadIdXOp::create(builder, loc, builder.getI32Type());
  Value warp = sub(shiftRight(thread, i32(5)), i32(firstStageWarp));
  return fromLane(warp, i32(0)); // so that the compiler knows it is uniform
}
Value WarpCode::cta() { return NVVM::BlockIdXOp::create(builder, loc, builder.getI32Type()); }
Value WarpCode::ctas() { return NVVM::GridDimXOp::create(builder, loc, builder.getI32Type()); }

//===----------------------------------------------------------------------===//
// Floats and bits
//===----------------------------------------------------------------------===//

Value WarpCode::subFloat(Value a, Value b) { return arith::SubFOp::create(builder, loc, a, b); }
Value WarpCode::divFloat(Value a, Value b) { return arith::DivFOp::create(builder, loc, a, b); }
Value WarpCode::divNearly(Value a, Value b) {
  return arith::DivFOp::create(builder, loc, a, b, arith::FastMathFlags::arcp);
}
Value WarpCode::maxFloat(Value a, Value b) { return arith::MaxNumFOp::create(builder, loc, a, b); }
Value WarpCode::exp(Value a) { return math::ExpOp::create(builder, loc, a); }
Value WarpCode::sigmoid(Value a) {
  Value falling = exp(arith::NegFOp::create(builder, loc, a));
  // The exponential is no more exact than the reciprocal that this allows.
  return divNearly(f32(1), addFloat(f32(1), falling));
}
Value WarpCode::rounded(Value a, DType type) {
  switch (type) {
  case DType::F32:
    return a;
  case DType::BF16: {
    // Widened as an integer: of an extension LLVM makes comparisons of bf16, which
    // PTX does not have in the form that it writes.
    Value narrow = arith::TruncFOp::create(builder, loc, builder.getBF16Type(), a);
    Value bits = arith::BitcastOp::create(builder, loc, builder.getI16Type(), narrow);
    Value word = arith::ExtUIOp::create(builder, loc, builder.getI32Type(), bits);
    return floatOf(shiftLeft(word, i32(16)));
  }
  }
  return a;
}
Value WarpCode::bitsOf(Value a) {
  return arith::BitcastOp::create(builder, loc, builder.getI32Type(), a);
}
Value WarpCode::floatOf(Value a) {
  return arith::BitcastOp::create(builder, loc, builder.getF32Type(), a);
}
std::pair<Value, Value> WarpCode::floatsOf(Value word) {
  return {floatOf(shiftLeft(word, i32(16))), floatOf(bitAnd(word, i32(0xffff0000)))};
}
Value WarpCode::countBits(Value a) { return math::CtPopOp::create(builder, loc, a); }
Value WarpCode::lowestBit(Value a) { return math::CountTrailingZerosOp::create(builder, loc, a); }
Value WarpCode::divUp(Value a, Value b) {
  Value one = b.getType().isInteger(64) ? i64(1) : i32(1);
  return div(add(a, sub(b, one)), b);
}

// By way of a reciprocal that is made too small by all that is rounded: the approximation, this
// and the next product. Up to 2^21, the quotient is right or one too small.
Value WarpCode::divUpShort(Value a, Value b) {
  constexpr double less = 1 - 1.0 / (1 << 22);
  auto asFloat = [&](Value x) {
    return arith::UIToFPOp::create(builder, loc, builder.getF32Type(), x).getResult();
  };
  Value factor = mulFloat(divNearly(f32(1), asFloat(b)), f32(less));
  Value product = mulFloat(asFloat(a), factor);
  Value quotient = arith::FPToUIOp::create(builder, loc, builder.getI32Type(), product);
  Value rest = sub(a, mul(quotient, b)), one = i32(1);
  quotient = select(equal(rest, i32(0)), quotient, add(quotient, one));
  return select(ScalarCode::less(b, rest), add(quotient, one), quotient);
}

Value WarpCode::addressOf(Value pointer) {
  return LLVM::PtrToIntOp::create(builder, loc, builder.getI64Type(), pointer);
}

//===----------------------------------------------------------------------===//
// Vectors
//===----------------------------------------------------------------------===//

ScalarCode::Values WarpCode::loadVector(Value address) {
  auto type = VectorType::get(vectorBytes / 4, builder.getI32Type());
  Value vector = LLVM::LoadOp::create(builder, loc, type, address, vectorBytes);
  Values words;
  for (unsigned i = 0; i < vectorBytes / 4; ++i)
    words.push_back(LLVM::ExtractElementOp::create(builder, loc, vector, i32(i)));
  return words;
}
void WarpCode::storeVector(ValueRange words, Value address) {
  auto type = VectorType::get(vectorBytes / 4, builder.getI32Type());
  Value vector = LLVM::UndefOp::create(builder, loc, type);
  for (auto [i, word] : llvm::enumerate(words))
    vector = LLVM::InsertElementOp::create(builder, loc, vector, word, i32(int64_t(i)));
  LLVM::StoreOp::create(builder, loc, vector, address, vectorBytes);
}

//===----------------------------------------------------------------------===//
// Exchanges
//===----------------------------------------------------------------------===//

Value WarpCode::fromLane(Value value, Value lane) {
  return NVVM::ShflOp::create(builder, loc, value.getType(), i32(allLanes), value, lane,
                              i32(wholeWarp), NVVM::ShflKind::idx, UnitAttr());
}
Value WarpCode::fromLane64(Value value, Value lane) {
  Value low = fromLane(narrow(value), lane);
  Value high = fromLane(narrow(shiftRight(value, i64(32))), lane);
  return bitOr(shiftLeft(widen(high), i64(32)), widen(low));
}
Value WarpCode::shuffleXor(Value value, unsigned distance) {
  return NVVM::ShflOp::create(builder, loc, value.getType(), i32(allLanes), value, i32(distance),
                              i32(wholeWarp), NVVM::ShflKind::bfly, UnitAttr());
}
Value WarpCode::ballot(Value condition) {
  return NVVM::VoteSyncOp::create(builder, loc, builder.getI32Type(), i32(allLanes), condition,
                                  NVVM::VoteSyncKind::ballot);
}

Value WarpCode::lanesWith(Value value) {
  return NVVM::MatchSyncOp::create(builder, loc, builder.getI32Type(), i32(allLanes), value,
                                   NVVM::MatchSyncKind::any);
}

static Value reduce(WarpCode &code, NVVM::ReduxKind kind, Value value) {
  return NVVM::ReduxOp::create(code.builder, code.loc, value.getType(), value, kind,
                               code.i32(allLanes));
}
Value WarpCode::warpMax(Value a) { return reduce(*this, NVVM::ReduxKind::UMAX, a); }
Value WarpCode::warpMin(Value a) { return reduce(*this, NVVM::ReduxKind::UMIN, a); }
Value WarpCode::warpSum(Value a) { return reduce(*this, NVVM::ReduxKind::ADD, a); }
Value WarpCode::warpOr(Value a) { return reduce(*this, NVVM::ReduxKind::OR, a); }

Value WarpCode::warpMaxFloat(Value a) {
  for (unsigned distance = warpLanes / 2; distance; distance /= 2)
    a = maxFloat(a, shuffleXor(a, distance));
  return a;
}
Value WarpCode::warpSumFloat(Value a) {
  for (unsigned distance = warpLanes / 2; distance; distance /= 2)
    a = addFloat(a, shuffleXor(a, distance));
  return a;
}
std::pair<Value, Value> WarpCode::sumBelow(Value value) {
  Value sum = value, self = lane();
  for (unsigned distance = 1; distance < warpLanes; distance *= 2) {
    Value from = NVVM::ShflOp::create(builder, loc, sum.getType(), i32(allLanes), sum,
                                      i32(distance), i32(0), NVVM::ShflKind::up, UnitAttr());
    sum = add(sum, select(atLeast(self, i32(distance)), from, i32(0)));
  }
  return {sub(sum, value), fromLane(sum, i32(warpLanes - 1))};
}
Value WarpCode::lanesBelow() { return sub(shiftLeft(i32(1), lane()), i32(1)); }

//===----------------------------------------------------------------------===//
// Order
//===----------------------------------------------------------------------===//

void WarpCode::syncWarp() { NVVM::SyncWarpOp::create(builder, loc, i32(allLanes)); }
void WarpCode::syncStage() {
  NVVM::BarrierOp::create(builder, loc, TypeRange(), i32(stageBarrier), i32(stageWarps * warpLanes),
                          NVVM::BarrierReductionAttr(), Value());
}

} // namespace moec::fusion
