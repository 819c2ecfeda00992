//===- MoeAttrs.cpp - Checks and text of the moe attributes ---------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/moe/Checks.h"
#include "dialects/moe/MoeDialect.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "runtime/module/Limits.h"
#include "runtime/plan/Limits.h"
#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/TypeSwitch.h"
#include <cmath>
#include <set>

using namespace mlir;
using namespace moec;
using namespace moec::moe;

//===----------------------------------------------------------------------===//
// Text of lists of lists
//===----------------------------------------------------------------------===//

static ParseResult parseIntegers(AsmParser &parser, SmallVectorImpl<int64_t> &values) {
  return parser.parseCommaSeparatedList(AsmParser::Delimiter::Square,
                                        [&] { return parser.parseInteger(values.emplace_back()); });
}

/// `[0: [3, 1], 2: [5]]`
static ParseResult parseEntries(AsmParser &parser, SmallVectorImpl<DenseI64ArrayAttr> &entries) {
  return parser.parseCommaSeparatedList(AsmParser::Delimiter::Square, [&]() -> ParseResult {
    SmallVector<int64_t> entry;
    if (parser.parseInteger(entry.emplace_back()) || parser.parseColon() ||
        parseIntegers(parser, entry))
      return failure();
    entries.push_back(DenseI64ArrayAttr::get(parser.getContext(), entry));
    return success();
  });
}

static void printEntries(AsmPrinter &printer, ArrayRef<DenseI64ArrayAttr> entries) {
  printer << '[';
  llvm::interleaveComma(entries, printer, [&](DenseI64ArrayAttr entry) {
    printer << entry[0] << ": [";
    llvm::interleaveComma(entry.asArrayRef().drop_front(), printer);
    printer << ']';
  });
  printer << ']';
}

static ParseResult parseSlots(AsmParser &parser, SmallVectorImpl<DenseI64ArrayAttr> &slots) {
  return parser.parseCommaSeparatedList(AsmParser::Delimiter::Square, [&]() -> ParseResult {
    SmallVector<int64_t> experts;
    if (parseIntegers(parser, experts))
      return failure();
    slots.push_back(DenseI64ArrayAttr::get(parser.getContext(), experts));
    return success();
  });
}

static void printSlots(AsmPrinter &printer, ArrayRef<DenseI64ArrayAttr> slots) {
  printer << '[';
  llvm::interleaveComma(slots, printer, [&](DenseI64ArrayAttr experts) {
    printer << '[';
    llvm::interleaveComma(experts.asArrayRef(), printer);
    printer << ']';
  });
  printer << ']';
}

/// `[<router "gate">, ..]`
static ParseResult parseNames(AsmParser &parser, SmallVectorImpl<WeightNameAttr> &names) {
  return parser.parseCommaSeparatedList(AsmParser::Delimiter::Square, [&] {
    return parser.parseCustomAttributeWithFallback(names.emplace_back());
  });
}

static void printNames(AsmPrinter &printer, ArrayRef<WeightNameAttr> names) {
  printer << '[';
  llvm::interleaveComma(names, printer,
                        [&](WeightNameAttr name) { printer.printStrippedAttrOrType(name); });
  printer << ']';
}

//===----------------------------------------------------------------------===//
// Text of activations
//===----------------------------------------------------------------------===//

static constexpr std::pair<llvm::StringLiteral, Activation> activationWords[] = {
    {"silu", Activation::Silu}, {"gelu_tanh", Activation::GeluTanh}};

Attribute ActivationAttr::parse(AsmParser &parser, Type) {
  SMLoc place = parser.getCurrentLocation();
  for (auto [word, activation] : activationWords)
    if (succeeded(parser.parseOptionalKeyword(word)))
      return get(parser.getContext(), activation);
  std::string text;
  if (parser.parseString(&text))
    return {};
  if (std::optional<ActivationExpr> expression = fromPostfix(text))
    text = toPostfix(*expression); // one spelling of each number
  return getChecked([&] { return parser.emitError(place); }, parser.getContext(), StringRef(text));
}

void ActivationAttr::printBare(AsmPrinter &printer) const {
  for (auto [word, activation] : activationWords)
    if (getPostfix() == toPostfix(activation)) {
      printer << word;
      return;
    }
  printer.printString(getPostfix());
}

void ActivationAttr::print(AsmPrinter &printer) const {
  printer << ' ';
  printBare(printer);
}

#include "dialects/moe/MoeEnums.cpp.inc"

#define GET_ATTRDEF_CLASSES
#include "dialects/moe/MoeAttrs.cpp.inc"

