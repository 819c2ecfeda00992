//===- Emitter.cpp - The instructions that kernels are made of ------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/lowering/Emitter.h"
#include "dialects/tile/TileOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace moec::lowering {

//===----------------------------------------------------------------------===//
// Types and integers
//===----------------------------------------------------------------------===//

Type Emitter::i1Type() { return builder.getI1Type(); }
Type Emitter::i32Type() { return builder.getI32Type(); }
Type Emitter::i64Type() { return builder.getI64Type(); }
Type Emitter::f32Type() { return builder.getF32Type(); }
Type Emitter::globalPointerType() { return LLVM::LLVMPointerType::get(builder.getContext(), 1); }
Type Emitter::sharedPointerType() { return LLVM::LLVMPointerType::get(builder.getContext(), 3); }

static Value constant(Emitter &e, Type type, int64_t value) {
  return arith::ConstantOp::create(e.builder, e.loc, IntegerAttr::get(type, value));
}

/// The number that a value is known to be.
static std::optional<int64_t> getNumber(Value value) {
  auto op = value.getDefiningOp<arith::ConstantOp>();
  auto number = op ? dyn_cast<IntegerAttr>(op.getValue()) : IntegerAttr();
  return number ? std::optional(number.getInt()) : std::nullopt;
}

Value Emitter::i32(int64_t value) { return constant(*this, i32Type(), value); }
Value Emitter::i64(int64_t value) { return constant(*this, i64Type(), value); }
Value Emitter::i1(bool value) { return constant(*this, i1Type(), value); }

Value Emitter::add(Value a, Value b) { return arith::AddIOp::create(builder, loc, a, b); }
Value Emitter::sub(Value a, Value b) { return arith::SubIOp::create(builder, loc, a, b); }
Value Emitter::mul(Value a, Value b) { return arith::MulIOp::create(builder, loc, a, b); }
Value Emitter::divide(Value a, Value b) { return arith::DivUIOp::create(builder, loc, a, b); }
Value Emitter::bitAnd(Value a, Value b) { return arith::AndIOp::create(builder, loc, a, b); }
Value Emitter::bitOr(Value a, Value b) { return arith::OrIOp::create(builder, loc, a, b); }
Value Emitter::bitXor(Value a, Value b) { return arith::XOrIOp::create(builder, loc, a, b); }
Value Emitter::min(Value a, Value b) { return arith::MinUIOp::create(builder, loc, a, b); }

// Folds what is a constant anyway: the IR is read by people, too.
Value Emitter::add(Value a, int64_t b) {
  if (std::optional<int64_t> known = getNumber(a))
    return constant(*this, a.getType(), *known + b);
  return b ? add(a, constant(*this, a.getType(), b)) : a;
}
Value Emitter::sub(Value a, int64_t b) { return b ? sub(a, constant(*this, a.getType(), b)) : a; }
Value Emitter::mul(Value a, int64_t b) {
  return b == 1 ? a : mul(a, constant(*this, a.getType(), b));
}
Value Emitter::divide(Value a, int64_t b) {
  return b == 1 ? a : divide(a, constant(*this, a.getType(), b));
}
Value Emitter::bitAnd(Value a, int64_t b) { return bitAnd(a, constant(*this, a.getType(), b)); }
Value Emitter::bitOr(Value a, int64_t b) { return bitOr(a, constant(*this, a.getType(), b)); }
Value Emitter::bitXor(Value a, int64_t b) {
  return b ? bitXor(a, constant(*this, a.getType(), b)) : a;
}
Value Emitter::min(Value a, int64_t b) { return min(a, constant(*this, a.getType(), b)); }

Value Emitter::signedMin(Value a, int64_t b) {
  return arith::MinSIOp::create(builder, loc, a, constant(*this, a.getType(), b));
}

/// By way of a reciprocal that is made a little too small for all that is rounded on the
/// way: the quotient is right or one too small.
std::pair<Value, Value> Emitter::divideShort(Value a, Value b) {
  constexpr double less = 1 - 1.0 / (1 << 20);
  auto asFloat = [&](Value x) { return arith::UIToFPOp::create(builder, loc, f32Type(), x); };
  Value factor = arith::MulFOp::create(builder, loc, reciprocal(asFloat(b)), f32(less));
  Value product = arith::MulFOp::create(builder, loc, asFloat(a), factor);
  Value quotient = arith::FPToUIOp::create(builder, loc, i32Type(), product);
  Value rest = sub(a, mul(quotient, b));
  Value isShort = compare(Compare::AtLeast, rest, b);
  quotient = select(isShort, add(quotient, 1), quotient);
  return {quotient, select(isShort, sub(rest, b), rest)};
}

