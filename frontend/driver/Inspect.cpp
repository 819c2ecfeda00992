//===- Inspect.cpp - moec inspect -------------------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/module/Inspect.h"
#include "frontend/driver/Commands.h"
#include "frontend/driver/Console.h"
#include "frontend/driver/Extract.h"
#include "frontend/driver/InspectKernels.h"
#include "runtime/module/ModuleJson.h"

namespace moec::driver {

static int extract(const rt::Module &module, const InspectOptions &options) {
  std::vector<ExtractedFile> files = partsOf(module);
  if (rt::Status status = writeFolder(options.extract, files); !status.ok())
    return showFailure(status, options.json);
  rt::Json list = rt::Json::array();
  std::string text;
  for (const ExtractedFile &file : files) {
    list.push_back({{"path", file.path}, {"bytes", file.bytes.size()}});
    text += rt::concat(options.extract, "/", file.path, ": ", file.bytes.size(), " bytes\n");
  }
  if (options.json)
    text = rt::dumpJson({{"folder", options.extract}, {"files", std::move(list)}}, 2) + "\n";
  return writeOutput("", text);
}

static int inspectKernels(const rt::Module &module, const InspectOptions &options) {
  KernelView view = options.sass  ? KernelView::Sass
                    : options.ptx ? KernelView::Ptx
                                  : KernelView::Table;
  auto text = showKernels(module, view, options.kernel, options.json);
  return text ? writeOutput("", *text) : showFailure(text.status(), options.json);
}

int runInspect(const InspectOptions &options) {
  auto module = rt::Module::open(options.module);
  if (!module)
    return showFailure(module.status(), options.json);
  if (!options.extract.empty())
    return extract(*module, options);
  if (options.kernels || options.ptx || options.sass || !options.kernel.empty())
    return inspectKernels(*module, options);
  return writeOutput("", options.json ? rt::inspectJson(*module) : rt::inspectText(*module));
}

} // namespace moec::driver
