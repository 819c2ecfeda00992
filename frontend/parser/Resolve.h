//===- Resolve.h - Statements to a program ----------------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The parts of parseProgram, one file a kind of block. Each takes a statement of
// the tree, reports what is wrong with it, and returns as much as could be made
// out of it: a later check must not complain about what an earlier one refused.
//===----------------------------------------------------------------------===//

#ifndef MOEC_FRONTEND_PARSER_RESOLVE_H
#define MOEC_FRONTEND_PARSER_RESOLVE_H

#include "frontend/parser/Ast.h"
#include "frontend/parser/Program.h"
#include "runtime/module/Limits.h"
#include "runtime/plan/Limits.h"

namespace moec::frontend {

/// Settings given twice or not at all, in the whole tree of a block.
void checkStatements(const Statement &block, Diagnostics &diagnostics);

/// The first statement of that keyword, or null.
const Statement *findStatement(const Statement &block, std::string_view keyword);

/// The integer field of a statement if it lies in [least, most]; reports if not.
std::optional<uint32_t> readInteger(const Statement &statement, std::string_view field,
                                    uint64_t least, uint64_t most, Diagnostics &diagnostics);

/// "hidden" of a layer is refused as a whole: the feature's name, then what
/// there is instead.
void refuse(const Statement &statement, std::string feature, std::string help,
            Diagnostics &diagnostics);

/// Which names an expression may use.
enum class ExpressionContext : uint8_t {
  RouterInput,
  Logits,
  Score,
  Choose,
  GroupScore,
  Rejected,
  RoutingWeights,
  Combine,
  Residual,
  Activation,
  SharedScale,
  LookupKey,
  Fuse,
};

/// Unknown names and functions, wrong numbers of operands. True if there are
/// none.
bool checkExpression(const Expression &expression, ExpressionContext context,
                     const std::string &keyword, Diagnostics &diagnostics);
/// True if it is `left + right` in either order.
bool isSum(const Expression &expression, std::string_view left, std::string_view right);
/// True if the name occurs anywhere in it.
bool mentions(const Expression &expression, std::string_view name);

Machine resolveMachine(const Statement &block, Diagnostics &diagnostics);
/// Where the figures of a statement are from: the comment behind it, else the lines
/// before it since the last empty one.
std::string sourceOf(const Statement &statement);
/// The field `gpus` of a statement, ascending; reports numbers that a node of `gpus`
/// does not have, and those given twice. None: the statement is broken.
std::optional<std::vector<uint32_t>>
readGpus(const Statement &statement, std::optional<uint32_t> gpus, Diagnostics &diagnostics);
/// The switches, bridges and sockets of the block, and that they form a tree.
void resolvePcie(const Statement &block, Machine &machine, Diagnostics &diagnostics);
/// Reports the first link of a mesh that stands on no machine.
void refuseLinks(const Statement &mesh, Diagnostics &diagnostics);
Mesh resolveMesh(const Statement &block, const Machine *machine, Diagnostics &diagnostics);

/// The activation of experts, and `bias ..`, which comes after it.
void resolveActivation(const Statement &statement, GatedMlp &mlp, Diagnostics &diagnostics);
void resolveBias(const Statement &statement, GatedMlp &mlp, Diagnostics &diagnostics);

/// A layer; sizes that were refused are 0.
struct ResolvedLayer {
  moec::Layer layer;
  LayerLocations locations;
};
ResolvedLayer resolveLayer(const Statement &block, Diagnostics &diagnostics);
void resolveRouter(const Statement &block, ResolvedLayer &result, Diagnostics &diagnostics);
/// Fills Layer::weights by role. `statement` may be null: plain names.
void resolveCheckpoint(const Statement *statement, ResolvedLayer &result, Diagnostics &diagnostics);

/// What a placement is for; 0: not known, then nothing is checked against it.
struct PlacementTarget {
  uint32_t ranks = 0, experts = 0;
  bool hasGroups = false; ///< the router chooses groups of experts first
  std::string rankNote;   ///< why the mesh has so many ranks, if the command line says so
};
PlacementRequest resolvePlacement(const Statement &block, const PlacementTarget &target,
                                  Diagnostics &diagnostics);
/// What `auto load` and the statements that go with it ask for; nothing without.
std::optional<LoadRequest> resolveLoad(const Statement &block, const PlacementTarget &target,
                                       Diagnostics &diagnostics);
ScheduleRequest resolveSchedule(const Statement &block, Diagnostics &diagnostics);
/// Has the program's machine the switch that its schedule needs?
void checkSwitch(const Program &program, Diagnostics &diagnostics);
/// Has its mesh the nodes that an algorithm of two tiers joins?
void checkTiers(const Program &program, Diagnostics &diagnostics);
/// Has it the groups of GPUs that `algorithm staged` joins, and the way between them?
void checkStages(const Program &program, Diagnostics &diagnostics);
/// Can copy engines move what its schedule puts?
void checkEngine(const Program &program, Diagnostics &diagnostics);

} // namespace moec::frontend

#endif // MOEC_FRONTEND_PARSER_RESOLVE_H
