//===- ScalarCode.cpp - Write the scalar code of a role -------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/fusion/stages/ScalarCode.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

namespace moec::fusion {
using namespace mlir;

/// Address space of global memory.
static constexpr unsigned globalSpace = 1;

//===----------------------------------------------------------------------===//
// Constants and arithmetic
//===----------------------------------------------------------------------===//

Value ScalarCode::i1(bool value) {
  return arith::ConstantOp::create(builder, loc, builder.getBoolAttr(value));
}
Value ScalarCode::i32(int64_t value) {
  return arith::ConstantOp::create(builder, loc, builder.getI32IntegerAttr(int32_t(value)));
}
Value ScalarCode::i64(int64_t value) {
  return arith::ConstantOp::create(builder, loc, builder.getI64IntegerAttr(value));
}
Value ScalarCode::f32(double value) {
  return arith::ConstantOp::create(builder, loc, builder.getF32FloatAttr(float(value)));
}

template <typename Op> static Value binary(ScalarCode &code, Value a, Value b) {
  return code.builder.createOrFold<Op>(code.loc, a, b);
}

Value ScalarCode::add(Value a, Value b) { return binary<arith::AddIOp>(*this, a, b); }
Value ScalarCode::sub(Value a, Value b) { return binary<arith::SubIOp>(*this, a, b); }
Value ScalarCode::mul(Value a, Value b) { return binary<arith::MulIOp>(*this, a, b); }
Value ScalarCode::div(Value a, Value b) { return binary<arith::DivUIOp>(*this, a, b); }
Value ScalarCode::rem(Value a, Value b) { return binary<arith::RemUIOp>(*this, a, b); }
Value ScalarCode::min(Value a, Value b) { return binary<arith::MinUIOp>(*this, a, b); }
Value ScalarCode::max(Value a, Value b) { return binary<arith::MaxUIOp>(*this, a, b); }
Value ScalarCode::bitAnd(Value a, Value b) { return binary<arith::AndIOp>(*this, a, b); }
Value ScalarCode::bitOr(Value a, Value b) { return binary<arith::OrIOp>(*this, a, b); }
Value ScalarCode::bitXor(Value a, Value b) { return binary<arith::XOrIOp>(*this, a, b); }
Value ScalarCode::shiftLeft(Value a, Value b) { return binary<arith::ShLIOp>(*this, a, b); }
Value ScalarCode::shiftRight(Value a, Value b) { return binary<arith::ShRUIOp>(*this, a, b); }

Value ScalarCode::addFloat(Value a, Value b) { return binary<arith::AddFOp>(*this, a, b); }
Value ScalarCode::mulFloat(Value a, Value b) { return binary<arith::MulFOp>(*this, a, b); }

static Value compare(ScalarCode &code, arith::CmpIPredicate predicate, Value a, Value b) {
  return code.builder.createOrFold<arith::CmpIOp>(code.loc, predicate, a, b);
}

Value ScalarCode::equal(Value a, Value b) { return compare(*this, arith::CmpIPredicate::eq, a, b); }
Value ScalarCode::notEqual(Value a, Value b) {
  return compare(*this, arith::CmpIPredicate::ne, a, b);
}
Value ScalarCode::less(Value a, Value b) { return compare(*this, arith::CmpIPredicate::ult, a, b); }
Value ScalarCode::atLeast(Value a, Value b) {
  return compare(*this, arith::CmpIPredicate::uge, a, b);
}
Value ScalarCode::select(Value condition, Value a, Value b) {
  return builder.createOrFold<arith::SelectOp>(loc, condition, a, b);
}

Value ScalarCode::widen(Value a) {
  if (a.getType().isInteger(64))
    return a;
  return builder.createOrFold<arith::ExtUIOp>(loc, builder.getI64Type(), a);
}
Value ScalarCode::narrow(Value a) {
  return builder.createOrFold<arith::TruncIOp>(loc, builder.getI32Type(), a);
}

//===----------------------------------------------------------------------===//
// Memory
//===----------------------------------------------------------------------===//

Value ScalarCode::advance(Value base, Value bytes) {
  return LLVM::GEPOp::create(builder, loc, base.getType(), builder.getI8Type(), base,
                             ArrayRef<LLVM::GEPArg>{widen(bytes)});
}
Value ScalarCode::advance(Value base, uint64_t bytes) {
  return bytes ? advance(base, i64(int64_t(bytes))) : base;
}
Value ScalarCode::element(Value base, Value index, uint64_t size) {
  return advance(base, mul(widen(index), i64(int64_t(size))));
}
Value ScalarCode::toPointer(Value address) {
  auto type = LLVM::LLVMPointerType::get(builder.getContext(), globalSpace);
  return LLVM::IntToPtrOp::create(builder, loc, type, address);
}

static unsigned getBytes(Type type) { return type.getIntOrFloatBitWidth() / 8; }

Value ScalarCode::load(Type type, Value address, uint64_t offset) {
  return LLVM::LoadOp::create(builder, loc, type, advance(address, offset), getBytes(type));
}
Value ScalarCode::loadI32(Value address, uint64_t offset) {
  return load(builder.getI32Type(), address, offset);
}
Value ScalarCode::loadI64(Value address, uint64_t offset) {
  return load(builder.getI64Type(), address, offset);
}
Value ScalarCode::loadF32(Value address, uint64_t offset) {
  return load(builder.getF32Type(), address, offset);
}
void ScalarCode::store(Value value, Value address, uint64_t offset) {
  LLVM::StoreOp::create(builder, loc, value, advance(address, offset), getBytes(value.getType()));
}

//===----------------------------------------------------------------------===//
// Control flow
//===----------------------------------------------------------------------===//

void ScalarCode::ifThen(Value condition, llvm::function_ref<void()> body) {
  auto branch = scf::IfOp::create(builder, loc, condition, /*withElseRegion=*/false);
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(branch.thenBlock());
  body();
}

ScalarCode::Values ScalarCode::ifElse(Value condition, llvm::function_ref<Values()> then,
                                      llvm::function_ref<Values()> otherwise) {
  // The types are those of the values, so the bodies are made first.
  OpBuilder::InsertionGuard guard(builder);
  Region thenRegion, elseRegion;
  auto make = [&](Region &region, llvm::function_ref<Values()> body) {
    builder.setInsertionPointToStart(&region.emplaceBlock());
    Values values = body();
    scf::YieldOp::create(builder, loc, values);
    return llvm::to_vector(ValueRange(values).getTypes());
  };
  OpBuilder::InsertPoint place = builder.saveInsertionPoint();
  SmallVector<Type> types = make(thenRegion, then);
  make(elseRegion, otherwise);
  builder.restoreInsertionPoint(place);
  auto branch = scf::IfOp::create(builder, loc, types, condition);
  branch.getThenRegion().takeBody(thenRegion);
  branch.getElseRegion().takeBody(elseRegion);
  return llvm::to_vector(ValueRange(branch.getResults()));
}

ScalarCode::Values ScalarCode::forRange(Value low, Value high, Value step, ValueRange carried,
                                        llvm::function_ref<Values(Value, ValueRange)> body) {
  auto loop = scf::ForOp::create(builder, loc, low, high, step, carried);
  OpBuilder::InsertionGuard guard(builder);
  Block *block = loop.getBody();
  if (carried.empty())
    block->getTerminator()->erase();
  builder.setInsertionPointToStart(block);
  scf::YieldOp::create(builder, loc, body(loop.getInductionVar(), loop.getRegionIterArgs()));
  return llvm::to_vector(ValueRange(loop.getResults()));
}

ScalarCode::Values ScalarCode::whileTrue(ValueRange carried,
                                         llvm::function_ref<Value(ValueRange)> condition,
                                         llvm::function_ref<Values(ValueRange)> body) {
  auto before = [&](OpBuilder &, Location, ValueRange args) {
    scf::ConditionOp::create(builder, loc, condition(args), args);
  };
  auto after = [&](OpBuilder &, Location, ValueRange args) {
    scf::YieldOp::create(builder, loc, body(args));
  };
  // The callbacks must write where the loop's own builder stands: it is this one.
  auto loop = scf::WhileOp::create(builder, loc, carried.getTypes(), carried, before, after);
  return llvm::to_vector(ValueRange(loop.getResults()));
}

} // namespace moec::fusion