Value Emitter::shiftRight(Value a, int64_t bits) {
  return arith::ShRUIOp::create(builder, loc, a, constant(*this, a.getType(), bits));
}
Value Emitter::shiftLeft(Value a, int64_t bits) {
  return arith::ShLIOp::create(builder, loc, a, constant(*this, a.getType(), bits));
}

static arith::CmpIPredicate getPredicate(Compare how) {
  switch (how) {
  case Compare::Equal:
    return arith::CmpIPredicate::eq;
  case Compare::NotEqual:
    return arith::CmpIPredicate::ne;
  case Compare::Less:
    return arith::CmpIPredicate::ult;
  case Compare::AtLeast:
    return arith::CmpIPredicate::uge;
  case Compare::Greater:
    return arith::CmpIPredicate::ugt;
  case Compare::SignedAtLeast:
    return arith::CmpIPredicate::sge;
  }
  llvm_unreachable("unknown comparison");
}

Value Emitter::compare(Compare how, Value a, Value b) {
  return arith::CmpIOp::create(builder, loc, getPredicate(how), a, b);
}
Value Emitter::compare(Compare how, Value a, int64_t b) {
  return compare(how, a, constant(*this, a.getType(), b));
}
Value Emitter::select(Value condition, Value a, Value b) {
  return arith::SelectOp::create(builder, loc, condition, a, b);
}
Value Emitter::widen(Value value, Type type) {
  return arith::ExtUIOp::create(builder, loc, type, value);
}
Value Emitter::widenSigned(Value value, Type type) {
  return arith::ExtSIOp::create(builder, loc, type, value);
}
Value Emitter::narrow(Value value) {
  return arith::TruncIOp::create(builder, loc, i32Type(), value);
}

//===----------------------------------------------------------------------===//
// Control
//===----------------------------------------------------------------------===//

void Emitter::ifThen(Value condition, llvm::function_ref<void()> body) {
  auto op = scf::IfOp::create(builder, loc, condition, /*withElseRegion=*/false);
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(op.thenBlock());
  body();
}

