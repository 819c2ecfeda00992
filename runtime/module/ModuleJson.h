//===- ModuleJson.h - A module as a JSON value -----------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_MODULE_MODULEJSON_H
#define MOEC_RUNTIME_MODULE_MODULEJSON_H

#include "runtime/module/Module.h"

#include <nlohmann/json.hpp>

namespace moec::rt {

/// Keeps keys in the order in which they were added.
using Json = nlohmann::ordered_json;

/// {"file", "format", "sections", "manifest", "plan", "sources", "provenance", "kernels"}.
Json moduleJson(const Module &module);

Json manifestJson(const Manifest &manifest);
Json planJson(const plan::Plan &plan);
/// Texts of PTX are there in full, machine code and IR by size and hash; null where
/// there are no kernels.
Json kernelsJson(const KernelSet &kernels, const plan::Plan &plan);

/// As text; bytes that are not UTF-8 become U+FFFD. `indent` -1: on one line.
std::string dumpJson(const Json &json, int indent);

} // namespace moec::rt

#endif // MOEC_RUNTIME_MODULE_MODULEJSON_H