void MoeDialect::registerAttributes() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "dialects/moe/MoeAttrs.cpp.inc"
      >();
}

//===----------------------------------------------------------------------===//
// Facts, requests and decisions
//===----------------------------------------------------------------------===//

LogicalResult MeshAttr::verify(EmitError emitError, StringRef, StringRef, int64_t ranks,
                               int64_t memoryBytes, int64_t memoryRate, int64_t multiprocessors,
                               int64_t nodes) {
  if (failed(verifySize(emitError, "number of ranks", ranks, plan::maxRanks))) // mesh-c1
    return failure();
  if (memoryBytes < 0) // mesh-c2
    return emitError() << "memory must not be negative, but is " << memoryBytes << " bytes";
  if (memoryRate < 0) // mesh-c2
    return emitError() << "rate must not be negative, but is " << memoryRate << " MB/s";
  if (multiprocessors < 0) // mesh-c2
    return emitError() << "multiprocessors must not be negative, but are " << multiprocessors;
  if (nodes < 1 || ranks % nodes != 0) // mesh-c3
    return emitError() << "nodes must divide " << ranks << " ranks, but are " << nodes;
  return success();
}

/// `what` is the word for the number before the colon, `listed` for the others.
static LogicalResult verifyEntries(EmitError emitError, StringRef what, StringRef listed,
                                   ArrayRef<DenseI64ArrayAttr> entries) {
  std::set<int64_t> keys;
  for (DenseI64ArrayAttr entry : entries) {
    if (entry.size() < 2) // placement_request-c1
      return emitError() << "an entry must name a " << what << " and a list, but has "
                         << entry.size() << " numbers";
    std::set<int64_t> seen;
    for (int64_t number : entry.asArrayRef())
      if (number < 0 || number >= maxExperts) // placement_request-c1
        return emitError() << "numbers must be between 0 and " << maxExperts - 1 << ", but one is "
                           << number;
    for (int64_t number : entry.asArrayRef().drop_front())
      if (!seen.insert(number).second) // placement_request-c2
        return emitError() << listed << ' ' << number << " is twice in the list of " << what << ' '
                           << entry[0];
    if (!keys.insert(entry[0]).second) // placement_request-c2
      return emitError() << what << ' ' << entry[0] << " has two lists";
  }
  return success();
}

LogicalResult LoadAttr::verify(EmitError emitError, ArrayRef<DenseF64ArrayAttr> counts,
                               std::optional<int64_t> slots, std::optional<int64_t> redundant,
                               std::optional<int64_t> most, bool) {
  if (counts.empty()) // load-c1
    return emitError() << "a load must have a period, but has none";
  for (DenseF64ArrayAttr period : counts) {
    if (period.empty() || period.size() > maxExperts || period.size() != counts[0].size())
      return emitError() << "periods must have equally many counts, 1 to " << maxExperts // load-c1
                         << ", but one has " << period.size();
    double sum = 0;
    for (double count : period.asArrayRef()) {
      if (!std::isfinite(count) || count < 0) // load-c2
        return emitError() << "counts must be finite and not negative, but one is "
                           << std::to_string(count);
      sum += count;
    }
    if (!(sum > 0) || !std::isfinite(sum)) // load-c2
      return emitError() << "a period must have counts, but one has none";
  }
  auto check = [&](StringRef what, std::optional<int64_t> value, int64_t least,
                   int64_t end) -> LogicalResult { // load-c3
    if (!value || (*value >= least && *value <= end))
      return success();
    return emitError() << what << " must be between " << least << " and " << end << ", but is "
                       << *value;
  };
  if (failed(check("slots", slots, 1, maxExperts)) || failed(check("most", most, 1, maxExperts)))
    return failure();
  return check("redundant", redundant, 0, maxPlacedExperts);
}

LogicalResult PlacementRequestAttr::verify(EmitError emitError, PlacementRule rule, LoadAttr load,
                                           ArrayRef<DenseI64ArrayAttr> holds,
                                           ArrayRef<DenseI64ArrayAttr> pins, Serve,
                                           ArrayRef<DenseI64ArrayAttr> turns) {
  if ((rule == PlacementRule::ByLoad) != bool(load)) // placement_request-c3
    return emitError() << "a request must have a load exactly when its rule is by_load, but has "
                       << (load ? "one" : "none");
  if (failed(verifyEntries(emitError, "rank", "expert", holds)))
    return failure();
  if (failed(verifyEntries(emitError, "expert", "rank", pins)))
    return failure();
  std::set<std::pair<int64_t, int64_t>> served;
  for (DenseI64ArrayAttr entry : turns) { // placement_request-c4
    if (entry.size() < 3)
      return emitError() << "turns must name an expert, a source and ranks, but have "
                         << entry.size() << " numbers";
    for (int64_t number : entry.asArrayRef())
      if (number < 0 || number >= maxExperts)
        return emitError() << "numbers must be between 0 and " << maxExperts - 1 << ", but one is "
                           << number;
    if (!served.insert({entry[0], entry[1]}).second)
      return emitError() << "expert " << entry[0] << " has two lists of turns for source "
                         << entry[1];
  }
  return success();
}