void Emitter::ifThenElse(Value condition, llvm::function_ref<void()> then,
                         llvm::function_ref<void()> otherwise) {
  auto op = scf::IfOp::create(builder, loc, condition, /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(op.thenBlock());
  then();
  builder.setInsertionPointToStart(op.elseBlock());
  otherwise();
}

SmallVector<Value> Emitter::choose(Value condition, TypeRange types,
                                   llvm::function_ref<SmallVector<Value>()> then,
                                   llvm::function_ref<SmallVector<Value>()> otherwise) {
  auto op = scf::IfOp::create(builder, loc, types, condition, /*addThenBlock=*/true,
                              /*addElseBlock=*/true);
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(op.thenBlock());
  scf::YieldOp::create(builder, loc, then());
  builder.setInsertionPointToStart(op.elseBlock());
  scf::YieldOp::create(builder, loc, otherwise());
  return op.getResults();
}

SmallVector<Value> Emitter::loopWhile(ValueRange init, llvm::function_ref<Test(ValueRange)> before,
                                      llvm::function_ref<SmallVector<Value>(ValueRange)> after) {
  // The types that `before` passes on are known only after it was built.
  Block first;
  for (Value value : init)
    first.addArgument(value.getType(), loc);
  SmallVector<Value> passed;
  {
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(&first);
    Test test = before(first.getArguments());
    scf::ConditionOp::create(builder, loc, test.again, test.values);
    passed = test.values;
  }
  auto op = scf::WhileOp::create(builder, loc, ValueRange(passed).getTypes(), init);
  OpBuilder::InsertionGuard guard(builder);
  Block *condition = builder.createBlock(&op.getBefore(), {}, ValueRange(init).getTypes(),
                                         SmallVector<Location>(init.size(), loc));
  for (auto [from, to] : llvm::zip_equal(first.getArguments(), condition->getArguments()))
    from.replaceAllUsesWith(to);
  condition->getOperations().splice(condition->end(), first.getOperations());
  Block *body = builder.createBlock(&op.getAfter(), {}, ValueRange(passed).getTypes(),
                                    SmallVector<Location>(passed.size(), loc));
  SmallVector<Value> next = after(body->getArguments());
  scf::YieldOp::create(builder, loc, next);
  return op.getResults();
}

void Emitter::loopFor(Value lower, Value upper, Value step, llvm::function_ref<void(Value)> body) {
  auto op = scf::ForOp::create(builder, loc, lower, upper, step);
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(op.getBody());
  body(op.getInductionVar());
}

Attribute Emitter::noUnroll() {
  MLIRContext *context = builder.getContext();
  auto unroll = LLVM::LoopUnrollAttr::get(context, /*disable=*/builder.getBoolAttr(true), {}, {},
                                          {}, {}, {}, {});
  return LLVM::LoopAnnotationAttr::get(context, {}, {}, {}, unroll, {}, {}, {}, {}, {}, {}, {}, {},
                                       {}, {}, {});
}

//===----------------------------------------------------------------------===//
// Memory
//===----------------------------------------------------------------------===//

Value Emitter::offset(Value pointer, Value bytes) {
  return LLVM::GEPOp::create(builder, loc, pointer.getType(), builder.getI8Type(), pointer,
                             ArrayRef<LLVM::GEPArg>{bytes});
}
Value Emitter::offset(Value pointer, int64_t bytes) {
  if (!bytes)
    return pointer;
  return LLVM::GEPOp::create(builder, loc, pointer.getType(), builder.getI8Type(), pointer,
                             ArrayRef<LLVM::GEPArg>{LLVM::GEPArg(int32_t(bytes))});
}

static unsigned getAlignment(Type type) {
  if (isa<LLVM::LLVMPointerType>(type))
    return 8;
  return type.getIntOrFloatBitWidth() / 8;
}

Value Emitter::load(Type type, Value pointer, bool invariant) {
  return LLVM::LoadOp::create(builder, loc, type, pointer, getAlignment(type),
                              /*isVolatile=*/false, /*isNonTemporal=*/false, invariant);
}
std::pair<Value, Value> Emitter::loadPair(Value pointer) {
  auto type = VectorType::get(2, f32Type());
  Value pair = LLVM::LoadOp::create(builder, loc, type, pointer, /*alignment=*/8,
                                    /*isVolatile=*/false, /*isNonTemporal=*/false,
                                    /*isInvariant=*/true);
  return {LLVM::ExtractElementOp::create(builder, loc, pair, i32(0)),
          LLVM::ExtractElementOp::create(builder, loc, pair, i32(1))};
}
void Emitter::store(Value value, Value pointer) {
  LLVM::StoreOp::create(builder, loc, value, pointer, getAlignment(value.getType()));
}
Value Emitter::genericPointer(Value global) {
  return LLVM::AddrSpaceCastOp::create(builder, loc,
                                       LLVM::LLVMPointerType::get(builder.getContext()), global);
}
Value Emitter::pointerToInt(Value shared) {
  return LLVM::PtrToIntOp::create(builder, loc, i32Type(), shared);
}
Value Emitter::sharedBase() {
  return LLVM::AddressOfOp::create(builder, loc, sharedPointerType(), kSharedMemory);
}

//===----------------------------------------------------------------------===//
// Threads
//===----------------------------------------------------------------------===//

Value Emitter::threadId() { return NVVM::ThreadIdXOp::create(builder, loc, i32Type()); }
Value Emitter::ctaX() { return NVVM::BlockIdXOp::create(builder, loc, i32Type()); }
Value Emitter::ctaZ() { return NVVM::BlockIdZOp::create(builder, loc, i32Type()); }
Value Emitter::gridX() { return NVVM::GridDimXOp::create(builder, loc, i32Type()); }
Value Emitter::lane() { return bitAnd(threadId(), 31); }
Value Emitter::warpId() {
  auto function = builder.getBlock()->getParent()->getParentOfType<LLVM::LLVMFuncOp>();
  Block &entry = function.getBody().front();
  for (auto shuffle : entry.getOps<NVVM::ShflOp>())
    return shuffle.getRes();
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(&entry);
  return NVVM::ShflOp::create(builder, loc, i32Type(), i32(-1), shiftRight(threadId(), 5), i32(0),
                              i32(31), NVVM::ShflKind::idx, UnitAttr());
}
Value Emitter::elect() { return NVVM::ElectSyncOp::create(builder, loc, i1Type(), Value()); }
void Emitter::warpSync() { NVVM::SyncWarpOp::create(builder, loc, i32(-1)); }

static Value vote(Emitter &e, NVVM::VoteSyncKind kind, Type type, Value condition) {
  return NVVM::VoteSyncOp::create(e.builder, e.loc, type, e.i32(-1), condition, kind);
}
Value Emitter::voteAll(Value condition) {
  return vote(*this, NVVM::VoteSyncKind::all, i1Type(), condition);
}
Value Emitter::voteAny(Value condition) {
  return vote(*this, NVVM::VoteSyncKind::any, i1Type(), condition);
}
Value Emitter::ballot(Value condition) {
  return vote(*this, NVVM::VoteSyncKind::ballot, i32Type(), condition);
}

void Emitter::ctaBarrier() { NVVM::BarrierOp::create(builder, loc); }
void Emitter::barrier(unsigned id, unsigned threads) {
  NVVM::BarrierOp::create(builder, loc, TypeRange{}, i32(id), i32(threads),
                          NVVM::BarrierReductionAttr(), Value());
}
void Emitter::barrierArrive(unsigned id, unsigned threads) {
  NVVM::BarrierArriveOp::create(builder, loc, i32(id), i32(threads));
}
void Emitter::roleBarrier(const RolePlace &place) { barrier(place.barrier(), place.threads()); }
void Emitter::meetingOfRoles(const RolePlace &place) {
  tile::PtxBarrierSyncOp::create(builder, loc, place.barrier(), place.threads());
}
void Emitter::setMaxRegisters(unsigned count, bool increase) {
  NVVM::SetMaxRegisterOp::create(builder, loc, count,
                                 increase ? NVVM::SetMaxRegisterAction::increase
                                          : NVVM::SetMaxRegisterAction::decrease);
}

//===----------------------------------------------------------------------===//
// Barriers in shared memory, fences
//===----------------------------------------------------------------------===//

/// How long one try may wait; the op loops.
static constexpr int64_t kTryTicks = 10'000'000;

void Emitter::initBarrier(Value barrier, int64_t arrivals) {
  NVVM::MBarrierInitOp::create(builder, loc, barrier, i32(arrivals), Value());
}
void Emitter::waitBarrier(Value barrier, Value parity) {
  NVVM::MBarrierTryWaitParityOp::create(builder, loc, barrier, parity, i32(kTryTicks));
}
void Emitter::arrive(Value barrier) {
  NVVM::MBarrierArriveOp::create(builder, loc, i64Type(), barrier, Value());
}
void Emitter::arriveExpecting(Value barrier, int64_t bytes) {
  NVVM::MBarrierArriveExpectTxOp::create(builder, loc, Type(), barrier, i32(bytes),
                                         NVVM::MemScopeKind::CTA, false, Value());
}
void Emitter::fenceBarrierInit() { NVVM::FenceMbarrierInitOp::create(builder, loc); }

void Emitter::fenceProxy(Proxy proxy) {
  if (proxy == Proxy::All) {
    NVVM::FenceProxyOp::create(builder, loc, NVVM::ProxyKind::async, NVVM::SharedSpaceAttr());
    return;
  }
  NVVM::FenceProxyOp::create(
      builder, loc, NVVM::ProxyKind::async_shared,
      NVVM::SharedSpaceAttr::get(builder.getContext(), NVVM::SharedSpace::shared_cta));
}
void Emitter::fenceTensorMap(Value map) {
  NVVM::FenceProxyAcquireOp::create(builder, loc, NVVM::MemScopeKind::SYS, map, i32(128));
}

//===----------------------------------------------------------------------===//
// Copies
//===----------------------------------------------------------------------===//

void Emitter::tensorLoad(Value shared, Value map, ValueRange coordinates, Value barrier) {
  NVVM::CpAsyncBulkTensorGlobalToSharedClusterOp::create(
      builder, loc, shared, map, coordinates, barrier, ValueRange(), Value(), Value(),
      NVVM::TMALoadMode::TILE, /*isCTAOnly=*/true, NVVM::CTAGroupKindAttr(), Value());
}
void Emitter::tensorStore(Value map, Value shared, ValueRange coordinates) {
  NVVM::CpAsyncBulkTensorSharedCTAToGlobalOp::create(builder, loc, map, shared, coordinates,
                                                     Value(), NVVM::TMAStoreMode::TILE, Value());
}
void Emitter::bulkStore(Value global, Value shared, Value bytes) {
  NVVM::CpAsyncBulkSharedCTAToGlobalOp::create(builder, loc, global, shared, bytes, Value(),
                                               Value());
}
void Emitter::commitStores() { NVVM::CpAsyncBulkCommitGroupOp::create(builder, loc); }
void Emitter::waitStores(unsigned pending, bool onlyRead) {
  NVVM::CpAsyncBulkWaitGroupOp::create(builder, loc, pending,
                                       onlyRead ? builder.getUnitAttr() : UnitAttr());
}
void Emitter::asyncCopy(Value shared, Value global, Value size) {
  NVVM::CpAsyncOp::create(builder, loc, shared, global, 16, NVVM::LoadCacheModifierKind::CG, size);
}
void Emitter::commitCopies() { NVVM::CpAsyncCommitGroupOp::create(builder, loc); }
void Emitter::waitCopies(unsigned pending) {
  NVVM::CpAsyncWaitGroupOp::create(builder, loc, pending);
}

//===----------------------------------------------------------------------===//
// Matrices
//===----------------------------------------------------------------------===//

Value Emitter::undefined(Type type) { return LLVM::UndefOp::create(builder, loc, type); }
Value Emitter::f32(double value) {
  return arith::ConstantOp::create(builder, loc, builder.getF32FloatAttr(value));
}
Value Emitter::reciprocal(Value value) {
  return NVVM::RcpApproxFtzF32Op::create(builder, loc, f32Type(), value);
}
void Emitter::fenceMma() { NVVM::WgmmaFenceAlignedOp::create(builder, loc); }
void Emitter::commitMma() { NVVM::WgmmaGroupSyncAlignedOp::create(builder, loc); }
void Emitter::waitMma(unsigned pending) {
  NVVM::WgmmaWaitGroupSyncOp::create(builder, loc, pending);
}

Value Emitter::packBf16(Value low, Value high) {
  auto pair = VectorType::get({2}, builder.getBF16Type());
  Value packed = NVVM::ConvertF32x2ToBF16x2Op::create(builder, loc, pair, high, low, Value(),
                                                      NVVM::FPRoundingMode::RN);
  return LLVM::BitcastOp::create(builder, loc, i32Type(), packed);
}
void Emitter::storeMatrix(Value shared, ValueRange registers, bool transpose) {
  MLIRContext *context = builder.getContext();
  NVVM::StMatrixOp::create(
      builder, loc, shared, registers, transpose ? NVVM::MMALayout::col : NVVM::MMALayout::row,
      NVVM::LdStMatrixShapeAttr::get(context, 8, 8), NVVM::LdStMatrixEltType::B16);
}
void Emitter::storePair(Value shared, Value first, Value second) {
  auto type = VectorType::get({2}, f32Type());
  Value pair = undefined(type);
  pair = LLVM::InsertElementOp::create(builder, loc, pair, first, i32(0));
  pair = LLVM::InsertElementOp::create(builder, loc, pair, second, i32(1));
  LLVM::StoreOp::create(builder, loc, pair, shared, 8);
}

Value Emitter::globalTimer() { return NVVM::GlobalTimerOp::create(builder, loc, i64Type()); }
void Emitter::sleep(int64_t nanoseconds) {
  NVVM::NanosleepOp::create(builder, loc, i32(nanoseconds));
}

void insertDialects(DialectRegistry &registry) {
  registry.insert<arith::ArithDialect, LLVM::LLVMDialect, math::MathDialect, NVVM::NVVMDialect,
                  scf::SCFDialect, tile::TileDialect>();
}

} // namespace moec::lowering
