//===- KernelsText.cpp - Generated kernels for people --------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/module/KernelsText.h"

#include "runtime/base/Text.h"
#include "runtime/module/TextTable.h"

namespace moec::rt {

static std::string orDash(uint64_t number) { return number ? concat(number) : "-"; }

std::string kernelTable(const KernelSet &kernels, const std::vector<KernelColumn> &more) {
  std::vector<bool> right = {false, false, false, true, true, true, true, true, true};
  std::vector<std::string> titles = {"kernel",    "stages", "tile",   "slots", "threads",
                                     "registers", "shared", "spills", "code"};
  for (const KernelColumn &column : more) {
    right.push_back(true);
    titles.push_back(column.title);
  }
  TextTable table(right);
  table.row(titles);
  for (size_t i = 0; i < kernels.kernels.size(); ++i) {
    const Kernel &kernel = kernels.kernels[i];
    std::string stages;
    for (const std::string &stage : kernel.stages)
      stages += (stages.empty() ? "" : " + ") + stage;
    bool isKnown = kernel.resources != KernelResources();
    std::vector<std::string> cells = {kernel.name,
                                      stages,
                                      kernel.tile.empty() ? "-" : kernel.tile,
                                      orDash(kernel.pipeSlots),
                                      concat(kernel.threads),
                                      orDash(kernel.resources.registers),
                                      orDash(kernel.sharedBytes),
                                      isKnown ? concat(kernel.resources.spillBytes) : "-",
                                      orDash(kernel.resources.codeBytes)};
    for (const KernelColumn &column : more)
      cells.push_back(column.cells[i]);
    table.row(std::move(cells));
  }
  return table.text();
}

/// "swapped16 up to 16 rows an expert, up128".
static std::string variantsText(const KernelSet &kernels, const Launch &launch) {
  std::string out;
  for (const KernelVariant &variant : launch.variants) {
    out += (out.empty() ? "" : ", ") + kernels.kernels[variant.kernel].name;
    if (variant.maxRowsPerExpert != UINT32_MAX)
      out += concat(" up to ", variant.maxRowsPerExpert, " rows an expert");
  }
  return out;
}

std::string launchTable(const KernelSet &kernels, const plan::Plan &plan) {
  TextTable table({false, false, false});
  table.row({"launch", "kernel", "ops"});
  for (const Launch &launch : kernels.launches) {
    std::string ops;
    for (uint32_t op : launch.ops)
      ops += (ops.empty() ? "%" : " %") + plan.ops[op].name;
    table.row({launch.name, variantsText(kernels, launch), ops});
  }
  return table.text();
}

} // namespace moec::rt
