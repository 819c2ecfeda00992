//===- CommAssembly.cpp - Custom assembly of the comm ops -----------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/comm/CommSyntax.h"
#include "mlir/IR/Builders.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace moec::comm;

//===----------------------------------------------------------------------===//
// Printing of ops
//===----------------------------------------------------------------------===//

static void printDomain(raw_ostream &os, DomainAttr domain) {
  os << domain.getVariable() << " in " << stringifyDomainKind(domain.getKind());
}

static void printDomains(OpAsmPrinter &printer, ArrayAttr domains) {
  if (domains.empty())
    return;
  printer << " for ";
  llvm::interleaveComma(domains.getAsRange<DomainAttr>(), printer,
                        [&](DomainAttr domain) { printDomain(printer.getStream(), domain); });
}

static void printIndex(OpAsmPrinter &printer, AffineMap index, ArrayRef<StringRef> names) {
  if (index.getNumResults() == 0)
    return;
  printer << '[';
  printExprs(printer.getStream(), index, names, ", ");
  printer << ']';
}

static void printRegion(OpAsmPrinter &printer, ArrayAttr domains, Value buffer, RegionAttr region) {
  Names names = getNames(domains, region.getEach());
  printer << buffer;
  printIndex(printer, region.getIndex(), names);
  printer << '{';
  printItemSet(printer.getStream(), region.getItems(), names);
  if (ItemSetAttr frame = region.getFrame()) {
    printer << " in ";
    printItemSet(printer.getStream(), frame, names);
  }
  printer << '}';
  for (DomainAttr domain : region.getEach()) {
    printer << " each ";
    printDomain(printer.getStream(), domain);
  }
}

static void printRegions(OpAsmPrinter &printer, StringRef keyword, ArrayAttr domains,
                         OperandRange buffers, ArrayAttr regions) {
  if (buffers.empty())
    return;
  printer << ' ' << keyword << ' ';
  llvm::interleaveComma(llvm::zip(buffers, regions.getAsRange<RegionAttr>()), printer,
                        [&](auto use) {
                          auto [buffer, region] = use;
                          printRegion(printer, domains, buffer, region);
                        });
}

/// `after(%a, %b(p))` and the discardable attributes.
static void printEnd(OpAsmPrinter &printer, FamilyOp op) {
  Names names = getNames(op.getDomains());
  if (!op.getAfter().empty()) {
    printer << " after(";
    llvm::interleaveComma(llvm::zip(op.getAfter(), op.getAfterInstances()), printer, [&](auto use) {
      auto [token, instance] = use;
      printer << token;
      if (auto args = dyn_cast<AffineMapAttr>(instance)) {
        printer << '(';
        printExprs(printer.getStream(), args.getValue(), names, ", ");
        printer << ')';
      }
    });
    printer << ')';
  }
  printer.printOptionalAttrDict(op->getDiscardableAttrDictionary().getValue());
}

//===----------------------------------------------------------------------===//
// Parsing of what ops share
//===----------------------------------------------------------------------===//

static ParseResult parseDomain(OpAsmParser &parser, DomainAttr &domain) {
  StringRef variable, kindName;
  if (parser.parseKeyword(&variable) || parser.parseKeyword("in"))
    return failure();
  SMLoc loc = parser.getCurrentLocation();
  if (parser.parseKeyword(&kindName))
    return failure();
  std::optional<DomainKind> kind = symbolizeDomainKind(kindName);
  if (!kind)
    return parser.emitError(loc) << "unknown domain '" << kindName
                                 << "': expected all, stagger, nodes, stagger_nodes, "
                                    "other_nodes, lanes or stagger_lanes";
  domain = DomainAttr::getChecked([&] { return parser.emitError(loc); }, parser.getContext(),
                                  variable, *kind);
  return success(domain != nullptr);
}

static ParseResult parseDomains(Variables &variables, ArrayAttr &domains) {
  OpAsmParser &parser = variables.parser;
  SmallVector<Attribute> parsed;
  if (succeeded(parser.parseOptionalKeyword("for"))) {
    auto one = [&] {
      DomainAttr domain;
      if (parseDomain(parser, domain))
        return failure();
      variables.declare(domain.getVariable());
      parsed.push_back(domain);
      return success();
    };
    if (parser.parseCommaSeparatedList(one))
      return failure();
  }
  domains = parser.getBuilder().getArrayAttr(parsed);
  return success();
}

