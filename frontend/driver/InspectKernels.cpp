//===- InspectKernels.cpp - The kernels of a module, for people -----------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "frontend/driver/InspectKernels.h"
#include "frontend/driver/InspectSass.h"
#include "frontend/parser/Suggest.h"
#include "runtime/module/KernelsText.h"
#include "runtime/module/ModuleJson.h"

#include <algorithm>

namespace moec::driver {

using Chosen = std::vector<const Kernel *>;

/// The kernels alone that are asked for; launches stay as they are.
static rt::Result<Chosen> choose(const rt::Module &module, const std::string &only) {
  Chosen chosen;
  std::vector<std::string_view> names;
  for (const Kernel &kernel : module.kernels().kernels) {
    names.push_back(kernel.name);
    if (only.empty() || kernel.name == only)
      chosen.push_back(&kernel);
  }
  if (names.empty())
    return rt::invalidError(rt::quote(module.name()), " has no kernels: it was compiled for ",
                            rt::quote(module.manifest().target),
                            "; 'moec compile --target sm_90a' makes them");
  if (chosen.empty()) {
    std::string meant = frontend::nearest(only, names);
    return rt::invalidError("no kernel ", rt::quote(only), " in ", rt::quote(module.name()),
                            meant.empty() ? "" : ", did you mean '" + meant + "'?");
  }
  return chosen;
}

static constexpr const char *anchorNote =
    "* hand-written kernels and an aim, for comparison: compiled for sm_90a, not run. In each row\n"
    "  math, load and gather are instructions a k-block of 64 beside the tensor cores', math/tile\n"
    "  those of a tile outside of the k-loop; code and shared are bytes. A kernel of several\n"
    "  stages has a number a loop, in the order of its code.\n\n";

static std::string tableText(const rt::Module &module, const Chosen &chosen,
                             std::span<const KernelSass> sass) {
  const KernelSet &kernels = module.kernels();
  KernelSet shown;
  for (const Kernel *kernel : chosen)
    shown.kernels.push_back(*kernel);
  std::vector<rt::KernelColumn> columns;
  if (!sass.empty())
    columns = sassColumns(sass);
  bool compares = hasRing(sass);
  if (compares)
    addAnchors(shown, columns);
  std::string text = rt::concat("kernels for ", kernels.arch, ", form ", kernels.form, "\n") +
                     rt::kernelTable(shown, columns) + "\n" + (compares ? anchorNote : "") +
                     rt::launchTable(kernels, module.plan());
  std::string rings = ringTable(sass);
  return rings.empty() ? text : text + "\n" + rings;
}

static std::string sassText(std::span<const KernelSass> sass) {
  std::string text;
  for (const KernelSass &one : sass)
    text += one.listing + (one.listing.ends_with('\n') ? "" : "\n");
  return text;
}

static std::string ptxText(const Chosen &chosen) {
  std::string text;
  for (const Kernel *kernel : chosen)
    text += kernel->ptx + (kernel->ptx.ends_with('\n') ? "" : "\n");
  return text;
}

static std::string jsonText(const rt::Module &module, const Chosen &chosen,
                            std::span<const KernelSass> sass, KernelView view) {
  rt::Json json = rt::kernelsJson(module.kernels(), module.plan());
  rt::Json kept = rt::Json::array();
  for (size_t i = 0; i < chosen.size(); ++i)
    for (rt::Json &kernel : json["kernels"]) {
      if (kernel["name"] != chosen[i]->name)
        continue;
      if (view != KernelView::Ptx)
        kernel.erase("ptx");
      kernel["mix"] = sass.empty() ? rt::Json(nullptr) : sassJson(sass[i].mix);
      if (view == KernelView::Sass)
        kernel["sass"] = sass[i].listing;
      kept.push_back(kernel);
    }
  json["kernels"] = std::move(kept);
  return rt::dumpJson(json, 2) + "\n";
}

rt::Result<std::string> showKernels(const rt::Module &module, KernelView view,
                                    const std::string &only, bool json) {
  MOEC_ASSIGN_OR_RETURN(Chosen chosen, choose(module, only));
  std::vector<KernelSass> sass;
  if (view != KernelView::Ptx) {
    auto read = readSass(chosen);
    if (read)
      sass = *std::move(read);
    else if (view == KernelView::Sass)
      return read.status();
  }
  if (json)
    return jsonText(module, chosen, sass, view);
  switch (view) {
  case KernelView::Table:
    return tableText(module, chosen, sass);
  case KernelView::Ptx:
    return ptxText(chosen);
  case KernelView::Sass:
    return sassText(sass);
  }
  return std::string();
}

} // namespace moec::driver