/// placement-c5: each expert's entries are one after the other, with sources 0, 1, ..
static LogicalResult verifyTurns(EmitError emitError, ArrayRef<DenseI64ArrayAttr> slots,
                                 ArrayRef<DenseI64ArrayAttr> turns) {
  auto holds = [&](int64_t rank, int64_t expert) {
    return rank >= 0 && rank < int64_t(slots.size()) &&
           llvm::is_contained(slots[rank].asArrayRef(), expert);
  };
  int64_t last = -1;
  for (auto [i, entry] : llvm::enumerate(turns)) {
    int64_t source = int64_t(i % slots.size());
    if (entry.size() < 3 || entry.size() > maxTurns + 2)
      return emitError() << "turns must be an expert, a source and 1 to " << maxTurns
                         << " ranks, but have " << entry.size() << " numbers";
    if (entry[1] != source || (source ? entry[0] != last : entry[0] <= last))
      return emitError() << "turns must ascend and name every source, but expert " << entry[0]
                         << " and source " << entry[1] << " come where source " << source
                         << " should";
    last = entry[0];
    for (int64_t rank : entry.asArrayRef().drop_front(2))
      if (!holds(rank, last))
        return emitError() << "turns of expert " << last
                           << " must name ranks that hold it, but rank " << rank << " does not";
  }
  if (turns.size() % slots.size())
    return emitError() << "turns of expert " << last << " must name every source, but end with "
                       << turns.size() % slots.size() - 1;
  return success();
}

LogicalResult PlacementAttr::verify(EmitError emitError, ArrayRef<DenseI64ArrayAttr> slots,
                                    ArrayRef<DenseI64ArrayAttr> turns) {
  if (slots.empty()) // placement-c1
    return emitError() << "a placement must have at least one rank, but has none";
  uint64_t total = 0;
  for (auto [rank, experts] : llvm::enumerate(slots)) {
    llvm::SmallDenseSet<int64_t, 16> seen;
    for (int64_t expert : experts.asArrayRef()) {
      if (expert < 0 || expert >= maxExperts) // placement-c2
        return emitError() << "an expert must be between 0 and " << maxExperts - 1 << ", but rank "
                           << rank << " has " << expert;
      if (!seen.insert(expert).second) // placement-c3
        return emitError() << "expert " << expert << " is twice on rank " << rank;
    }
    total += experts.size();
  }
  if (total > maxPlacedExperts) // placement-c4
    return emitError() << "slots must be at most " << maxPlacedExperts << ", but are " << total;
  return verifyTurns(emitError, slots, turns);
}

LogicalResult ScheduleAttr::verify(EmitError emitError, std::optional<int64_t> window,
                                   std::optional<int64_t> depth, Fusion, Algorithm, Combine, Rates,
                                   std::optional<int64_t> groups, Engine, Crossing, bool,
                                   std::optional<int64_t> chunks, bool) {
  if (window && (*window < 0 || *window > plan::maxRanks)) // schedule-c1
    return emitError() << "window must be between 0 and " << plan::maxRanks << ", but is "
                       << *window;
  if (depth && (*depth < 1 || *depth > plan::maxDepth)) // schedule-c1
    return emitError() << "depth must be between 1 and " << plan::maxDepth << ", but is " << *depth;
  if (groups && *groups < 1) // schedule-c1
    return emitError() << "groups must be at least 1, but are " << *groups;
  if (chunks && (*chunks < 1 || *chunks > plan::maxChunks)) // schedule-c1
    return emitError() << "chunks must be between 1 and " << plan::maxChunks << ", but are "
                       << *chunks;
  return success();
}

//===----------------------------------------------------------------------===//
// The closed form of a layer
//===----------------------------------------------------------------------===//

LogicalResult GroupsAttr::verify(EmitError emitError, int64_t count, int64_t kept, GroupScore,
                                 RejectedValue) {
  if (failed(verifySize(emitError, "groups", count, maxExperts))) // groups-c1
    return failure();
  if (kept < 1 || kept > count) // groups-c1
    return emitError() << "groups that are kept must be between 1 and " << count << ", but are "
                       << kept;
  return success();
}

