//===- KernelRewriter.cpp - Ops of a kernel into runtime calls -------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "codegen/emulator/KernelRewriter.h"

#include "mlir/IR/AttrTypeSubElements.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Interfaces/DataLayoutInterfaces.h"

namespace moec::emulator {
using namespace mlir;

KernelRewriter::KernelRewriter(ModuleOp module, rt::emulator::SiteTable &sites)
    : builder(module.getContext()), i1(builder.getI1Type()), i32(builder.getI32Type()),
      i64(builder.getI64Type()), f32(builder.getF32Type()),
      pointer(LLVM::LLVMPointerType::get(module.getContext())), module(module), sites(sites) {
  if (sites.empty())
    sites.push_back({});
}

// --- Values ----------------------------------------------------------------------

Value KernelRewriter::constant(int64_t value) {
  return LLVM::ConstantOp::create(builder, builder.getUnknownLoc(), i32,
                                  builder.getI32IntegerAttr(static_cast<int32_t>(value)));
}

Value KernelRewriter::constant64(int64_t value) {
  return LLVM::ConstantOp::create(builder, builder.getUnknownLoc(), i64,
                                  builder.getI64IntegerAttr(value));
}

Value KernelRewriter::address(Value value) {
  if (!isa<LLVM::LLVMPointerType>(value.getType()))
    return value;
  return LLVM::PtrToIntOp::create(builder, value.getLoc(), i64, value);
}

Value KernelRewriter::word(Value value) {
  if (!value.getType().isInteger() || value.getType().getIntOrFloatBitWidth() >= 32)
    return value;
  return LLVM::ZExtOp::create(builder, value.getLoc(), i32, value);
}

Value KernelRewriter::allocate(Operation *op, Type type) {
  OpBuilder::InsertionGuard guard(builder);
  auto function = op->getParentOfType<LLVM::LLVMFuncOp>();
  builder.setInsertionPointToStart(&function.getBody().front());
  return LLVM::AllocaOp::create(builder, op->getLoc(), pointer, type, constant(1), 64);
}

Value KernelRewriter::element(Value memory, Type type, int32_t index) {
  if (index == 0)
    return memory;
  return LLVM::GEPOp::create(builder, memory.getLoc(), pointer, type, memory,
                             ArrayRef<LLVM::GEPArg>{index});
}

// --- Calls -----------------------------------------------------------------------

std::pair<std::string, uint32_t> sourceOf(Location location) {
  std::pair<std::string, uint32_t> best;
  location->walk([&](Location part) {
    auto place = dyn_cast<FileLineColLoc>(part);
    if (!place)
      return WalkResult::advance();
    const StringRef file = place.getFilename().getValue();
    const bool isLayer = file.ends_with(".moe");
    if (best.first.empty() || isLayer)
      best = {file.str(), place.getLine()};
    return isLayer ? WalkResult::interrupt() : WalkResult::advance();
  });
  return best;
}

uint32_t KernelRewriter::siteOf(Operation *op) {
  const auto source = sourceOf(op->getLoc());
  auto function = op->getParentOfType<LLVM::LLVMFuncOp>();
  const std::string name = op->getName().getStringRef().str();
  auto [entry, isNew] = siteNumbers.try_emplace({name + " " + function.getName().str(), source},
                                                static_cast<uint32_t>(sites.size()));
  if (isNew)
    sites.push_back({name, function.getName().str(), source.first, source.second});
  return entry->second;
}

Value KernelRewriter::callPlain(Operation *op, StringRef function, Type result,
                                ValueRange arguments) {
  auto callee = module.lookupSymbol<LLVM::LLVMFuncOp>(function);
  if (!callee) {
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(module.getBody());
    Type type = result ? result : LLVM::LLVMVoidType::get(builder.getContext());
    callee = LLVM::LLVMFuncOp::create(
        builder, builder.getUnknownLoc(), function,
        LLVM::LLVMFunctionType::get(type, llvm::to_vector(arguments.getTypes())));
  }
  auto call = LLVM::CallOp::create(builder, op->getLoc(), callee, arguments);
  return result ? call.getResult() : Value();
}

Value KernelRewriter::call(Operation *op, StringRef function, Type result, ValueRange arguments) {
  SmallVector<Value> all{constant(siteOf(op))};
  for (Value argument : arguments)
    all.push_back(word(address(argument)));
  return callPlain(op, function, result, all);
}

Rewritten KernelRewriter::replace(Operation *op, Value value) {
  Type type = op->getResult(0).getType();
  if (type != value.getType()) {
    if (type.isInteger() && value.getType().isInteger() &&
        type.getIntOrFloatBitWidth() < value.getType().getIntOrFloatBitWidth())
      value = LLVM::TruncOp::create(builder, op->getLoc(), type, value);
    else if (type.isInteger() && value.getType().isInteger())
      value = LLVM::ZExtOp::create(builder, op->getLoc(), type, value);
    else
      value = LLVM::BitcastOp::create(builder, op->getLoc(), type, value);
  }
  op->replaceAllUsesWith(ValueRange{value});
  return erase(op);
}

Rewritten KernelRewriter::erase(Operation *op) {
  op->erase();
  return Rewritten::Done;
}

Rewritten KernelRewriter::become(Operation *op, StringRef function, ValueRange arguments) {
  if (op->getNumResults() == 0) {
    call(op, function, {}, arguments);
    return erase(op);
  }
  Type type = op->getResult(0).getType();
  const bool isWide = type == i64 || type == f32;
  return replace(op, call(op, function, isWide ? type : i32, arguments));
}

Rewritten KernelRewriter::refuse(Operation *op, StringRef why) {
  op->emitError("unsupported here: the emulator does not know ")
      << why << " of '" << op->getName() << "'";
  return Rewritten::Failed;
}

// --- Accumulators ----------------------------------------------------------------

Value KernelRewriter::accumulators(Operation *op, ValueRange values) {
  if (auto found = heldIn.find(values.front()); found != heldIn.end()) {
    const Held &there = held[found->second];
    if (there.block == op->getBlock() && llvm::equal(there.values, values))
      return found->second;
  }
  Value memory;
  if (isa<LLVM::LLVMStructType>(values.front().getType())) {
    memory = allocate(op, values.front().getType());
    LLVM::StoreOp::create(builder, op->getLoc(), values.front(), memory);
    return memory;
  }
  memory = allocate(op, LLVM::LLVMArrayType::get(f32, values.size()));
  for (auto [index, value] : llvm::enumerate(values))
    LLVM::StoreOp::create(builder, op->getLoc(), value,
                          element(memory, f32, static_cast<int32_t>(index)));
  return memory;
}

SmallVector<Value> KernelRewriter::products(Operation *op, Value memory, TypeRange types) {
  Held &now = held[memory];
  // Loads of the former product that nobody but this one used.
  for (Value old : now.values)
    if (Operation *load = old.getDefiningOp();
        load && llvm::all_of(old.getUsers(), [&](auto *user) { return user == op; })) {
      heldIn.erase(old);
      for (OpOperand &use : llvm::make_early_inc_range(old.getUses()))
        use.set(LLVM::PoisonOp::create(builder, op->getLoc(), old.getType()));
      load->erase();
    }
  now = {op->getBlock(), {}};
  for (auto [index, type] : llvm::enumerate(types))
    now.values.push_back(LLVM::LoadOp::create(builder, op->getLoc(), type,
                                              element(memory, f32, static_cast<int32_t>(index))));
  heldIn[now.values.front()] = memory;
  return now.values;
}

// --- Shared variables ------------------------------------------------------------

void KernelRewriter::layOutShared() {
  DataLayout layout(module);
  std::string dynamic;
  uint64_t dynamicAlignment = 16;
  for (auto global : module.getOps<LLVM::GlobalOp>()) {
    if (global.getAddrSpace() != 3)
      continue;
    const uint64_t bytes = layout.getTypeSize(global.getGlobalType());
    const uint64_t alignment = global.getAlignment().value_or(16);
    if (bytes == 0) {
      dynamicAlignment = std::max(dynamicAlignment, alignment);
      continue;
    }
    sharedBytes = llvm::alignTo(sharedBytes, alignment);
    sharedOffsets[global.getName().str()] = static_cast<uint32_t>(sharedBytes);
    sharedBytes += bytes;
  }
  // All variables without a size share one place, behind the others.
  if (sharedBytes != 0)
    sharedBytes = llvm::alignTo(sharedBytes, dynamicAlignment);
  for (auto global : module.getOps<LLVM::GlobalOp>())
    if (global.getAddrSpace() == 3 && layout.getTypeSize(global.getGlobalType()) == 0)
      sharedOffsets[global.getName().str()] = static_cast<uint32_t>(sharedBytes);
}

Rewritten KernelRewriter::rewriteShared(LLVM::AddressOfOp op) {
  auto found = sharedOffsets.find(op.getGlobalName().str());
  if (found == sharedOffsets.end())
    return Rewritten::Done;
  Value base = callPlain(op, "moecEmuShared", i64, {constant(found->second)});
  Value shared = LLVM::IntToPtrOp::create(builder, op.getLoc(), op.getType(), base);
  op->replaceAllUsesWith(ValueRange{shared});
  return erase(op);
}

// --- The whole -------------------------------------------------------------------

bool KernelRewriter::rewrite(Operation *op) {
  builder.setInsertionPoint(op);
  if (auto addressOf = dyn_cast<LLVM::AddressOfOp>(op))
    return rewriteShared(addressOf) != Rewritten::Failed;
  for (auto *kind : {rewriteMemory, rewriteThreads, rewriteBarriers, rewriteCopies, rewriteMatrices,
                     rewriteTile})
    switch (kind(*this, op)) {
    case Rewritten::NotMine:
      break;
    case Rewritten::Done:
      return true;
    case Rewritten::Failed:
      return false;
    }
  if (op->getDialect() && isa<LLVM::LLVMDialect>(op->getDialect()) && !isa<LLVM::InlineAsmOp>(op))
    return true; // arithmetic and control flow run as they are
  op->emitError("unsupported here: the emulator does not know '") << op->getName() << "'";
  return false;
}

void KernelRewriter::forgetAddressSpaces() {
  AttrTypeReplacer replacer;
  Type plain = pointer;
  replacer.addReplacement([plain](LLVM::LLVMPointerType) -> Type { return plain; });
  replacer.recursivelyReplaceElementsIn(module, /*replaceAttrs=*/true, /*replaceLocs=*/false,
                                        /*replaceTypes=*/true);
  module.walk([](LLVM::AddrSpaceCastOp cast) {
    cast->replaceAllUsesWith(ValueRange{cast.getArg()});
    cast->erase();
  });
  for (auto global : llvm::make_early_inc_range(module.getOps<LLVM::GlobalOp>()))
    if (global.getAddrSpace() == 3)
      global.erase();
    else
      global.setAddrSpace(0);
}

bool KernelRewriter::run() {
  layOutShared();
  SmallVector<Operation *> ops;
  for (auto function : module.getOps<LLVM::LLVMFuncOp>())
    function.walk([&](Operation *op) {
      if (op != function)
        ops.push_back(op);
    });
  bool isKnown = true;
  for (Operation *op : ops)
    isKnown = rewrite(op) && isKnown;
  if (isKnown)
    forgetAddressSpaces();
  return isKnown;
}

} // namespace moec::emulator
