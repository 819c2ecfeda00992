//===- PtxToAsm.cpp - The tile.ptx ops as inline PTX ----------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Names in the PTX text: `$0` is the first result, and operands count on from the
// results. Registers declared inside { } are local to one instance of the text.
//===----------------------------------------------------------------------===//

#include "codegen/nvptx/Passes.h"
#include "dialects/tile/TileOps.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/FormatVariadic.h"

namespace moec::codegen {
#define GEN_PASS_DEF_TILEPTXTOASMPASS
#include "codegen/nvptx/Passes.h.inc"

using namespace mlir;
using namespace moec::tile;

/// Upper half of a wgmma descriptor: swizzle 128, 1024 bytes between groups of
/// eight rows.
static constexpr llvm::StringLiteral kDescriptorHigh = "0x40000040";

namespace {

/// One llvm.inline_asm in the making.
class Assembly {
public:
  Assembly(Operation *op) : op(op), builder(op) {}

  /// A result that is written only; returns its name.
  std::string result(Type type) {
    assert(inputs.empty() && "results are counted before operands");
    results.push_back(type);
    constraints.push_back(("=" + letter(type)).str());
    return "$" + llvm::Twine(results.size() - 1).str();
  }

  /// Results that begin as these values; returns their names.
  std::vector<std::string> tied(ValueRange values) {
    std::vector<std::string> names;
    for (Value value : values)
      names.push_back(result(value.getType()));
    for (auto [index, value] : llvm::enumerate(values)) {
      constraints.push_back(std::to_string(index));
      inputs.push_back(value);
    }
    return names;
  }

  /// A value that is only read; returns its name, the same for the same value.
  std::string operand(Value value) {
    std::string &name = names[value];
    if (!name.empty())
      return name;
    if (value.getType().isInteger(1)) // PTX has no way to pass a predicate
      value = LLVM::ZExtOp::create(builder, op->getLoc(), builder.getI32Type(), value);
    constraints.push_back(letter(value.getType()).str());
    inputs.push_back(value);
    return name = "$" + llvm::Twine(results.size() + inputs.size() - 1).str();
  }

  enum class Effects { None, Registers, Memory };

  /// Replaces the op.
  void finish(std::string text, Effects effects) {
    if (effects == Effects::Memory)
      constraints.push_back("~{memory}");
    Type type = results.empty()       ? Type()
                : results.size() == 1 ? results.front()
                                      : LLVM::LLVMStructType::getLiteral(op->getContext(), results);
    auto made = LLVM::InlineAsmOp::create(
        builder, op->getLoc(), type ? TypeRange(type) : TypeRange(), inputs, text,
        llvm::join(constraints, ","), /*has_side_effects=*/effects != Effects::None,
        /*is_align_stack=*/false, LLVM::TailCallKind::None,
        LLVM::AsmDialectAttr::get(op->getContext(), LLVM::AsmDialect::AD_ATT), ArrayAttr());
    SmallVector<Value> values(made->getResults());
    if (results.size() > 1) {
      values.clear();
      for (size_t i = 0; i < results.size(); ++i)
        values.push_back(LLVM::ExtractValueOp::create(builder, op->getLoc(), made.getRes(), i));
    }
    op->replaceAllUsesWith(values);
    op->erase();
  }

private:
  /// The register class of a type. Shared addresses have 32 bits in wgmma
  /// descriptors and fit 32 everywhere.
  static llvm::StringRef letter(Type type) {
    if (type.isF32())
      return "f";
    if (isPointer(type, 3) || type.isInteger(32))
      return "r";
    assert((isPointer(type, 1) || type.isInteger(64)) && "wanted a word, f32 or pointer");
    return "l";
  }

