//===- Export.cpp - A step in somebody else's format ----------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/formats/Export.h"

#include "runtime/formats/Chakra.h"
#include "runtime/formats/Exchange.h"
#include "runtime/formats/Goal.h"
#include "runtime/formats/MscclXml.h"
#include "runtime/formats/MscclppPlan.h"
#include "runtime/plan/PlanText.h"
#include "runtime/simulator/PlanTasks.h"
#include "runtime/traffic/Traffic.h"

#include <array>

namespace moec::formats {

static constexpr std::array allFormats = {Format::NcclTests, Format::Chakra, Format::Goal,
                                          Format::Mscclpp, Format::MscclXml};

const char *nameOf(Format format) {
  switch (format) {
  case Format::NcclTests:
    return "nccl-tests";
  case Format::Chakra:
    return "chakra";
  case Format::Goal:
    return "goal";
  case Format::Mscclpp:
    return "mscclpp";
  case Format::MscclXml:
    return "msccl-xml";
  }
  return "";
}

std::optional<Format> formatFromName(std::string_view name) {
  for (Format format : allFormats)
    if (name == nameOf(format))
      return format;
  return std::nullopt;
}

std::vector<std::string_view> allFormatNames() {
  std::vector<std::string_view> names;
  for (Format format : allFormats)
    names.push_back(nameOf(format));
  return names;
}

Phase defaultPhase(Format format) {
  switch (format) {
  case Format::Chakra:
  case Format::Goal:
    return Phase::Step;
  case Format::NcclTests:
  case Format::Mscclpp:
  case Format::MscclXml:
    return Phase::Dispatch;
  }
  return Phase::Step;
}

/// By op of the plan.
static std::vector<PutUse> usesOf(const plan::Plan &plan) {
  std::vector<PutUse> uses(plan.ops.size());
  for (Phase phase : {Phase::Dispatch, Phase::Combine}) {
    std::vector<bool> ops = opsOf(plan, phase);
    for (size_t i = 0; i < plan.ops.size(); ++i)
      if (ops[i])
        uses[i] = {phase, isHop(plan, plan.ops[i], phase)};
  }
  return uses;
}

static std::vector<ExportedFile> chakraFiles(const MessageGraph &messages,
                                             const std::vector<PutUse> &uses, std::string prefix) {
  if (prefix.ends_with(".et"))
    prefix.resize(prefix.size() - 3);
  std::vector<ExportedFile> files;
  for (uint32_t rank = 0; rank < messages.ranks.size(); ++rank)
    files.push_back({rt::concat(prefix, ".", rank, ".et"), chakraTrace(messages, rank, uses)});
  return files;
}

/// Nobody's format says that a switch copies or adds.
static rt::Status checkReach(const plan::Plan &plan, const std::vector<bool> &ops, Format format) {
  for (size_t i = 0; i < plan.ops.size(); ++i)
    if (ops[i] &&
        (plan.ops[i].via == plan::Path::Multicast || plan.ops[i].kind == plan::OpKind::Pull))
      return rt::unsupportedError(nameOf(format), ": op '", plan.ops[i].name,
                                  "': wanted what goes from one rank to one rank, found '",
                                  plan::opText(plan, plan.ops[i]), "'");
  return rt::Status();
}

rt::Result<std::vector<ExportedFile>> exportStep(const plan::Plan &plan,
                                                 const traffic::ItemCounts &counts,
                                                 const simulator::KernelTimes &times, Format format,
                                                 Phase phase, const std::string &output) {
  std::vector<bool> families = opsOf(plan, phase);
  MOEC_RETURN_IF_ERROR(checkReach(plan, families, format));
  MOEC_ASSIGN_OR_RETURN(simulator::TaskGraph graph, simulator::makePlanTasks(plan, counts, times));
  families.resize(graph.getFamilies().size());
  auto single = [&](std::string bytes) {
    return std::vector<ExportedFile>{{output, std::move(bytes)}};
  };
  switch (format) {
  case Format::NcclTests:
    return single(traffic::ncclTestsText(bytesOf(graph, families)));
  case Format::Chakra: {
    MOEC_ASSIGN_OR_RETURN(MessageGraph messages, makeMessages(graph, families, chakraPieces));
    return chakraFiles(messages, usesOf(plan), output);
  }
  case Format::Goal: {
    MOEC_ASSIGN_OR_RETURN(MessageGraph messages, makeMessages(graph, families));
    return single(goalText(messages));
  }
  case Format::Mscclpp: {
    MOEC_ASSIGN_OR_RETURN(Exchange exchange, makeExchange(plan, graph, phase, nameOf(format)));
    MOEC_ASSIGN_OR_RETURN(std::string text, mscclppPlan(exchange));
    return single(std::move(text));
  }
  case Format::MscclXml: {
    MOEC_ASSIGN_OR_RETURN(Exchange exchange, makeExchange(plan, graph, phase, nameOf(format)));
    MOEC_ASSIGN_OR_RETURN(std::string text, mscclXml(exchange));
    return single(std::move(text));
  }
  }
  return rt::internalError("unknown format");
}

} // namespace moec::formats