static ParseResult parseItemSet(Variables &variables, ItemSetKind &kind, Exprs &args) {
  OpAsmParser &parser = variables.parser;
  SMLoc loc = parser.getCurrentLocation();
  StringRef name;
  if (parser.parseKeyword(&name))
    return failure();
  std::optional<ItemSetKind> known = symbolizeItemSetKind(name);
  if (!known)
    return parser.emitError(loc) << "unknown item set '" << name
                                 << "': expected A, D, M, P, Q, S or Y";
  kind = *known;
  return parseExprs(variables, OpAsmParser::Delimiter::Paren, args);
}

static ItemSetAttr getItemSet(OpAsmParser &parser, SMLoc loc, ItemSetKind kind, AffineMap args) {
  return ItemSetAttr::getChecked([&] { return parser.emitError(loc); }, parser.getContext(), kind,
                                 args);
}

/// A set whose variables are all known.
static ParseResult parsePayload(Variables &variables, ItemSetAttr &items) {
  SMLoc loc = variables.parser.getCurrentLocation();
  ItemSetKind kind;
  Exprs args;
  if (parseItemSet(variables, kind, args) || failed(variables.close()))
    return failure();
  items = getItemSet(variables.parser, loc, kind, variables.map(args));
  return success(items != nullptr);
}

static ParseResult parseRegion(Variables &variables, Value &buffer, RegionAttr &region) {
  OpAsmParser &parser = variables.parser;
  OpAsmParser::UnresolvedOperand operand;
  Exprs index, args, frameArgs;
  ItemSetKind kind, frameKind;
  SMLoc loc = parser.getCurrentLocation();
  if (parser.parseOperand(operand) ||
      parseExprs(variables, OpAsmParser::Delimiter::OptionalSquare, index) ||
      parser.parseLBrace() || parseItemSet(variables, kind, args))
    return failure();
  bool isPart = succeeded(parser.parseOptionalKeyword("in"));
  if ((isPart && parseItemSet(variables, frameKind, frameArgs)) || parser.parseRBrace())
    return failure();
  SmallVector<DomainAttr> each;
  while (succeeded(parser.parseOptionalKeyword("each")))
    if (parseDomain(parser, each.emplace_back()))
      return failure();
  auto renamed = variables.close(each);
  if (failed(renamed))
    return failure();
  for (Exprs *exprs : {&index, &args, &frameArgs})
    for (AffineExpr &expr : *exprs)
      expr = expr.replace(*renamed);
  ItemSetAttr items = getItemSet(parser, loc, kind, variables.map(args, each.size()));
  ItemSetAttr frame;
  if (isPart)
    frame = getItemSet(parser, loc, frameKind, variables.map(frameArgs, each.size()));
  if (!items || (isPart && !frame))
    return failure();
  region =
      RegionAttr::get(parser.getContext(), variables.map(index, each.size()), items, each, frame);
  SmallVector<Value> resolved;
  if (parser.resolveOperand(operand, BufferType::get(parser.getContext()), resolved))
    return failure();
  buffer = resolved.front();
  return success();
}

/// `after(%a, %b(p))` and the discardable attributes; adds the token operands.
static ParseResult parseEnd(Variables &variables, OperationState &result, ArrayAttr &instances,
                            unsigned *numAfter = nullptr) {
  OpAsmParser &parser = variables.parser;
  SmallVector<Attribute> parsed;
  auto one = [&]() -> ParseResult {
    OpAsmParser::UnresolvedOperand operand;
    Exprs args;
    if (parser.parseOperand(operand) ||
        parser.resolveOperand(operand, TokenType::get(parser.getContext()), result.operands))
      return failure();
    bool any = false;
    auto argument = [&]() -> ParseResult {
      if (failed(parser.parseOptionalStar()))
        return parseSum(variables, args.emplace_back());
      any = true;
      args.push_back(getAffineSymbolExpr(0, parser.getContext()));
      return success();
    };
    if (parser.parseCommaSeparatedList(OpAsmParser::Delimiter::OptionalParen, argument) ||
        failed(variables.close()))
      return failure();
    if (args.empty()) {
      parsed.push_back(parser.getBuilder().getUnitAttr());
      return success();
    }
    AffineMap map = variables.map(args);
    parsed.push_back(AffineMapAttr::get(
        AffineMap::get(map.getNumDims(), any ? 1 : 0, args, parser.getContext())));
    return success();
  };
  if (succeeded(parser.parseOptionalKeyword("after")) &&
      parser.parseCommaSeparatedList(OpAsmParser::Delimiter::Paren, one))
    return failure();
  instances = parser.getBuilder().getArrayAttr(parsed);
  if (numAfter)
    *numAfter = parsed.size();
  return parser.parseOptionalAttrDict(result.attributes);
}