  Operation *op;
  OpBuilder builder;
  SmallVector<Type> results;
  SmallVector<Value> inputs;
  llvm::DenseMap<Value, std::string> names; ///< of operands
  SmallVector<std::string> constraints;
};

using Effects = Assembly::Effects;

} // namespace

//===----------------------------------------------------------------------===//
// wgmma
//===----------------------------------------------------------------------===//

static std::string list(ArrayRef<std::string> names) { return "{" + llvm::join(names, ", ") + "}"; }

/// Text that makes the descriptor `name` of a low word and a constant.
static std::string descriptor(llvm::StringRef name, llvm::StringRef low, int32_t offset) {
  return llvm::formatv(".reg .b32 {0}l; .reg .b64 {0}; add.s32 {0}l, {1}, {2}; "
                       "mov.b64 {0}, {{{0}l, h}; ",
                       name, low, offset);
}

/// Text of one wgmma on the accumulators named so.
static std::string product(PtxWgmmaOp op, llvm::StringRef accumulators, Assembly &assembly) {
  std::string text = "{ .reg .pred p; .reg .b32 h; mov.b32 h, " + kDescriptorHigh.str() + "; ";
  std::string a = "a", transposed = "0, 0"; // K-major both
  if (op.getA()) {
    text += descriptor("a", assembly.operand(op.getA()), op.getAOffset());
  } else {
    std::vector<std::string> registers;
    for (Value value : op.getRegs())
      registers.push_back(assembly.operand(value));
    a = list(registers);
    transposed = "0";
  }
  text += descriptor("b", assembly.operand(op.getB()), op.getBOffset());
  text += llvm::formatv("setp.ne.b32 p, {0}, 0; "
                        "wgmma.mma_async.sync.aligned.m64n{1}k16.f32.bf16.bf16 {2}, {3}, b, p, "
                        "1, 1, {4}; }",
                        assembly.operand(op.getScaleD()), op.getN(), accumulators, a, transposed);
  return text;
}

/// The product that goes on with the sums of `op` and has them alone, with nothing between
/// that could mind; or none.
static PtxWgmmaOp getSuccessor(PtxWgmmaOp op) {
  Operation *next = op->getNextNode();
  while (next && !isa<PtxWgmmaOp>(next) && isMemoryEffectFree(next))
    next = next->getNextNode();
  auto found = dyn_cast_or_null<PtxWgmmaOp>(next);
  if (!found || !llvm::equal(found.getAcc(), op.getResults()) ||
      !llvm::all_of(op.getResults(), [](Value sum) { return sum.hasOneUse(); }))
    return {};
  return found;
}

/// A row of products on the same sums is one text: each has up to 128 sums that are
/// operand and result, and to LLVM every one of them is work.
static LogicalResult lowerProducts(ArrayRef<PtxWgmmaOp> row) {
  for (PtxWgmmaOp op : row)
    if (!op.getElement().isBF16())
      return op.emitError() << "unsupported here: wgmma of " << op.getElement();
  Assembly assembly(row.back());
  PtxWgmmaOp first = row.front();
  std::string accumulators = list(assembly.tied(first.getAcc()));
  std::vector<std::string> texts;
  for (PtxWgmmaOp op : row)
    texts.push_back(product(op, accumulators, assembly));
  assembly.finish(llvm::join(texts, " "), Effects::Memory);
  for (PtxWgmmaOp op : llvm::reverse(row.drop_back()))
    op.erase();
  return success();
}

/// The rows that `products` make, in their order.
static LogicalResult lowerProductsInRows(ArrayRef<PtxWgmmaOp> products) {
  llvm::SmallPtrSet<Operation *, 32> taken;
  for (PtxWgmmaOp first : products) {
    SmallVector<PtxWgmmaOp> row;
    for (PtxWgmmaOp op = first; op && taken.insert(op).second; op = getSuccessor(op))
      row.push_back(op);
    if (!row.empty() && failed(lowerProducts(row)))
      return failure();
  }
  return success();
}

static LogicalResult lower(PtxWgmmaFenceOp op) {
  Assembly assembly(op);
  assembly.tied(op.getAcc());
  assembly.finish("wgmma.fence.sync.aligned;", Effects::Memory);
  return success();
}

static LogicalResult lower(PtxWgmmaWaitOp op) {
  Assembly assembly(op);
  assembly.tied(op.getAcc());
  assembly.finish("wgmma.wait_group.sync.aligned " + std::to_string(op.getPending()) + ";",
                  Effects::Memory);
  return success();
}

//===----------------------------------------------------------------------===//
// Barriers and addresses
//===----------------------------------------------------------------------===//

static LogicalResult lower(PtxArriveIfOp op) {
  Assembly assembly(op);
  std::string predicate = assembly.operand(op.getPredicate());
  std::string barrier = assembly.operand(op.getBarrier());
  assembly.finish("{ .reg .pred p; setp.ne.b32 p, " + predicate +
                      ", 0; @p mbarrier.arrive.shared.b64 _, [" + barrier + "]; }",
                  Effects::Memory);
  return success();
}

static LogicalResult lower(PtxBarrierSyncOp op) {
  Assembly assembly(op);
  assembly.finish("barrier.sync " + std::to_string(op.getId()) + ", " +
                      std::to_string(op.getThreads()) + ";",
                  Effects::Memory);
  return success();
}

/// As nvvm writes it out, but without a limit to the time of one try: ptxas makes two
/// instructions more of each wait that has one.
static LogicalResult lower(NVVM::MBarrierTryWaitParityOp op) {
  Assembly assembly(op);
  std::string barrier = assembly.operand(op.getAddr());
  std::string parity = assembly.operand(op.getPhase());
  std::string space = isPointer(op.getAddr().getType(), 3) ? ".shared" : "";
  assembly.finish("{ .reg .pred P1; LAB_WAIT: mbarrier.try_wait.parity" + space + ".b64 P1, [" +
                      barrier + "], " + parity + "; @P1 bra.uni DONE; bra.uni LAB_WAIT; DONE: }",
                  Effects::Memory);
  return success();
}

static LogicalResult lower(PtxAdvanceOp op) {
  Assembly assembly(op);
  std::string result = assembly.result(op.getType());
  std::string pointer = assembly.operand(op.getPointer());
  std::string add = isPointer(op.getType(), 3) ? "add.s32 " : "add.s64 ";
  assembly.finish(add + result + ", " + pointer + ", " + std::to_string(op.getBytes()) + ";",
                  Effects::None);
  return success();
}

//===----------------------------------------------------------------------===//
// Memory order
//===----------------------------------------------------------------------===//

static llvm::StringRef spaceOf(Value pointer) {
  return isPointer(pointer.getType(), 3) ? "shared" : "global";
}

static std::string bits(Type type) { return std::to_string(type.getIntOrFloatBitWidth()); }

/// "add.u32": the operation and its type, as atom and red spell them.
static std::string operation(AtomicKind kind, Type type) {
  std::string name = stringifyAtomicKind(kind).str();
  switch (kind) {
  case AtomicKind::Add:
  case AtomicKind::Inc:
  case AtomicKind::Min:
  case AtomicKind::Max:
    return name + ".u" + bits(type);
  case AtomicKind::Exch:
  case AtomicKind::Or:
  case AtomicKind::And:
    return name + ".b" + bits(type);
  }
  llvm_unreachable("unknown AtomicKind");
}

/// "release.sys.global.": what stands between the mnemonic and the operation.
static std::string order(llvm::StringRef sem, Scope scope, Value pointer) {
  return (sem + "." + stringifyScope(scope) + "." + spaceOf(pointer) + ".").str();
}

static LogicalResult lower(PtxAtomOp op) {
  Assembly assembly(op);
  std::string old = assembly.result(op.getOld().getType());
  std::string pointer = assembly.operand(op.getPointer());
  std::string value = assembly.operand(op.getValue());
  assembly.finish("atom." + order(stringifySem(op.getSem()), op.getScope(), op.getPointer()) +
                      operation(op.getKind(), op.getValue().getType()) + " " + old + ", [" +
                      pointer + "], " + value + ";",
                  Effects::Memory);
  return success();
}

static LogicalResult lower(PtxRedOp op) {
  if (op.getSem() != Sem::Relaxed && op.getSem() != Sem::Release)
    return op.emitError() << "internal error: red has no order " << stringifySem(op.getSem())
                          << ": it returns nothing to acquire with";
  Assembly assembly(op);
  std::string pointer = assembly.operand(op.getPointer());
  std::string value = assembly.operand(op.getValue());
  assembly.finish("red." + order(stringifySem(op.getSem()), op.getScope(), op.getPointer()) +
                      operation(op.getKind(), op.getValue().getType()) + " [" + pointer + "], " +
                      value + ";",
                  Effects::Memory);
  return success();
}

static LogicalResult lower(PtxStReleaseOp op) {
  Assembly assembly(op);
  std::string pointer = assembly.operand(op.getPointer());
  std::string value = assembly.operand(op.getValue());
  assembly.finish("st." + order("release", op.getScope(), op.getPointer()) + "b" +
                      bits(op.getValue().getType()) + " [" + pointer + "], " + value + ";",
                  Effects::Memory);
  return success();
}

static LogicalResult lower(PtxLdAcquireOp op) {
  Assembly assembly(op);
  std::string value = assembly.result(op.getValue().getType());
  std::string pointer = assembly.operand(op.getPointer());
  assembly.finish("ld." + order("acquire", op.getScope(), op.getPointer()) + "b" +
                      bits(op.getValue().getType()) + " " + value + ", [" + pointer + "];",
                  Effects::Memory);
  return success();
}

namespace {
struct TilePtxToAsm : impl::TilePtxToAsmPassBase<TilePtxToAsm> {
  void runOnOperation() override {
    SmallVector<Operation *> found;
    SmallVector<PtxWgmmaOp> products;
    for (auto function : getOperation().getOps<LLVM::LLVMFuncOp>())
      function.walk([&](Operation *op) {
        if (auto product = dyn_cast<PtxWgmmaOp>(op))
          products.push_back(product);
        else if (isa_and_nonnull<TileDialect>(op->getDialect()) ||
                 isa<NVVM::MBarrierTryWaitParityOp>(op))
          found.push_back(op);
      });
    if (failed(lowerProductsInRows(products)))
      return signalPassFailure();
    for (Operation *op : found) {
      LogicalResult done =
          llvm::TypeSwitch<Operation *, LogicalResult>(op)
              .Case<PtxWgmmaFenceOp, PtxWgmmaWaitOp, PtxArriveIfOp, PtxBarrierSyncOp, PtxAdvanceOp,
                    PtxAtomOp, PtxRedOp, PtxStReleaseOp, PtxLdAcquireOp,
                    NVVM::MBarrierTryWaitParityOp>([](auto op) { return lower(op); })
              .Default([](Operation *op) {
                return op->emitError("internal error: this op should be gone before PTX");
              });
      if (failed(done))
        return signalPassFailure();
    }
  }
};
} // namespace

} // namespace moec::codegen
