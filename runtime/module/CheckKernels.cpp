//===- CheckKernels.cpp - Do the kernels fit the rest of the module? -----===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/module/CheckKernels.h"

#include "runtime/module/Limits.h"

#include <algorithm>
#include <bit>
#include <set>

namespace moec::rt {

static Status checkText(const std::string &text, const Where &where) {
  if (text.empty() || !isPrintableUtf8(text))
    return where.invalid("wanted a printable name, found ", quote(text));
  return {};
}

/// What PTX takes as the name of an entry.
static bool isSymbol(const std::string &name) {
  auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  auto rest = [&](char c) { return letter(c) || (c >= '0' && c <= '9') || c == '$'; };
  return !name.empty() && letter(name[0]) && std::all_of(name.begin(), name.end(), rest);
}

static Status checkOwnName(const std::string &name, std::set<std::string_view> &names,
                           const Where &where) {
  MOEC_RETURN_IF_ERROR(checkText(name, where.at("name")));
  if (!names.insert(name).second)
    return where.at("name").invalid("wanted a name of its own, found ", quote(name), " twice");
  return {};
}

Status checkExtent(const Extent &extent, const Where &where) {
  for (uint64_t factor :
       {extent.constant, extent.perToken, extent.perReceived, extent.perRow, extent.perExpert})
    if (factor > maxKernelFactor)
      return where.invalid("wanted factors of at most ", maxKernelFactor, ", found ", factor);
  if (extent == Extent())
    return where.invalid("wanted a size, found 0");
  return {};
}

static Status checkKernel(const ModuleContents &contents, const Kernel &kernel,
                          std::set<std::string_view> &names, const Where &where) {
  MOEC_RETURN_IF_ERROR(checkOwnName(kernel.name, names, where));
  if (!isSymbol(kernel.name))
    return where.at("name").invalid("wanted an identifier, found ", quote(kernel.name));
  if (kernel.stages.empty())
    return where.at("stages").invalid("wanted at least 1, found 0");
  for (size_t i = 0; i < kernel.stages.size(); ++i)
    MOEC_RETURN_IF_ERROR(checkText(kernel.stages[i], where.at("stage", i)));
  if (!isPrintableUtf8(kernel.tile))
    return where.at("tile").invalid("wanted printable text, found ", quote(kernel.tile));
  if (kernel.pipeSlots > maxPipeSlots)
    return where.at("pipe slots")
        .invalid("wanted at most ", maxPipeSlots, ", found ", kernel.pipeSlots);
  if (kernel.threads == 0 || kernel.threads > maxKernelThreads || kernel.threads % 32 != 0)
    return where.at("threads").invalid("wanted a multiple of 32 up to ", maxKernelThreads,
                                       ", found ", kernel.threads);
  if (kernel.sharedBytes > maxSharedBytes)
    return where.at("shared memory")
        .invalid("wanted at most ", maxSharedBytes, " bytes, found ", kernel.sharedBytes);
  if (kernel.argBytes == 0 || kernel.argBytes > maxArgBytes || kernel.argBytes % 128 != 0)
    return where.at("argument bytes")
        .invalid("wanted a multiple of 128 up to ", maxArgBytes, ", found ", kernel.argBytes);
  if (kernel.ptx.empty())
    return where.at("PTX").invalid("wanted at least 1 byte, found 0");
  if (size_t at = kernel.ptx.find('\0'); at != std::string::npos)
    return where.at("PTX").invalid("wanted text, found a zero at byte ", at);
  return checkKernelArgs(contents, kernel, where);
}

/// Thresholds rise and the last variant takes all.
static Status checkVariants(const KernelSet &kernels, const Launch &launch,
                            std::vector<bool> &launched, const Where &root) {
  if (launch.variants.empty())
    return root.at("variants").invalid("wanted at least 1, found 0");
  for (size_t i = 0; i < launch.variants.size(); ++i) {
    const KernelVariant &variant = launch.variants[i];
    Where where = root.at("variant", i);
    if (variant.kernel >= kernels.kernels.size())
      return where.at("kernel").invalid("wanted a value from 0 to ", kernels.kernels.size() - 1,
                                        ", found ", variant.kernel);
    launched[variant.kernel] = true;
    bool isLast = i + 1 == launch.variants.size();
    if (isLast != (variant.maxRowsPerExpert == UINT32_MAX))
      return where.at("rows").invalid(isLast ? "wanted no limit on the last variant, found "
                                             : "wanted a limit on all but the last variant, found ",
                                      variant.maxRowsPerExpert);
    if (i > 0 && variant.maxRowsPerExpert <= launch.variants[i - 1].maxRowsPerExpert)
      return where.at("rows").invalid("wanted more than ", launch.variants[i - 1].maxRowsPerExpert,
                                      " of the variant before, found ", variant.maxRowsPerExpert);
  }
  return {};
}

static Status checkLaunchOps(const plan::Plan &plan, const Launch &launch,
                             std::vector<bool> &covered, const Where &root) {
  std::set<uint32_t> own;
  for (size_t i = 0; i < launch.ops.size(); ++i) {
    Where where = root.at("op", i);
    uint32_t op = launch.ops[i];
    if (op >= plan.ops.size())
      return where.invalid("wanted a value from 0 to ", plan.ops.size() - 1, ", found ", op);
    if (!own.insert(op).second)
      return where.invalid("wanted each op once, found ", quote(plan.ops[op].name), " again");
    covered[op] = true;
  }
  return {};
}

static Status checkLaunches(const ModuleContents &contents, const Where &root) {
  const KernelSet &kernels = contents.kernels;
  const plan::Plan &plan = contents.plan;
  if (kernels.launches.empty())
    return root.at("launches").invalid("wanted at least 1, found 0");
  std::set<std::string_view> names;
  std::vector<bool> launched(kernels.kernels.size()), covered(plan.ops.size());
  for (size_t i = 0; i < kernels.launches.size(); ++i) {
    const Launch &launch = kernels.launches[i];
    Where where = root.at("launch", i, launch.name);
    MOEC_RETURN_IF_ERROR(checkOwnName(launch.name, names, where));
    MOEC_RETURN_IF_ERROR(checkVariants(kernels, launch, launched, where));
    MOEC_RETURN_IF_ERROR(checkLaunchOps(plan, launch, covered, where));
  }
  for (size_t i = 0; i < launched.size(); ++i)
    if (!launched[i])
      return root.at("kernel", i, kernels.kernels[i].name).invalid("is in no launch");
  for (size_t i = 0; i < covered.size(); ++i)
    if (!covered[i])
      return root.at("launches").invalid("op ", quote(plan.ops[i].name), " is in no launch");
  return {};
}

/// `target` is a list of names with commas in between.
static bool hasTarget(std::string_view target, std::string_view name) {
  for (size_t end; !target.empty(); target.remove_prefix(std::min(end + 1, target.size()))) {
    end = std::min(target.find(','), target.size());
    if (target.substr(0, end) == name)
      return true;
  }
  return false;
}

Status checkKernels(const ModuleContents &contents) {
  const KernelSet &kernels = contents.kernels;
  if (kernels == KernelSet())
    return {};
  Where root;
  Where where = root.at("KRNL");
  MOEC_RETURN_IF_ERROR(checkText(kernels.arch, where.at("arch")));
  if (!hasTarget(contents.manifest.target, kernels.arch))
    return where.at("arch").invalid("wanted one of target ", quote(contents.manifest.target),
                                    " in MANF, found ", quote(kernels.arch));
  MOEC_RETURN_IF_ERROR(checkText(kernels.form, where.at("form")));
  if (!std::has_single_bit(kernels.biasRowBytes) || kernels.biasRowBytes < 16 ||
      kernels.biasRowBytes > 65536)
    return where.at("bias_row_bytes")
        .invalid("wanted a power of two from 16 to 65536, found ", kernels.biasRowBytes);
  std::set<std::string_view> names;
  for (size_t i = 0; i < kernels.workspaces.size(); ++i) {
    const Workspace &workspace = kernels.workspaces[i];
    Where at = where.at("workspace", i, workspace.name);
    MOEC_RETURN_IF_ERROR(checkOwnName(workspace.name, names, at));
    MOEC_RETURN_IF_ERROR(checkExtent(workspace.bytes, at.at("bytes")));
  }
  if (kernels.kernels.empty())
    return where.at("kernels").invalid("wanted at least 1, found 0");
  names.clear();
  for (size_t i = 0; i < kernels.kernels.size(); ++i)
    MOEC_RETURN_IF_ERROR(checkKernel(contents, kernels.kernels[i], names,
                                     where.at("kernel", i, kernels.kernels[i].name)));
  return checkLaunches(contents, where);
}

} // namespace moec::rt
