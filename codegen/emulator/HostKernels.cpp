//===- HostKernels.cpp - Kernels as host code ------------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "codegen/emulator/HostKernels.h"

#include "codegen/emulator/HostCode.h"
#include "codegen/emulator/KernelModule.h"
#include "codegen/emulator/KernelRewriter.h"

#include "mlir/IR/Verifier.h"

namespace moec::emulator {
using namespace mlir;
using rt::Result;
using rt::Status;
using rt::emulator::KernelCode;

struct HostKernels::Impl {
  rt::emulator::SiteTable sites;
  std::unique_ptr<HostCode> code;
  std::vector<KernelCode> kernels;
  uint64_t staticShared = 0;
};

HostKernels::HostKernels(std::unique_ptr<Impl> impl) : impl(std::move(impl)) {}
HostKernels::~HostKernels() = default;

/// What goes wrong on the way is told through diagnostics; the first error counts.
class FirstError {
public:
  explicit FirstError(MLIRContext *context)
      : handler(context, [this](Diagnostic &diagnostic) {
          if (diagnostic.getSeverity() != DiagnosticSeverity::Error || !text.empty())
            return success();
          const auto [file, line] = sourceOf(diagnostic.getLocation());
          if (!file.empty())
            text = rt::concat(file, ":", line, ": ");
          text += diagnostic.str();
          return success();
        }) {}
  Status status() const {
    const bool isUnsupported = text.find("unsupported here: ") != std::string::npos;
    return Status(isUnsupported ? rt::Code::Unsupported : rt::Code::Internal,
                  text.empty() ? "the kernels cannot become host code" : text);
  }

private:
  std::string text;
  ScopedDiagnosticHandler handler;
};

Result<std::unique_ptr<HostKernels>> HostKernels::compile(std::string_view ir) {
  auto impl = std::make_unique<Impl>();
  MLIRContext context(kernelDialects(), MLIRContext::Threading::DISABLED);
  FirstError error(&context);
  OwningOpRef<ModuleOp> module = parseKernels(ir, context);
  if (!module)
    return error.status();
  std::vector<KernelFunction> functions;
  if (failed(listKernels(*module, functions)))
    return error.status();
  KernelRewriter rewriter(*module, impl->sites);
  if (!rewriter.run())
    return error.status();
  forgetKernelAttributes(*module);
  if (failed(verify(*module)))
    return error.status();
  MOEC_ASSIGN_OR_RETURN(impl->code, HostCode::compile(*module));
  for (const KernelFunction &function : functions) {
    KernelCode kernel;
    kernel.name = function.name;
    kernel.threads = function.threads;
    kernel.sharedBytes = rewriter.staticShared();
    kernel.sites = &impl->sites;
    MOEC_ASSIGN_OR_RETURN(void *entry, impl->code->find(function.name));
    kernel.entry = reinterpret_cast<void (*)(uint64_t)>(entry);
    impl->kernels.push_back(std::move(kernel));
  }
  impl->staticShared = rewriter.staticShared();
  return std::unique_ptr<HostKernels>(new HostKernels(std::move(impl)));
}

const std::vector<KernelCode> &HostKernels::kernels() const { return impl->kernels; }

const KernelCode *HostKernels::find(std::string_view name) const {
  for (const KernelCode &kernel : impl->kernels)
    if (kernel.name == name)
      return &kernel;
  return nullptr;
}

void HostKernels::setDynamicShared(std::string_view name, uint64_t bytes) {
  for (KernelCode &kernel : impl->kernels)
    if (kernel.name == name)
      kernel.sharedBytes = impl->staticShared + bytes;
}

} // namespace moec::emulator
