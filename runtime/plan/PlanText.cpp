//===- PlanText.cpp - A plan as text -------------------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/plan/PlanText.h"

#include "runtime/base/Text.h"
#include "runtime/plan/Names.h"

#include <algorithm>

namespace moec::plan {
namespace {

/// Prints one op; knows the names of the variables in scope.
class OpPrinter {
public:
  OpPrinter(const Plan &plan, const Op &op) : plan(plan), op(op) { enter(op.domains); }

  std::string print();

private:
  void enter(const std::vector<Domain> &domains) {
    for (const Domain &domain : domains)
      variables.push_back(domain.variable);
  }
  void printDomains();
  void printTo();
  void printTransfer();
  void printCell();
  void printEffects(const char *word, const std::vector<Region> &regions);
  void printRegion(const Region &region);
  void printAfter();
  std::string list(const std::vector<Expr> &exprs) const;
  std::string items(const ItemSet &set) const;
  std::string expr(const Expr &value) const { return exprText(value, variables); }
  template <typename... Parts> void put(const Parts &...parts) {
    (rt::appendText(out, parts), ...);
  }

  const Plan &plan;
  const Op &op;
  std::vector<std::string> variables;
  std::string out;
};

} // namespace

static std::string extentsText(const std::vector<uint32_t> &extents) {
  if (extents.empty())
    return "";
  std::string out = " [";
  for (size_t i = 0; i < extents.size(); ++i)
    rt::appendText(out, rt::concat(i ? ", " : "", extents[i]));
  return out + "]";
}

std::string OpPrinter::list(const std::vector<Expr> &exprs) const {
  std::string text;
  for (size_t i = 0; i < exprs.size(); ++i)
    text += (i ? ", " : "") + (exprs[i].nodes.empty() ? "*" : expr(exprs[i]));
  return text;
}

std::string OpPrinter::items(const ItemSet &set) const {
  std::string text = rt::concat(nameOf(set.kind), "(");
  for (size_t i = 0; i < set.args.size(); ++i)
    text += (i ? "," : "") + expr(set.args[i]);
  return text + ")";
}

void OpPrinter::printRegion(const Region &region) {
  enter(region.each);
  put("%", plan.buffers[region.buffer].name);
  if (!region.index.empty())
    put("[", list(region.index), "]");
  put("{", items(region.items));
  if (region.frame)
    put(" in ", items(*region.frame));
  put("}");
  for (const Domain &domain : region.each)
    put(" each ", domain.variable, " in ", nameOf(domain.kind));
  variables.resize(op.domains.size());
}

void OpPrinter::printEffects(const char *word, const std::vector<Region> &regions) {
  for (size_t i = 0; i < regions.size(); ++i) {
    put(i ? ", " : rt::concat(" ", word, " "));
    printRegion(regions[i]);
  }
}

void OpPrinter::printDomains() {
  for (size_t i = 0; i < op.domains.size(); ++i)
    put(i ? ", " : " for ", op.domains[i].variable, " in ", nameOf(op.domains[i].kind));
}

/// Put and Signal: "to p : ", or "to all : ".
void OpPrinter::printTo() {
  put(" to ", op.via == Path::Multicast ? std::string("all") : expr(op.to), " : ");
}

/// Put: "to p : %recv[..]{..} from %x{..}".
void OpPrinter::printTransfer() {
  printTo();
  printRegion(op.writes[0]);
  put(" from ");
  printRegion(op.reads[0]);
}

/// Signal and Wait: the flag's cell.
void OpPrinter::printCell() {
  put("%", plan.flags[op.flag].name);
  if (!op.flagIndex.empty())
    put("[", list(op.flagIndex), "]");
}

void OpPrinter::printAfter() {
  for (size_t i = 0; i < op.after.size(); ++i) {
    const After &after = op.after[i];
    put(i ? ", " : " after(", "%", plan.ops[after.op].name);
    if (!after.all)
      put("(", list(after.args), ")");
  }
  if (!op.after.empty())
    put(")");
}

std::string OpPrinter::print() {
  put("%", op.name, " = comm.", nameOf(op.kind));
  switch (op.kind) {
  case OpKind::Compute:
  case OpKind::Reduce:
    put(" @", nameOf(op.task));
    printDomains();
    printEffects("reads", op.reads);
    printEffects("writes", op.writes);
    break;
  case OpKind::Put:
    printDomains();
    printTransfer();
    break;
  case OpKind::Signal:
    printDomains();
    printTo();
    printCell();
    put(" = ", expr(op.value));
    if (op.hasPayload)
      put(" carry ", items(op.payload));
    break;
  case OpKind::Wait:
    printDomains();
    put(" : ");
    printCell();
    put(" at ", expr(op.value));
    if (op.hasPayload)
      put(" get ", items(op.payload));
    break;
  case OpKind::Pull:
    printDomains();
    put(" : ");
    printRegion(op.writes[0]);
    put(" from all ");
    printRegion(op.reads[0]);
    break;
  case OpKind::Copy:
    printDomains();
    put(" : ");
    printRegion(op.writes[0]);
    put(" from ");
    printRegion(op.reads[0]);
    break;
  }
  if (op.via != Path::NVLink)
    put(" via ", nameOf(op.via));
  if (op.window)
    put(" window ", op.window, op.eachPeer ? " each" : "");
  if (op.rates != Rates::Equal)
    put(" rates ", nameOf(op.rates));
  if (op.engine != Engine::Sm)
    put(" engine ", nameOf(op.engine));
  printAfter();
  return std::move(out);
}

std::string opText(const Plan &plan, const Op &op) { return OpPrinter(plan, op).print(); }

static std::string bufferText(const Buffer &buffer) {
  std::string out = rt::concat("%", buffer.name, " = comm.buffer ", nameOf(buffer.space), " ",
                               nameOf(buffer.layout), extentsText(buffer.extents));
  out += " of ";
  if (buffer.recordsPerToken != 1)
    out += rt::concat(buffer.recordsPerToken, " x ");
  return out + rt::concat(buffer.bytesPerRecord, " bytes");
}

static std::string flagText(const Flag &flag) {
  std::vector<std::string> variables;
  for (size_t i = 0; i < flag.extents.size(); ++i)
    variables.push_back(rt::concat("i", i));
  return rt::concat("%", flag.name, " = comm.flag", extentsText(flag.extents),
                    flag.carriesCount ? " carry" : "", " by ", exprText(flag.writer, variables));
}

/// A symbol as MLIR writes it: bare where it may be.
static std::string symbolText(const std::string &name) {
  auto bare = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '$' || c == '.';
  };
  bool startsBare = !name.empty() && bare(name[0]) && !(name[0] >= '0' && name[0] <= '9') &&
                    name[0] != '$' && name[0] != '.';
  return startsBare && std::all_of(name.begin(), name.end(), bare) ? "@" + name
                                                                   : "@\"" + name + "\"";
}

std::string planText(const Plan &plan) {
  std::string out =
      rt::concat("comm.plan ", symbolText(plan.name), " ranks ", plan.ranks,
                 plan.nodes == 1 ? "" : rt::concat(" nodes ", plan.nodes),
                 plan.stages == 1 ? "" : rt::concat(" stages ", plan.stages), " topk ", plan.topK,
                 " depth ", plan.depth, " steps ", plan.serialSteps ? "serial" : "free", " result ",
                 nameOf(plan.sumTree), " {\n");
  for (const Buffer &buffer : plan.buffers)
    out += "  " + bufferText(buffer) + "\n";
  for (const Flag &flag : plan.flags)
    out += "  " + flagText(flag) + "\n";
  for (const Op &op : plan.ops)
    out += "  " + opText(plan, op) + "\n";
  return out + "}\n";
}

} // namespace moec::plan
