//===- PtxasLog.cpp - What ptxas -v says of a kernel ----------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "codegen/nvptx/PtxasLog.h"

#include <cctype>

namespace moec::codegen {

/// The number that ends right before `unit`: "168" of "Used 168 registers".
static uint32_t numberBefore(std::string_view line, std::string_view unit) {
  size_t end = line.find(unit);
  if (end == std::string_view::npos)
    return 0;
  size_t start = end;
  while (start > 0 && std::isdigit(static_cast<unsigned char>(line[start - 1])))
    --start;
  uint32_t number = 0;
  for (char digit : line.substr(start, end - start))
    number = number * 10 + uint32_t(digit - '0');
  return number;
}

/// "(C7510)": wgmma serialised or given waits; "(C7602)": not enough registers.
static bool isRemark(std::string_view line) {
  for (std::string_view code : {"(C75", "(C76"})
    if (line.find(code) != std::string_view::npos)
      return true;
  return line.find("Potential Performance Loss") != std::string_view::npos ||
         line.starts_with("ptxas warning");
}

PtxasReport parsePtxasLog(std::string_view log) {
  PtxasReport report;
  while (!log.empty()) {
    size_t end = log.find('\n');
    std::string_view line = log.substr(0, end);
    log = end == std::string_view::npos ? std::string_view() : log.substr(end + 1);
    if (line.starts_with("info ")) // the linker of nvJitLink says all of it again
      continue;
    if (isRemark(line))
      report.remarks.emplace_back(line);
    report.registers += numberBefore(line, " registers");
    report.barriers += numberBefore(line, " barriers");
    report.stackBytes += numberBefore(line, " bytes stack frame");
    report.spillStoreBytes += numberBefore(line, " bytes spill stores");
    report.spillLoadBytes += numberBefore(line, " bytes spill loads");
    report.sharedBytes += numberBefore(line, " bytes smem");
  }
  return report;
}

} // namespace moec::codegen
