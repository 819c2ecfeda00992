//===- KernelIr.cpp - The kernels of a module as IR -----------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "frontend/driver/KernelIr.h"
#include "frontend/driver/Dialects.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/OwningOpRef.h"
#include "mlir/Parser/Parser.h"
#include "llvm/Support/raw_ostream.h"

namespace moec::driver {

rt::Result<std::string> printKernelIr(std::span<const uint8_t> bytecode) {
  mlir::DialectRegistry registry;
  registerDialects(registry);
  mlir::MLIRContext context(registry, mlir::MLIRContext::Threading::DISABLED);
  std::string first;
  context.getDiagEngine().registerHandler([&](mlir::Diagnostic &diagnostic) {
    if (first.empty())
      first = diagnostic.str();
    return mlir::success();
  });
  llvm::StringRef bytes(reinterpret_cast<const char *>(bytecode.data()), bytecode.size());
  auto module =
      mlir::parseSourceString<mlir::ModuleOp>(bytes, mlir::ParserConfig(&context), "kernels");
  if (!module)
    return rt::invalidError("the IR of the kernels cannot be read: ", first);
  std::string text;
  llvm::raw_string_ostream out(text);
  module->print(out, mlir::OpPrintingFlags().enableDebugInfo());
  out << "\n";
  return text;
}

} // namespace moec::driver
