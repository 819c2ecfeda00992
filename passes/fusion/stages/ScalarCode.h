//===- ScalarCode.h - Write the scalar code of a role -----------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One word an operation, put where the builder stands. Integers are unsigned, as
// counts, indices and addresses are; constants fold on the way.
//===----------------------------------------------------------------------===//

#ifndef MOEC_PASSES_FUSION_STAGES_SCALARCODE_H
#define MOEC_PASSES_FUSION_STAGES_SCALARCODE_H

#include "mlir/IR/Builders.h"

namespace moec::fusion {

class ScalarCode {
public:
  using Values = llvm::SmallVector<mlir::Value>;

  ScalarCode(mlir::OpBuilder &builder, mlir::Location loc) : builder(builder), loc(loc) {}

  mlir::Value i1(bool value);
  mlir::Value i32(int64_t value);
  mlir::Value i64(int64_t value);
  mlir::Value f32(double value);

  // Operands are of one type.
  mlir::Value add(mlir::Value a, mlir::Value b);
  mlir::Value sub(mlir::Value a, mlir::Value b);
  mlir::Value mul(mlir::Value a, mlir::Value b);
  mlir::Value div(mlir::Value a, mlir::Value b);
  mlir::Value rem(mlir::Value a, mlir::Value b);
  mlir::Value min(mlir::Value a, mlir::Value b);
  mlir::Value max(mlir::Value a, mlir::Value b);
  mlir::Value bitAnd(mlir::Value a, mlir::Value b);
  mlir::Value bitOr(mlir::Value a, mlir::Value b);
  mlir::Value bitXor(mlir::Value a, mlir::Value b);
  mlir::Value shiftLeft(mlir::Value a, mlir::Value b);
  mlir::Value shiftRight(mlir::Value a, mlir::Value b);

  // f32, that LLVM must not contract.
  mlir::Value addFloat(mlir::Value a, mlir::Value b);
  mlir::Value mulFloat(mlir::Value a, mlir::Value b);

  mlir::Value equal(mlir::Value a, mlir::Value b);
  mlir::Value notEqual(mlir::Value a, mlir::Value b);
  mlir::Value less(mlir::Value a, mlir::Value b);
  mlir::Value atLeast(mlir::Value a, mlir::Value b);
  mlir::Value select(mlir::Value condition, mlir::Value a, mlir::Value b);

  mlir::Value widen(mlir::Value a);  ///< i32 to i64, zeros above; i64 stays
  mlir::Value narrow(mlir::Value a); ///< i64 to i32

  /// `base` moved by `bytes`, an i32 or i64.
  mlir::Value advance(mlir::Value base, mlir::Value bytes);
  mlir::Value advance(mlir::Value base, uint64_t bytes);
  /// Address of element `index` of an array of `size`-byte elements: 64 bits wide.
  mlir::Value element(mlir::Value base, mlir::Value index, uint64_t size);
  /// An address in global memory from its number.
  mlir::Value toPointer(mlir::Value address);

  mlir::Value load(mlir::Type type, mlir::Value address, uint64_t offset = 0);
  mlir::Value loadI32(mlir::Value address, uint64_t offset = 0);
  mlir::Value loadI64(mlir::Value address, uint64_t offset = 0);
  mlir::Value loadF32(mlir::Value address, uint64_t offset = 0);
  void store(mlir::Value value, mlir::Value address, uint64_t offset = 0);

  void ifThen(mlir::Value condition, llvm::function_ref<void()> body);
  /// Both bodies return as many values.
  Values ifElse(mlir::Value condition, llvm::function_ref<Values()> then,
                llvm::function_ref<Values()> otherwise);
  /// From `low` up to `high`; the body takes the index and the carried values and
  /// returns the next ones.
  Values forRange(mlir::Value low, mlir::Value high, mlir::Value step, mlir::ValueRange carried,
                  llvm::function_ref<Values(mlir::Value, mlir::ValueRange)> body);
  /// While `condition` holds of the carried values.
  Values whileTrue(mlir::ValueRange carried,
                   llvm::function_ref<mlir::Value(mlir::ValueRange)> condition,
                   llvm::function_ref<Values(mlir::ValueRange)> body);

  mlir::OpBuilder &builder;
  mlir::Location loc;
};

} // namespace moec::fusion

#endif // MOEC_PASSES_FUSION_STAGES_SCALARCODE_H
