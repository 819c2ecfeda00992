//===- CommDialect.cpp - Dialect, types, attributes -----------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/comm/CommOps.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace moec::comm;

#include "dialects/comm/CommDialect.cpp.inc"
#include "dialects/comm/CommEnums.cpp.inc"
#define GET_ATTRDEF_CLASSES
#include "dialects/comm/CommAttrs.cpp.inc"
#define GET_TYPEDEF_CLASSES
#include "dialects/comm/CommTypes.cpp.inc"

void CommDialect::initialize() {
  // clang-format off
  addAttributes<
#define GET_ATTRDEF_LIST
#include "dialects/comm/CommAttrs.cpp.inc"
      >();
  addTypes<
#define GET_TYPEDEF_LIST
#include "dialects/comm/CommTypes.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "dialects/comm/CommOps.cpp.inc"
      >();
  // clang-format on
}

//===----------------------------------------------------------------------===//
// Attribute constraints
//===----------------------------------------------------------------------===//

using EmitError = llvm::function_ref<InFlightDiagnostic()>;

LogicalResult DomainAttr::verify(EmitError emitError, StringRef variable, DomainKind) {
  // domain-c1: r and n are taken.
  if (variable == "r" || variable == "n")
    return emitError() << "domain variable '" << variable << "' already names the "
                       << (variable == "r" ? "rank" : "step");
  return success();
}

LogicalResult TileAttr::verify(EmitError emitError, TileUse, TileOperand, int64_t tokens,
                               std::optional<int64_t> most) {
  // tile-c1
  for (int64_t number : {tokens, most.value_or(1)})
    if (number < 1 || number >= UINT32_MAX)
      return emitError() << "tile must be of 1 to 2^32 - 2 tokens and rows, not " << number;
  return success();
}

LogicalResult ItemSetAttr::verify(EmitError emitError, ItemSetKind kind, AffineMap args) {
  // set-c1
  bool isPiece = kind == ItemSetKind::P || kind == ItemSetKind::Q;
  unsigned wanted = kind == ItemSetKind::A ? 1 : kind == ItemSetKind::S ? 4 : isPiece ? 3 : 2;
  if (args.getNumResults() != wanted)
    return emitError() << "item set " << stringifyItemSetKind(kind) << " takes " << wanted
                       << (wanted == 1   ? " rank, not "
                           : wanted == 2 ? " ranks, not "
                                         : " arguments, not ")
                       << args.getNumResults();
  return success();
}

LogicalResult LinkAttr::verify(EmitError emitError, StringRef name, Path,
                               int64_t megabytesPerSecond, int64_t latencyNanoseconds,
                               bool /*multicasts*/) {
  // link-c1
  if (megabytesPerSecond <= 0)
    return emitError() << "link '" << name << "' must have a positive rate, not "
                       << megabytesPerSecond << " MB/s";
  if (latencyNanoseconds < 0)
    return emitError() << "link '" << name << "' must not have a negative latency, "
                       << latencyNanoseconds << " ns";
  return success();
}

LogicalResult TopologyAttr::verify(EmitError emitError, StringRef machine, int64_t nodes,
                                   int64_t gpusPerNode, ArrayRef<LinkAttr> links) {
  // topology-c1
  if (nodes <= 0 || gpusPerNode <= 0)
    return emitError() << "machine '" << machine << "' must have at least one node and GPU, not "
                       << nodes << " nodes of " << gpusPerNode << " GPUs";
  // topology-c2
  llvm::StringSet<> names;
  for (LinkAttr link : links)
    if (!names.insert(link.getName()).second)
      return emitError() << "machine '" << machine << "' has two links named '" << link.getName()
                         << "'";
  return success();
}

LogicalResult ScheduleAttr::verify(EmitError emitError, Algorithm, std::optional<int64_t> window,
                                   std::optional<int64_t> depth, Fusion, Combine, Rates,
                                   std::optional<int64_t> groups, Engine, Crossing, bool,
                                   std::optional<int64_t> chunks, bool) {
  // schedule-c1
  if (window && *window < 0)
    return emitError() << "window must be 0 (all peers) or more, not " << *window;
  if (depth && *depth <= 0)
    return emitError() << "depth must be positive, not " << *depth;
  if (groups && *groups <= 0)
    return emitError() << "groups must be positive, not " << *groups;
  if (chunks && *chunks <= 0)
    return emitError() << "chunks must be positive, not " << *chunks;
  return success();
}
