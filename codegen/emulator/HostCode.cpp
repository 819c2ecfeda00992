//===- HostCode.cpp - An MLIR module of LLVM ops, compiled for here --------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "codegen/emulator/HostCode.h"

#include "runtime/backends/emulator/Calls.h"

#include "mlir/Target/LLVMIR/Export.h"
#include "llvm/ExecutionEngine/Orc/AbsoluteSymbols.h"
#include "llvm/ExecutionEngine/Orc/ExecutionUtils.h"
#include "llvm/ExecutionEngine/Orc/LLJIT.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Target/TargetMachine.h"

namespace moec::emulator {
namespace orc = llvm::orc;

struct HostCode::Impl {
  std::unique_ptr<orc::LLJIT> jit;
};

HostCode::HostCode(std::unique_ptr<Impl> impl) : impl(std::move(impl)) {}
HostCode::~HostCode() = default;

static rt::Status statusOf(llvm::Error error) {
  return rt::internalError("host code of kernels: ", llvm::toString(std::move(error)));
}

static void prepareTarget() {
  static const bool once = [] {
    llvm::InitializeNativeTarget();
    llvm::InitializeNativeTargetAsmPrinter();
    return true;
  }();
  (void)once;
}

static orc::SymbolMap emulatorCalls(orc::LLJIT &jit) {
  orc::SymbolMap calls;
#define MOEC_EMULATOR_CALL(name)                                                                   \
  calls[jit.mangleAndIntern(#name)] = {orc::ExecutorAddr::fromPtr(&name),                          \
                                       llvm::JITSymbolFlags::Exported};
#include "runtime/backends/emulator/Calls.def"
  return calls;
}

static llvm::Error link(orc::LLJIT &jit) {
  orc::JITDylib &library = jit.getMainJITDylib();
  if (llvm::Error error = library.define(orc::absoluteSymbols(emulatorCalls(jit))))
    return error;
  auto process = orc::DynamicLibrarySearchGenerator::GetForCurrentProcess(
      jit.getDataLayout().getGlobalPrefix());
  if (!process)
    return process.takeError();
  library.addGenerator(std::move(*process));
  return llvm::Error::success();
}

/// Most of the time goes into the runtime calls: compiling a whole layer with care costs
/// more than it gains. A small kernel is compiled at once, and its stacks become smaller.
static llvm::CodeGenOptLevel levelFor(const llvm::Module &code) {
  constexpr unsigned fewInstructions = 4000;
  return code.getInstructionCount() <= fewInstructions ? llvm::CodeGenOptLevel::Less
                                                       : llvm::CodeGenOptLevel::None;
}

rt::Result<std::unique_ptr<HostCode>> HostCode::compile(mlir::ModuleOp module) {
  prepareTarget();
  auto context = std::make_unique<llvm::LLVMContext>();
  std::unique_ptr<llvm::Module> code = mlir::translateModuleToLLVMIR(module, *context);
  if (!code)
    return rt::internalError("host code of kernels: no LLVM IR");
  auto builder = orc::JITTargetMachineBuilder::detectHost();
  if (!builder)
    return statusOf(builder.takeError());
  builder->setCodeGenOptLevel(levelFor(*code));
  auto machine = builder->createTargetMachine();
  if (!machine)
    return statusOf(machine.takeError());
  code->setTargetTriple((*machine)->getTargetTriple());
  code->setDataLayout((*machine)->createDataLayout());
  auto jit = orc::LLJITBuilder().setJITTargetMachineBuilder(std::move(*builder)).create();
  if (!jit)
    return statusOf(jit.takeError());
  if (llvm::Error error = link(**jit))
    return statusOf(std::move(error));
  if (llvm::Error error =
          (*jit)->addIRModule(orc::ThreadSafeModule(std::move(code), std::move(context))))
    return statusOf(std::move(error));
  auto impl = std::make_unique<Impl>();
  impl->jit = std::move(*jit);
  return std::unique_ptr<HostCode>(new HostCode(std::move(impl)));
}

rt::Result<void *> HostCode::find(const std::string &function) const {
  auto found = impl->jit->lookup(function);
  if (!found)
    return statusOf(found.takeError());
  return found->toPtr<void *>();
}

} // namespace moec::emulator
