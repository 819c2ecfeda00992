//===- Units.cpp - Units of quantities ------------------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "frontend/parser/Units.h"

namespace moec::frontend {

const std::vector<Unit> &units() {
  constexpr double Ki = 1024, Mi = Ki * Ki, Gi = Ki * Mi, Ti = Ki * Gi;
  static const std::vector<Unit> table = {
      {"B", ValueKind::Size, 1},
      {"kB", ValueKind::Size, 1e3},
      {"MB", ValueKind::Size, 1e6},
      {"GB", ValueKind::Size, 1e9},
      {"TB", ValueKind::Size, 1e12},
      {"KiB", ValueKind::Size, Ki},
      {"MiB", ValueKind::Size, Mi},
      {"GiB", ValueKind::Size, Gi},
      {"TiB", ValueKind::Size, Ti},
      {"B/s", ValueKind::Rate, 1},
      {"kB/s", ValueKind::Rate, 1e3},
      {"MB/s", ValueKind::Rate, 1e6},
      {"GB/s", ValueKind::Rate, 1e9},
      {"TB/s", ValueKind::Rate, 1e12},
      {"KiB/s", ValueKind::Rate, Ki},
      {"MiB/s", ValueKind::Rate, Mi},
      {"GiB/s", ValueKind::Rate, Gi},
      {"TiB/s", ValueKind::Rate, Ti},
      {"Mbit/s", ValueKind::Rate, 1e6 / 8},
      {"Gbit/s", ValueKind::Rate, 1e9 / 8},
      {"Tbit/s", ValueKind::Rate, 1e12 / 8},
      {"GFLOP/s", ValueKind::Work, 1e9},
      {"TFLOP/s", ValueKind::Work, 1e12},
      {"PFLOP/s", ValueKind::Work, 1e15},
      {"ns", ValueKind::Time, 1e-9},
      {"us", ValueKind::Time, 1e-6},
      {"ms", ValueKind::Time, 1e-3},
      {"s", ValueKind::Time, 1},
  };
  return table;
}

const Unit *findUnit(std::string_view name) {
  for (const Unit &unit : units())
    if (unit.name == name)
      return &unit;
  return nullptr;
}

std::vector<std::string_view> unitNames(ValueKind kind) {
  std::vector<std::string_view> names;
  for (const Unit &unit : units())
    if (unit.kind == kind)
      names.push_back(unit.name);
  return names;
}

std::string_view quantityName(ValueKind kind) {
  if (kind == ValueKind::Rate)
    return "a rate";
  if (kind == ValueKind::Work)
    return "a rate of work";
  return kind == ValueKind::Time ? "a time" : "a size";
}

} // namespace moec::frontend