LogicalResult RouterAttr::verify(EmitError emitError, int64_t topK, Type logits, ScoreFunction,
                                 Type shares, bool, bool, bool, GroupsAttr, FloatAttr normalize,
                                 FloatAttr scale) {
  if (failed(verifySize(emitError, "top_k", topK, plan::maxTopK))) // router-c1
    return failure();
  if (failed(verifyElement(emitError, "logits", logits)) || // router-c2
      failed(verifyElement(emitError, "shares", shares)))
    return failure();
  if (normalize && !(std::isfinite(normalize.getValueAsDouble()) &&
                     normalize.getValueAsDouble() >= 0)) // router-c3
    return emitError() << "normalize must be finite and not negative, but is " << normalize;
  if (scale && !std::isfinite(scale.getValueAsDouble())) // router-c3
    return emitError() << "scale must be finite, but is " << scale;
  return success();
}

LogicalResult ActivationAttr::verify(EmitError emitError, StringRef postfix) {
  std::optional<ActivationExpr> expression = fromPostfix(postfix);
  if (!expression) // activation-c1
    return emitError() << "activation must be made of steps and numbers, but is \"" << postfix
                       << '"';
  std::string fault = checkActivation(*expression); // activation-c1
  if (fault.empty())
    return success();
  return emitError() << "activation \"" << postfix << "\": " << fault;
}

LogicalResult MlpAttr::verify(EmitError emitError, int64_t intermediate, ActivationAttr activation,
                              bool gateBias, bool, bool, bool) {
  if (gateBias && !activation.getExpression().usesGate()) // mlp-c2
    return emitError() << "a gate that the activation does not read has a bias";
  return verifySize(emitError, "intermediate", intermediate, maxIntermediate); // mlp-c1
}

LogicalResult WeightLayoutAttr::verify(EmitError emitError, bool stacked, bool transposed,
                                       int64_t part, int64_t parts, bool interleaved) {
  if (parts < 1 || parts > 16 || part < 0 || part >= parts) // weight_layout-c1
    return emitError() << "part must be one of 1 to 16 parts, but is " << part << " of " << parts;
  if (interleaved && parts == 1) // weight_layout-c1
    return emitError() << "one part cannot be interleaved";
  if (!stacked && !transposed && parts == 1) // weight_layout-c2
    return emitError() << "a layout must say what is not plain, but says nothing";
  return success();
}

LogicalResult WeightNameAttr::verify(EmitError emitError, WeightRole role, StringRef name,
                                     WeightLayoutAttr layout) {
  // weight_name-c1, weight_name-c2, weight_name-c3
  std::string fault = checkWeightName(role, name, layout);
  if (fault.empty())
    return success();
  return emitError() << fault;
}

LogicalResult LayerAttr::verify(EmitError emitError, int64_t hidden, int64_t experts, Type tokens,
                                Type weights, Type combine, RouterAttr router, MlpAttr expert,
                                MlpAttr shared, bool, ArrayRef<WeightNameAttr> names) {
  if (failed(verifySize(emitError, "hidden", hidden, maxHidden)) || // layer_attr-c1
      failed(verifySize(emitError, "experts", experts, maxExperts)))
    return failure();
  if (failed(verifyElement(emitError, "tokens", tokens)) || // layer_attr-c2
      failed(verifyElement(emitError, "weights", weights)) ||
      failed(verifyElement(emitError, "combine", combine)))
    return failure();
  if (router.getTopK() > experts) // layer_attr-c3
    return emitError() << "top_k must be at most the " << experts << " experts, but is "
                       << router.getTopK();
  if (GroupsAttr groups = router.getGroups()) { // layer_attr-c4
    if (experts % groups.getCount() != 0)
      return emitError() << "groups must divide the " << experts << " experts, but are "
                         << groups.getCount();
    int64_t reachable = experts / groups.getCount() * groups.getKept();
    if (router.getTopK() > reachable)
      return emitError() << "top_k must be at most the " << reachable
                         << " experts of the groups that are kept, but is " << router.getTopK();
  }
  if (expert.getScaled()) // layer_attr-c6
    return emitError() << "only a shared expert can be scaled, but the routed experts are";
  if (shared &&
      (shared.getGateBias() || shared.getUpBias() || shared.getDownBias())) // layer_attr-c6
    return emitError() << "only routed experts can have biases, but the shared expert has";
  std::string fault = checkRoles(router, expert, shared, names); // layer_attr-c5
  if (fault.empty())
    return success();
  return emitError() << fault;
}
