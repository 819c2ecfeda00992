//===- Emitter.h - The instructions that kernels are made of ----*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Plain functions on values, so that only one source has to read the headers of
// the llvm and nvvm dialects.
//===----------------------------------------------------------------------===//

#ifndef MOEC_PASSES_LOWERING_EMITTER_H
#define MOEC_PASSES_LOWERING_EMITTER_H

#include "mlir/IR/Builders.h"
#include "passes/lowering/RolePlace.h"
#include "llvm/ADT/STLFunctionalExtras.h"

namespace moec::lowering {

using mlir::Location;
using mlir::OpBuilder;
using mlir::Type;
using mlir::Value;
using mlir::ValueRange;

/// Symbol of the dynamic shared memory, one for all kernels of a module.
inline constexpr llvm::StringLiteral kSharedMemory = "shared_memory";

/// Comparisons of unsigned numbers, but for SignedAtLeast.
enum class Compare : uint8_t { Equal, NotEqual, Less, AtLeast, Greater, SignedAtLeast };

/// Which writes and which reads a proxy fence puts in order.
enum class Proxy : uint8_t { Shared, All };

/// Makes llvm, arith, scf and nvvm ops where `builder` stands.
class Emitter {
public:
  Emitter(OpBuilder &builder, Location loc) : builder(builder), loc(loc) {}

  OpBuilder &builder;
  Location loc;

  // Types.
  Type i1Type(), i32Type(), i64Type(), f32Type(), globalPointerType(), sharedPointerType();

  // Integers. A number beside a value has the value's type.
  Value i32(int64_t value), i64(int64_t value), i1(bool value);
  Value add(Value a, Value b), add(Value a, int64_t b);
  Value sub(Value a, Value b), sub(Value a, int64_t b);
  Value mul(Value a, Value b), mul(Value a, int64_t b);
  Value divide(Value a, Value b), divide(Value a, int64_t b);
  Value bitAnd(Value a, Value b), bitAnd(Value a, int64_t b);
  Value bitOr(Value a, Value b), bitOr(Value a, int64_t b);
  Value bitXor(Value a, Value b), bitXor(Value a, int64_t b);
  Value shiftRight(Value a, int64_t bits), shiftLeft(Value a, int64_t bits);
  Value min(Value a, Value b), min(Value a, int64_t b);
  Value signedMin(Value a, int64_t b);
  /// a / b and what is left, i32, where the quotient is below 2^19: a third of the
  /// instructions of a division.
  std::pair<Value, Value> divideShort(Value a, Value b);
  Value compare(Compare how, Value a, Value b), compare(Compare how, Value a, int64_t b);
  Value select(Value condition, Value a, Value b);
  Value widen(Value i32OrI1, Type type), widenSigned(Value i32, Type type);
  Value narrow(Value i64);

  // Control. Bodies are emitted with the builder inside.
  void ifThen(Value condition, llvm::function_ref<void()> body);
  void ifThenElse(Value condition, llvm::function_ref<void()> then,
                  llvm::function_ref<void()> otherwise);
  /// Results of `then` where the condition holds, else of `otherwise`.
  llvm::SmallVector<Value> choose(Value condition, mlir::TypeRange types,
                                  llvm::function_ref<llvm::SmallVector<Value>()> then,
                                  llvm::function_ref<llvm::SmallVector<Value>()> otherwise);
  struct Test {
    Value again;
    llvm::SmallVector<Value> values;
  };
  /// `before` runs, then as long as it says so `after` and `before` again. Returns
  /// what the last `before` passed on.
  llvm::SmallVector<Value>
  loopWhile(ValueRange init, llvm::function_ref<Test(ValueRange)> before,
            llvm::function_ref<llvm::SmallVector<Value>(ValueRange)> after);
  /// For i from lower up to upper by step, all i32.
  void loopFor(Value lower, Value upper, Value step, llvm::function_ref<void(Value)> body);

  /// For a loop that LLVM must not unroll, as `loop_annotation`.
  mlir::Attribute noUnroll();

  // Memory.
  Value offset(Value pointer, Value bytes), offset(Value pointer, int64_t bytes);
  Value load(Type type, Value pointer, bool invariant = false);
  /// Two f32 at an 8-byte boundary of memory that no one writes while the kernel runs.
  std::pair<Value, Value> loadPair(Value pointer);
  void store(Value value, Value pointer);
  Value genericPointer(Value global);
  Value pointerToInt(Value shared);
  /// Where the dynamic shared memory of the CTA begins.
  Value sharedBase();

  // Threads.
  Value threadId(), ctaX(), ctaZ(), gridX();
  Value lane();
  /// Of the CTA, shuffled from lane 0 once, at the very top of the function: there, and
  /// only there, ptxas sees that all lanes agree, and lets control stay uniform.
  Value warpId();
  Value elect();
  void warpSync();
  Value voteAll(Value condition), voteAny(Value condition), ballot(Value condition);
  void ctaBarrier();
  /// Aligned: all that wait come from this one instruction.
  void barrier(unsigned id, unsigned threads), barrierArrive(unsigned id, unsigned threads);
  /// Of the warps of a role.
  void roleBarrier(const RolePlace &place);
  /// The same, reached from different places of the kernel.
  void meetingOfRoles(const RolePlace &place);
  void setMaxRegisters(unsigned count, bool increase);

  // Barriers in shared memory.
  void initBarrier(Value barrier, int64_t arrivals);
  void waitBarrier(Value barrier, Value parity);
  void arrive(Value barrier);
  void arriveExpecting(Value barrier, int64_t bytes);
  void fenceBarrierInit();
  void fenceProxy(Proxy proxy);
  /// Before a tensor map in global memory is used.
  void fenceTensorMap(Value map);

  // Copies.
  void tensorLoad(Value shared, Value map, ValueRange coordinates, Value barrier);
  void tensorStore(Value map, Value shared, ValueRange coordinates);
  void bulkStore(Value global, Value shared, Value bytes);
  void commitStores();
  /// `onlyRead`: the source may be overwritten, the target may still be old.
  void waitStores(unsigned pending, bool onlyRead);
  /// 16 bytes, the first `size` of which are copied and the rest zero.
  void asyncCopy(Value shared, Value global, Value size = {});
  void commitCopies();
  void waitCopies(unsigned pending);

  // Matrices.
  Value undefined(Type type);
  Value f32(double value);
  /// Approximate, of f32.
  Value reciprocal(Value value);
  void fenceMma();
  void commitMma();
  /// Until at most `pending` groups are in flight; nothing reads the accumulators.
  void waitMma(unsigned pending);
  /// Two f32 as bf16 in one register.
  Value packBf16(Value low, Value high);
  /// 8x8 matrices of 16 bits from a warp to rows of shared memory.
  void storeMatrix(Value shared, ValueRange registers, bool transpose);
  /// Two f32 to shared memory at once.
  void storePair(Value shared, Value first, Value second);

  // Flags.
  Value globalTimer();
  void sleep(int64_t nanoseconds);
};

/// The dialects of the ops that it makes.
void insertDialects(mlir::DialectRegistry &registry);

} // namespace moec::lowering

#endif // MOEC_PASSES_LOWERING_EMITTER_H