static ParseResult parseBuffer(OpAsmParser &parser, OperationState &result) {
  OpAsmParser::UnresolvedOperand operand;
  return failure(
      parser.parseOperand(operand) ||
      parser.resolveOperand(operand, BufferType::get(parser.getContext()), result.operands));
}

static ParseResult parseFlagCell(Variables &variables, OperationState &result,
                                 AffineMapAttr &index) {
  OpAsmParser &parser = variables.parser;
  OpAsmParser::UnresolvedOperand operand;
  Exprs exprs;
  if (parser.parseOperand(operand) ||
      parser.resolveOperand(operand, FlagType::get(parser.getContext()), result.operands) ||
      parseExprs(variables, OpAsmParser::Delimiter::OptionalSquare, exprs) ||
      failed(variables.close()))
    return failure();
  index = AffineMapAttr::get(variables.map(exprs));
  return success();
}

static ParseResult parseVia(OpAsmParser &parser, PathAttr &via) {
  if (failed(parser.parseOptionalKeyword("via"))) {
    via = PathAttr::get(parser.getContext(), Path::NVLink);
    return success();
  }
  return parseEnum<Path>(parser, "path", symbolizePath, via);
}

//===----------------------------------------------------------------------===//
// Families
//===----------------------------------------------------------------------===//

static ParseResult parseRegions(Variables &variables, StringRef keyword, OperationState &result,
                                ArrayAttr &regions) {
  OpAsmParser &parser = variables.parser;
  SmallVector<Attribute> parsed;
  auto one = [&] {
    Value buffer;
    RegionAttr region;
    if (parseRegion(variables, buffer, region))
      return failure();
    result.operands.push_back(buffer);
    parsed.push_back(region);
    return success();
  };
  if (succeeded(parser.parseOptionalKeyword(keyword)) && parser.parseCommaSeparatedList(one))
    return failure();
  regions = parser.getBuilder().getArrayAttr(parsed);
  return success();
}

template <typename CallOp>
static ParseResult parseCall(OpAsmParser &parser, OperationState &result) {
  auto &props = result.getOrAddProperties<typename CallOp::Properties>();
  Variables variables(parser);
  unsigned numAfter;
  if (parseLabel(parser, props.label) ||
      parser.parseAttribute(props.callee, parser.getBuilder().getType<NoneType>()) ||
      parseDomains(variables, props.domains) ||
      parseRegions(variables, "reads", result, props.readRegions) ||
      parseRegions(variables, "writes", result, props.writeRegions) ||
      parseEnd(variables, result, props.afterInstances, &numAfter))
    return failure();
  props.operandSegmentSizes = {int32_t(props.readRegions.size()),
                               int32_t(props.writeRegions.size()), int32_t(numAfter)};
  result.addTypes(TokenType::get(parser.getContext()));
  return success();
}

template <typename CallOp> static void printCall(OpAsmPrinter &printer, CallOp op) {
  printer << ' ' << op.getCalleeAttr();
  printDomains(printer, op.getDomains());
  printRegions(printer, "reads", op.getDomains(), op.getReads(), op.getReadRegions());
  printRegions(printer, "writes", op.getDomains(), op.getWrites(), op.getWriteRegions());
  printEnd(printer, op);
}

ParseResult ComputeOp::parse(OpAsmParser &parser, OperationState &result) {
  return parseCall<ComputeOp>(parser, result);
}
void ComputeOp::print(OpAsmPrinter &printer) { printCall(printer, *this); }
ParseResult ReduceOp::parse(OpAsmParser &parser, OperationState &result) {
  return parseCall<ReduceOp>(parser, result);
}
void ReduceOp::print(OpAsmPrinter &printer) { printCall(printer, *this); }

/// `%a[..]{..} from %b[..]{..}`
template <typename Properties>
static ParseResult parseMove(Variables &variables, OperationState &result, Properties &props) {
  Value target, source;
  if (parseRegion(variables, target, props.targetRegion) || variables.parser.parseKeyword("from") ||
      parseRegion(variables, source, props.sourceRegion))
    return failure();
  result.operands.append({target, source});
  return success();
}

