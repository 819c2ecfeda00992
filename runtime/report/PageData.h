//===- PageData.h - What the script of a page draws -------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_REPORT_PAGEDATA_H
#define MOEC_RUNTIME_REPORT_PAGEDATA_H

#include "runtime/report/Report.h"

#include <nlohmann/json.hpp>

namespace moec::report {

/// Times are microseconds, in thousandths; bars are columns of equal length:
///
///   {"seconds", "ranks", "nodes", "lanes",
///    "families": [{"name", "kind", "phase", "text"}],
///    "bars": {"rank", "family", "peer", "tasks", "begin", "end", "bytes"},
///    "tasks": how many there are, "merged": whether bars stand for several,
///    "resources": [{"name", "rate", "share", "peak"}], "stretch": microseconds,
///    "usage": [[per cent by stretch] by resource],
///    "matrix": {"dispatch" | "combine": [[bytes by destination] by source]}}
nlohmann::ordered_json pageData(const Report &report);

} // namespace moec::report

#endif // MOEC_RUNTIME_REPORT_PAGEDATA_H
