//===- Plan.h - The communication plan of one step --------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Decoded form of the PLAN section and the one thing that is run, simulated,
// verified and drawn. It mirrors the comm dialect after -comm-schedule: every op
// is a family of tasks, one per rank, per step and per index of its domains.
// The semantics (memory model, flags, epochs, item sets) are those of the comm
// dialect, dialects/comm/README.md.
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_PLAN_PLAN_H
#define MOEC_RUNTIME_PLAN_PLAN_H

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace moec::plan {

/// An integer expression in postfix order. Variables: 0 is `r` (the rank), 1 is
/// `n` (the step, counted from 1); 2 + i is the i-th domain variable in scope
/// (the op's own domains first, then the `each` domains of the region).
/// Division and remainder round towards minus infinity; divisors are positive
/// constants.
struct ExprNode {
  enum class Kind : uint8_t { Constant = 0, Variable = 1, Add = 2, Mul = 3, FloorDiv = 4, Mod = 5 };
  Kind kind = Kind::Constant;
  int64_t value = 0; ///< the constant, or the variable's number
  bool operator==(const ExprNode &) const = default;
};
struct Expr {
  std::vector<ExprNode> nodes;
  bool operator==(const Expr &) const = default;
};

/// Values a domain variable runs through, in this order.
enum class DomainKind : uint8_t {
  All = 0,          ///< 0 .. ranks-1, ascending
  Stagger = 1,      ///< r, r+1, .. mod ranks
  Nodes = 2,        ///< 0 .. nodes-1, ascending
  StaggerNodes = 3, ///< the node of r, the next one, .. mod nodes
  Lanes = 4,        ///< 0 .. lanes-1, ascending: the ranks of a node
  StaggerLanes = 5, ///< the lane of r, the next one, .. mod lanes
  OtherNodes = 6,   ///< the node after that of r, the next one, .. mod nodes: all but its own
  Stages = 7,       ///< 0 .. stages-1, ascending
};
struct Domain {
  std::string variable; ///< for printing: "p", "s"
  DomainKind kind = DomainKind::All;
  bool operator==(const Domain &) const = default;
};

/// Device-only item sets. A(r): tokens of rank r. D(s,p): tokens of s that have
/// at least one slot on p, in token order. Y(s,p): the (token, slot) rows of s
/// that run on p, in (token, slot) order. M(s,b): tokens of s that have at least one
/// slot on node b, in token order; D(s,p) is a part of M(s,b) if p is on b. S(s,b,k,m):
/// those of M(s,b) that travel in stage k by the rail of lane m, as the sizes of all M say
/// (runtime/birkhoff/StageTable.h): a run of tokens; over k and m disjoint, together M(s,b).
/// P(s,b,k): piece k of M(s,b), one of as many even runs of it as the plan has stages
/// (Pieces.h). Q(s,p,k): those of D(s,p) that are in P(s,b,k), b the node of p: a run too.
enum class ItemSetKind : uint8_t { A = 0, D = 1, Y = 2, M = 3, S = 4, P = 5, Q = 6 };
struct ItemSet {
  ItemSetKind kind = ItemSetKind::A;
  std::vector<Expr> args; ///< as argumentsOf(kind) has them
  bool operator==(const ItemSet &) const = default;
};

/// What an argument of a set names.
enum class ArgumentKind : uint8_t { Rank, Node, Stage, Lane };
/// The arguments of a set of this kind, in order.
std::span<const ArgumentKind> argumentsOf(ItemSetKind kind);

/// The set that a piece is cut from, at its place in which it lies in memory: M for S and P,
/// D for Q; of the first two arguments of the piece. Nothing for sets that are whole.
std::optional<ItemSetKind> wholeOf(ItemSetKind kind);
/// Whether a set is a part of one of kind `frame` with fitting arguments.
bool isPartOf(ItemSetKind kind, ItemSetKind frame);

enum class BufferSpace : uint8_t {
  Local = 0,     ///< private to the rank
  Symmetric = 1, ///< same offset in every rank's heap; peers put into it
  Input = 2,     ///< the caller's token rows, read only
  Output = 3,    ///< the caller's result rows
};
/// How items lie inside one region.
enum class BufferLayout : uint8_t {
  Seq = 0,  ///< item i of the set at record i
  Slot = 1, ///< token t at record t; row (t, j) at record t * topK + j
};
struct Buffer {
  std::string name;
  BufferSpace space = BufferSpace::Local;
  BufferLayout layout = BufferLayout::Slot;
  /// Extents of the leading index, e.g. {depth, ranks}; empty for one region.
  std::vector<uint32_t> extents;
  /// Records of one region: maxTokens * recordsPerToken (1, or topK for rows).
  uint32_t recordsPerToken = 1;
  uint32_t bytesPerRecord = 0;
  bool operator==(const Buffer &) const = default;
};

/// 64-bit words {epoch:32, payload:32} in the waiter's memory, one writer each.
struct Flag {
  std::string name;
  std::vector<uint32_t> extents;
  bool carriesCount = false;
  Expr writer; ///< rank that writes the cell; variable 2 + i is the i-th index
  bool operator==(const Flag &) const = default;
};

struct Region {
  uint32_t buffer = 0;
  std::vector<Expr> index; ///< as many as the buffer's extents
  ItemSet items;
  std::vector<Domain> each; ///< repeats the region, last varies fastest
  /// The region holds this set, of which `items` is a part, each at its place. Around pieces
  /// in layout seq, and around what a put takes out. Absent: it holds the items themselves.
  std::optional<ItemSet> frame = std::nullopt;
  bool operator==(const Region &) const = default;
};

/// Local tasks. `reads` and `writes` come in this order (optional ones in []):
enum class TaskKind : uint8_t {
  Route = 0,   ///< reads x; writes route (topK choices of each token)
  Pack = 1,    ///< reads route; writes record[p]{D(r,p)} for one destination
  Experts = 2, ///< reads recv[s]{D(s,r)}, record[s]{D(s,r)}; writes y[s]{Y(s,r)}
  Shared = 3,  ///< reads x; writes shared{A(r)}
  SlotSum = 4, ///< reduce: reads route, back{Y(r,p)}, [shared], [x]; writes out
  // Two tiers. With a as the node of r:
  PackNodes = 5, ///< reads route; writes record[b]{M(r,b)} for one node
  Split = 6,     ///< reads record[b]{M(s,a)}; writes record[b, m]{D(s,p)} for p of node a
  // Partial sums:
  RankSum = 7, ///< reduce: reads record[s]{D(s,r)}, y[s]{Y(s,r)}; writes q[s]{D(s,r)}
  NodeSum = 8, ///< reduce: reads record[b]{M(s,a)}, part[b, m]{D(s,p)}; writes z[b]{M(s,a)};
               ///< as RankSum, or of pieces: P in place of M, Q in place of D, of one k
  PartSum = 9, ///< reduce: reads route, back{D(r,p)} or back{M(r,b)}, [shared], [x]; writes out
  // Multicast: who has all routes of a source finds its own part of them.
  Select = 10, ///< reads route[s]{A(s)}; writes record[s]{D(s,r)}
  // Sums that the switch adds up:
  FullSum = 11,   ///< reduce: reads record[s]{D(s,r)}, y[s]{Y(s,r)}; writes sums[s]{A(s)}
  SwitchSum = 12, ///< reduce: reads total{A(r)}, [shared], [x]; writes out
  /// Makes the stages that all sets S speak of known, from the sizes of all M. No regions:
  /// every rank has the sizes from flags, and makes the same.
  Stages = 13,
  /// The same with sets that are cut evenly in stages, P(s,b,k), and of each what a lane has
  /// more than its share by other lanes: S(s,b,k,m) are then a part of P(s,b,k).
  Lanes = 14,
};
/// One record of a dispatched token as Pack writes it and Experts reads it:
/// little-endian u32 words {source token, count, then topK entries of
/// {k-slot << 16 | local expert index of the destination}, then topK x f32 weight of
/// the same entries}; entries past `count` are zero. So bytesPerRecord =
/// 4 * (2 + 2 * topK). With its weight a row can be finished where it is computed,
/// and the source only adds.
/// A record for a node (PackNodes) has a slot's lane too: {source token, count, topK x
/// {k-slot << 16 | local expert index there}, topK x f32 weight, topK x u32 lane of the
/// node}; so bytesPerRecord = 4 * (2 + 3 * topK).
/// One entry of the `route` buffer: topK x u32 chosen logical expert, topK x u32
/// {destination rank << 16 | local expert index there}, topK x f32 weight; so
/// bytesPerRecord = 12 * topK.

enum class OpKind : uint8_t {
  Compute = 0,
  Put = 1,
  Signal = 2,
  Wait = 3,
  Reduce = 4,
  Pull = 5, ///< the sum, made by the switch, of a region on all ranks
  Copy = 6, ///< from region to region of the rank itself
};
enum class Path : uint8_t {
  NVLink = 0,
  Rail = 1,
  Multicast = 2, ///< by NVLink to all ranks at once: the switch makes the copies
  Host = 3,      ///< through memory of the host that both ranks are in
};
/// The path whose flags tell of what has gone by `via`. Those by NVLink tell of all that
/// happened before, the others of what the same rank sent to the same peer.
constexpr Path flagPathOf(Path via) { return via == Path::Multicast ? Path::NVLink : via; }

/// Who moves the bytes of a put.
enum class Engine : uint8_t {
  Sm = 0,   ///< stores of kernels
  Copy = 1, ///< a copy engine: one block, as large as the items could be at most
};
/// How puts of a family that are in flight share a sender and a link.
enum class Rates : uint8_t {
  Equal = 0, ///< evenly
  Sizes = 1, ///< in proportion to their sizes, so that they end together
};

/// Order inside one rank and step: this task runs after task(s) of an earlier op.
struct After {
  uint32_t op = 0;
  bool all = true;        ///< every instance of `op`; else those that `args` name
  std::vector<Expr> args; ///< values of the domain variables of `op`; empty: any value
  bool operator==(const After &) const = default;
};

struct Location {
  std::string file;
  uint32_t line = 0;
  uint32_t column = 0;
  bool operator==(const Location &) const = default;
};

struct Op {
  OpKind kind = OpKind::Compute;
  std::string name;                ///< without the %, unique in the plan
  TaskKind task = TaskKind::Route; ///< Compute and Reduce only
  std::vector<Domain> domains;
  Expr to;                     ///< Put and Signal: destination rank; none by Multicast
  std::vector<Region> reads;   ///< Put, Copy: exactly one; Pull: one, on all ranks
  std::vector<Region> writes;  ///< Put: exactly one, on rank `to`; Pull, Copy: one
  uint32_t flag = 0;           ///< Signal and Wait
  std::vector<Expr> flagIndex; ///< Signal: cell on `to`; Wait: own cell
  Expr value;                  ///< Signal and Wait: the epoch
  bool hasPayload = false;     ///< Signal carries |payload|, Wait yields it
  ItemSet payload;
  Path via = Path::NVLink; ///< Put and Signal
  /// Put: instances of this family in flight at once on a rank; 0 = all.
  uint32_t window = 0;
  bool eachPeer = false;      ///< Put: the window, not 0, is of those to each peer
  Rates rates = Rates::Equal; ///< Put
  Engine engine = Engine::Sm; ///< Put
  std::vector<After> after;
  Location location;
  bool operator==(const Op &) const = default;
};

/// Which sums reach the result, hence which bits (shared/DESIGN.md section 4).
enum class SumTree : uint8_t {
  Rows = 0,        ///< every expert's row, in slot order
  RankPartial = 1, ///< a rank's rows of a token in slot order, then the ranks in order
  NodePartial = 2, ///< the same, the ranks of a node in order, then the nodes in order
  /// A rank's rows of a token in slot order, then all ranks by the switch, in an order
  /// that it chooses: f32 inside, rounded once to the type in which rows travel.
  Switch = 3,
};

struct Plan {
  std::string name;
  uint32_t ranks = 1; ///< rank = node * lanes + lane
  uint32_t depth = 1; ///< P: copies of each symmetric region, used round robin
  uint32_t topK = 1;
  bool serialSteps = true;
  SumTree sumTree = SumTree::Rows;
  std::vector<Buffer> buffers;
  std::vector<Flag> flags;
  std::vector<Op> ops; ///< `after` names only earlier ops
  uint32_t nodes = 1;  ///< divides `ranks`
  uint32_t stages = 1; ///< of the sets S; pieces of the sets P and Q
  /// Ranks of a node.
  uint32_t lanes() const { return ranks / nodes; }
  bool operator==(const Plan &) const = default;
};

} // namespace moec::plan

#endif // MOEC_RUNTIME_PLAN_PLAN_H