template <typename MoveOp> static void printMove(OpAsmPrinter &printer, MoveOp op) {
  printer << " : ";
  printRegion(printer, op.getDomains(), op.getTarget(), op.getTargetRegion());
  printer << " from ";
  printRegion(printer, op.getDomains(), op.getSource(), op.getSourceRegion());
}

/// One rank, or all of them, for which there is no expression.
static void printTo(OpAsmPrinter &printer, ArrayAttr domains, AffineMap to) {
  printer << " to ";
  if (to.getNumResults() == 0) {
    printer << "all";
    return;
  }
  printExpr(printer.getStream(), to.getResult(0), getNames(domains));
}

static ParseResult parseTo(Variables &variables, AffineMapAttr &to) {
  OpAsmParser &parser = variables.parser;
  if (parser.parseKeyword("to"))
    return failure();
  if (failed(parser.parseOptionalKeyword("all")))
    return parseExpr(variables, to);
  to = AffineMapAttr::get(variables.map({}));
  return success();
}

static void printVia(OpAsmPrinter &printer, Path via) {
  if (via != Path::NVLink)
    printer << " via " << stringifyPath(via);
}

ParseResult PutOp::parse(OpAsmParser &parser, OperationState &result) {
  auto &props = result.getOrAddProperties<Properties>();
  Variables variables(parser);
  int64_t window = 0;
  if (parseLabel(parser, props.label) || parseDomains(variables, props.domains) ||
      parseTo(variables, props.to) || parser.parseColon() || parseMove(variables, result, props) ||
      parseVia(parser, props.via))
    return failure();
  if (succeeded(parser.parseOptionalKeyword("window"))) {
    if (parser.parseInteger(window))
      return failure();
    if (succeeded(parser.parseOptionalKeyword("each")))
      props.eachPeer = parser.getBuilder().getUnitAttr();
  }
  props.window = parser.getBuilder().getI64IntegerAttr(window);
  if (succeeded(parser.parseOptionalKeyword("rates")) &&
      parseEnum<Rates>(parser, "rates", symbolizeRates, props.rates))
    return failure();
  if (succeeded(parser.parseOptionalKeyword("engine")) &&
      parseEnum<Engine>(parser, "engine", symbolizeEngine, props.engine))
    return failure();
  result.addTypes(TokenType::get(parser.getContext()));
  return parseEnd(variables, result, props.afterInstances);
}

void PutOp::print(OpAsmPrinter &printer) {
  printDomains(printer, getDomains());
  printTo(printer, getDomains(), getTo());
  printMove(printer, *this);
  printVia(printer, getVia());
  if (getWindow() != 0)
    printer << " window " << getWindow() << (getEachPeer() ? " each" : "");
  if (getRates() != Rates::Equal)
    printer << " rates " << stringifyRates(getRates());
  if (getEngine() != Engine::Sm)
    printer << " engine " << stringifyEngine(getEngine());
  printEnd(printer, *this);
}

ParseResult CopyOp::parse(OpAsmParser &parser, OperationState &result) {
  auto &props = result.getOrAddProperties<Properties>();
  Variables variables(parser);
  if (parseLabel(parser, props.label) || parseDomains(variables, props.domains) ||
      parser.parseColon() || parseMove(variables, result, props))
    return failure();
  result.addTypes(TokenType::get(parser.getContext()));
  return parseEnd(variables, result, props.afterInstances);
}

void CopyOp::print(OpAsmPrinter &printer) {
  printDomains(printer, getDomains());
  printMove(printer, *this);
  printEnd(printer, *this);
}

ParseResult PullOp::parse(OpAsmParser &parser, OperationState &result) {
  auto &props = result.getOrAddProperties<Properties>();
  Variables variables(parser);
  Value target, source;
  if (parseLabel(parser, props.label) || parseDomains(variables, props.domains) ||
      parser.parseColon() || parseRegion(variables, target, props.targetRegion) ||
      parser.parseKeyword("from") || parser.parseKeyword("all") ||
      parseRegion(variables, source, props.sourceRegion))
    return failure();
  result.operands.append({target, source});
  result.addTypes(TokenType::get(parser.getContext()));
  return parseEnd(variables, result, props.afterInstances);
}

void PullOp::print(OpAsmPrinter &printer) {
  printDomains(printer, getDomains());
  printer << " : ";
  printRegion(printer, getDomains(), getTarget(), getTargetRegion());
  printer << " from all ";
  printRegion(printer, getDomains(), getSource(), getSourceRegion());
  printEnd(printer, *this);
}

ParseResult SignalOp::parse(OpAsmParser &parser, OperationState &result) {
  auto &props = result.getOrAddProperties<Properties>();
  Variables variables(parser);
  if (parseLabel(parser, props.label) || parseDomains(variables, props.domains) ||
      parseTo(variables, props.to) || parser.parseColon() ||
      parseFlagCell(variables, result, props.index) || parser.parseEqual() ||
      parseExpr(variables, props.value))
    return failure();
  if (succeeded(parser.parseOptionalKeyword("carry")) && parsePayload(variables, props.payload))
    return failure();
  result.addTypes(TokenType::get(parser.getContext()));
  return failure(parseVia(parser, props.via) || parseEnd(variables, result, props.afterInstances));
}

static void printCell(OpAsmPrinter &printer, ArrayAttr domains, Value flag, AffineMap index) {
  printer << " : " << flag;
  printIndex(printer, index, getNames(domains));
}

static void printPayload(OpAsmPrinter &printer, StringRef keyword, ArrayAttr domains,
                         std::optional<ItemSetAttr> payload) {
  if (!payload)
    return;
  printer << ' ' << keyword << ' ';
  printItemSet(printer.getStream(), *payload, getNames(domains));
}

void SignalOp::print(OpAsmPrinter &printer) {
  printDomains(printer, getDomains());
  printTo(printer, getDomains(), getTo());
  printCell(printer, getDomains(), getFlag(), getIndex());
  printer << " = ";
  printExpr(printer.getStream(), getValue().getResult(0), getNames(getDomains()));
  printPayload(printer, "carry", getDomains(), getPayload());
  printVia(printer, getVia());
  printEnd(printer, *this);
}

ParseResult WaitOp::parse(OpAsmParser &parser, OperationState &result) {
  auto &props = result.getOrAddProperties<Properties>();
  Variables variables(parser);
  if (parseLabel(parser, props.label) || parseDomains(variables, props.domains) ||
      parser.parseColon() || parseFlagCell(variables, result, props.index) ||
      parser.parseKeyword("at") || parseExpr(variables, props.value))
    return failure();
  if (succeeded(parser.parseOptionalKeyword("get")) && parsePayload(variables, props.payload))
    return failure();
  result.addTypes(TokenType::get(parser.getContext()));
  return parseEnd(variables, result, props.afterInstances);
}

void WaitOp::print(OpAsmPrinter &printer) {
  printDomains(printer, getDomains());
  printCell(printer, getDomains(), getFlag(), getIndex());
  printer << " at ";
  printExpr(printer.getStream(), getValue().getResult(0), getNames(getDomains()));
  printPayload(printer, "get", getDomains(), getPayload());
  printEnd(printer, *this);
}

ParseResult DispatchOp::parse(OpAsmParser &parser, OperationState &result) {
  auto &props = result.getOrAddProperties<Properties>();
  Variables variables(parser);
  if (parseLabel(parser, props.label) || parseBuffer(parser, result) || parser.parseKeyword("by") ||
      parseBuffer(parser, result) || parser.parseKeyword("to") || parseBuffer(parser, result) ||
      parser.parseComma() || parseBuffer(parser, result))
    return failure();
  result.addTypes(TokenType::get(parser.getContext()));
  return parseEnd(variables, result, props.afterInstances);
}

void DispatchOp::print(OpAsmPrinter &printer) {
  printer << ' ' << getRows() << " by " << getRoute() << " to " << getReceived() << ", "
          << getRecords();
  printEnd(printer, *this);
}

ParseResult CombineOp::parse(OpAsmParser &parser, OperationState &result) {
  auto &props = result.getOrAddProperties<Properties>();
  Variables variables(parser);
  if (parseLabel(parser, props.label) || parseBuffer(parser, result) || parser.parseKeyword("to") ||
      parseBuffer(parser, result))
    return failure();
  result.addTypes(TokenType::get(parser.getContext()));
  return parseEnd(variables, result, props.afterInstances);
}

void CombineOp::print(OpAsmPrinter &printer) {
  printer << ' ' << getRows() << " to " << getReturned();
  printEnd(printer, *this);
}
