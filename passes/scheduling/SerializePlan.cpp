//===- SerializePlan.cpp - From comm.plan to the plan of a module ---------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A translation field by field. The verifiers of the ops have seen to it that
// every expression and every kind has a form in the plan.
//===----------------------------------------------------------------------===//

#include "passes/scheduling/SerializePlan.h"
#include "mlir/IR/Builders.h"
#include "passes/check/ClosedForm.h"
#include "runtime/plan/Check.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace moec {

//===----------------------------------------------------------------------===//
// Expressions, sets, domains
//===----------------------------------------------------------------------===//

static plan::ExprNode::Kind getNodeKind(AffineExprKind kind) {
  switch (kind) {
  case AffineExprKind::Add:
    return plan::ExprNode::Kind::Add;
  case AffineExprKind::Mul:
    return plan::ExprNode::Kind::Mul;
  case AffineExprKind::FloorDiv:
    return plan::ExprNode::Kind::FloorDiv;
  case AffineExprKind::Mod:
    return plan::ExprNode::Kind::Mod;
  case AffineExprKind::Constant:
    return plan::ExprNode::Kind::Constant;
  case AffineExprKind::DimId:
    return plan::ExprNode::Kind::Variable;
  case AffineExprKind::CeilDiv:
  case AffineExprKind::SymbolId:
    break;
  }
  llvm_unreachable("refused by the verifier (region-c2)");
}

/// Postfix. Dimensions are numbered as the variables of a plan are.
static void appendExpr(AffineExpr expr, plan::Expr &result) {
  int64_t value = 0;
  if (auto binary = dyn_cast<AffineBinaryOpExpr>(expr)) {
    appendExpr(binary.getLHS(), result);
    appendExpr(binary.getRHS(), result);
  } else if (auto constant = dyn_cast<AffineConstantExpr>(expr)) {
    value = constant.getValue();
  } else {
    value = cast<AffineDimExpr>(expr).getPosition();
  }
  result.nodes.push_back({getNodeKind(expr.getKind()), value});
}

/// A symbol is any value of a variable, which has no nodes.
static plan::Expr toPlan(AffineExpr expr) {
  plan::Expr result;
  if (isa<AffineSymbolExpr>(expr))
    return result;
  appendExpr(expr, result);
  return result;
}

static std::vector<plan::Expr> toPlan(AffineMap map) {
  std::vector<plan::Expr> exprs;
  for (AffineExpr expr : map.getResults())
    exprs.push_back(toPlan(expr));
  return exprs;
}

/// All ranks are none that is named.
static plan::Expr toDestination(AffineMap to) {
  return to.getNumResults() ? toPlan(to.getResult(0)) : plan::Expr();
}

static plan::ItemSet toPlan(comm::ItemSetAttr items) {
  switch (items.getKind()) {
  case comm::ItemSetKind::A:
    return {plan::ItemSetKind::A, toPlan(items.getArgs())};
  case comm::ItemSetKind::D:
    return {plan::ItemSetKind::D, toPlan(items.getArgs())};
  case comm::ItemSetKind::Y:
    return {plan::ItemSetKind::Y, toPlan(items.getArgs())};
  case comm::ItemSetKind::M:
    return {plan::ItemSetKind::M, toPlan(items.getArgs())};
  case comm::ItemSetKind::S:
    return {plan::ItemSetKind::S, toPlan(items.getArgs())};
  case comm::ItemSetKind::P:
    return {plan::ItemSetKind::P, toPlan(items.getArgs())};
  case comm::ItemSetKind::Q:
    return {plan::ItemSetKind::Q, toPlan(items.getArgs())};
  }
  llvm_unreachable("all kinds are handled");
}

static plan::Domain toPlan(comm::DomainAttr domain) {
  switch (domain.getKind()) {
  case comm::DomainKind::All:
    return {domain.getVariable().str(), plan::DomainKind::All};
  case comm::DomainKind::Stagger:
    return {domain.getVariable().str(), plan::DomainKind::Stagger};
  case comm::DomainKind::Nodes:
    return {domain.getVariable().str(), plan::DomainKind::Nodes};
  case comm::DomainKind::StaggerNodes:
    return {domain.getVariable().str(), plan::DomainKind::StaggerNodes};
  case comm::DomainKind::Lanes:
    return {domain.getVariable().str(), plan::DomainKind::Lanes};
  case comm::DomainKind::StaggerLanes:
    return {domain.getVariable().str(), plan::DomainKind::StaggerLanes};
  case comm::DomainKind::OtherNodes:
    return {domain.getVariable().str(), plan::DomainKind::OtherNodes};
  case comm::DomainKind::Stages:
    return {domain.getVariable().str(), plan::DomainKind::Stages};
  }
  llvm_unreachable("all kinds are handled");
}

static plan::TaskKind toPlan(comm::TaskKind kind) {
  switch (kind) {
  case comm::TaskKind::Route:
    return plan::TaskKind::Route;
  case comm::TaskKind::Pack:
    return plan::TaskKind::Pack;
  case comm::TaskKind::Experts:
    return plan::TaskKind::Experts;
  case comm::TaskKind::Shared:
    return plan::TaskKind::Shared;
  case comm::TaskKind::SlotSum:
    return plan::TaskKind::SlotSum;
  case comm::TaskKind::PackNodes:
    return plan::TaskKind::PackNodes;
  case comm::TaskKind::Split:
    return plan::TaskKind::Split;
  case comm::TaskKind::RankSum:
    return plan::TaskKind::RankSum;
  case comm::TaskKind::NodeSum:
    return plan::TaskKind::NodeSum;
  case comm::TaskKind::PartSum:
    return plan::TaskKind::PartSum;
  case comm::TaskKind::Select:
    return plan::TaskKind::Select;
  case comm::TaskKind::FullSum:
    return plan::TaskKind::FullSum;
  case comm::TaskKind::SwitchSum:
    return plan::TaskKind::SwitchSum;
  case comm::TaskKind::Stages:
    return plan::TaskKind::Stages;
  case comm::TaskKind::Lanes:
    return plan::TaskKind::Lanes;
  }
  llvm_unreachable("all kinds are handled");
}

static plan::SumTree toPlan(comm::SumTree tree) {
  switch (tree) {
  case comm::SumTree::Rows:
    return plan::SumTree::Rows;
  case comm::SumTree::RankPartial:
    return plan::SumTree::RankPartial;
  case comm::SumTree::NodePartial:
    return plan::SumTree::NodePartial;
  case comm::SumTree::Switch:
    return plan::SumTree::Switch;
  }
  llvm_unreachable("all trees are handled");
}

static plan::BufferSpace toPlan(comm::BufferSpace space) {
  switch (space) {
  case comm::BufferSpace::Local:
    return plan::BufferSpace::Local;
  case comm::BufferSpace::Sym:
    return plan::BufferSpace::Symmetric;
  case comm::BufferSpace::Input:
    return plan::BufferSpace::Input;
  case comm::BufferSpace::Output:
    return plan::BufferSpace::Output;
  }
  llvm_unreachable("all spaces are handled");
}

static plan::Path toPlan(comm::Path path) {
  switch (path) {
  case comm::Path::NVLink:
    return plan::Path::NVLink;
  case comm::Path::Rail:
    return plan::Path::Rail;
  case comm::Path::Multicast:
    return plan::Path::Multicast;
  case comm::Path::Host:
    return plan::Path::Host;
  }
  llvm_unreachable("all paths are handled");
}

static plan::Rates toPlan(comm::Rates rates) {
  switch (rates) {
  case comm::Rates::Equal:
    return plan::Rates::Equal;
  case comm::Rates::Sizes:
    return plan::Rates::Sizes;
  }
  llvm_unreachable("all rates are handled");
}

static plan::Engine toPlan(comm::Engine engine) {
  switch (engine) {
  case comm::Engine::Sm:
    return plan::Engine::Sm;
  case comm::Engine::Copy:
    return plan::Engine::Copy;
  }
  llvm_unreachable("all engines are handled");
}

plan::Location getFileLocation(Location loc) {
  plan::Location result;
  loc->walk([&](Location inner) {
    auto file = dyn_cast<FileLineColLoc>(inner);
    if (!file || file.getLine() == 0 || file.getColumn() == 0)
      return WalkResult::advance();
    result = {file.getFilename().str(), file.getLine(), file.getColumn()};
    return WalkResult::interrupt();
  });
  return result;
}

//===----------------------------------------------------------------------===//
// Ops
//===----------------------------------------------------------------------===//

namespace {
class Serializer {
public:
  explicit Serializer(comm::PlanOp op) : planOp(op) {}
  FailureOr<plan::Plan> run();

private:
  void addHeader();
  LogicalResult add(comm::BufferOp op);
  void add(comm::FlagOp op);
  LogicalResult add(comm::FamilyOp op);
  plan::Op makeOp(comm::FamilyOp op, plan::OpKind kind);
  std::vector<plan::Region> makeRegions(ArrayRef<comm::RegionUse> uses);
  void setCell(plan::Op &op, Value flag, AffineMap index, AffineMap value,
               std::optional<comm::ItemSetAttr> payload);
  void setTask(plan::Op &op, StringRef callee);

  comm::PlanOp planOp;
  plan::Plan plan;
  llvm::DenseMap<Value, uint32_t> positions; ///< of buffers, flags and tokens
};
} // namespace

static InFlightDiagnostic unsupported(Operation *op) { return op->emitError() << kUnsupported; }

void Serializer::addHeader() {
  plan.name = planOp.getSymName().str();
  plan.ranks = planOp.getRanks();
  plan.nodes = planOp.getNodes();
  plan.stages = planOp.getStages();
  plan.depth = planOp.getDepth();
  plan.topK = planOp.getTopk();
  plan.serialSteps = planOp.getSteps() == comm::StepOrder::Serial;
  plan.sumTree = toPlan(planOp.getResult());
}

LogicalResult Serializer::add(comm::BufferOp op) {
  plan::Buffer buffer;
  buffer.name = op.getLabel().str();
  buffer.space = toPlan(op.getSpace());
  switch (op.getLayout()) {
  case comm::BufferLayout::Seq:
    buffer.layout = plan::BufferLayout::Seq;
    break;
  case comm::BufferLayout::Slot:
    buffer.layout = plan::BufferLayout::Slot;
    break;
  case comm::BufferLayout::Packed:
    return unsupported(op) << "buffer '" << op.getLabel()
                           << "' has layout packed, modules hold only seq and slot";
  }
  buffer.extents.assign(op.getExtents().begin(), op.getExtents().end());
  buffer.recordsPerToken = op.getRecordsPerToken();
  buffer.bytesPerRecord = op.getBytesPerRecord();
  positions[op.getBuffer()] = plan.buffers.size();
  plan.buffers.push_back(std::move(buffer));
  return success();
}

void Serializer::add(comm::FlagOp op) {
  plan::Flag flag;
  flag.name = op.getLabel().str();
  flag.extents.assign(op.getExtents().begin(), op.getExtents().end());
  flag.carriesCount = op.getCarry();
  flag.writer = toPlan(op.getWriter().getResult(0));
  positions[op.getFlag()] = plan.flags.size();
  plan.flags.push_back(std::move(flag));
}

std::vector<plan::Region> Serializer::makeRegions(ArrayRef<comm::RegionUse> uses) {
  std::vector<plan::Region> regions;
  for (const comm::RegionUse &use : uses) {
    plan::Region region{positions.lookup(use.buffer),
                        toPlan(use.region.getIndex()),
                        toPlan(use.region.getItems()),
                        {}};
    if (comm::ItemSetAttr frame = use.region.getFrame())
      region.frame = toPlan(frame);
    for (comm::DomainAttr domain : use.region.getEach())
      region.each.push_back(toPlan(domain));
    regions.push_back(std::move(region));
  }
  return regions;
}

plan::Op Serializer::makeOp(comm::FamilyOp family, plan::OpKind kind) {
  plan::Op op;
  op.kind = kind;
  op.name = family.getLabel().str();
  for (auto domain : family.getDomains().getAsRange<comm::DomainAttr>())
    op.domains.push_back(toPlan(domain));
  op.reads = makeRegions(family.getReadUses());
  op.writes = makeRegions(family.getWriteUses());
  for (auto [token, instance] : llvm::zip(family.getAfter(), family.getAfterInstances())) {
    plan::After after{positions.lookup(token), true, {}};
    if (auto args = dyn_cast<AffineMapAttr>(instance); args && args.getValue().getNumResults()) {
      after.all = false;
      after.args = toPlan(args.getValue());
    }
    op.after.push_back(std::move(after));
  }
  op.location = getFileLocation(family.getLoc());
  return op;
}

void Serializer::setCell(plan::Op &op, Value flag, AffineMap index, AffineMap value,
                         std::optional<comm::ItemSetAttr> payload) {
  op.flag = positions.lookup(flag);
  op.flagIndex = toPlan(index);
  op.value = toPlan(value.getResult(0));
  op.hasPayload = payload.has_value();
  if (payload)
    op.payload = toPlan(*payload);
}

void Serializer::setTask(plan::Op &op, StringRef callee) {
  auto task = SymbolTable::lookupNearestSymbolFrom<comm::TaskOp>(
      planOp, StringAttr::get(planOp.getContext(), callee));
  op.task = toPlan(task.getKind());
}

LogicalResult Serializer::add(comm::FamilyOp family) {
  FailureOr<plan::Op> made =
      llvm::TypeSwitch<Operation *, FailureOr<plan::Op>>(family)
          .Case([&](comm::ComputeOp compute) {
            plan::Op op = makeOp(family, plan::OpKind::Compute);
            setTask(op, compute.getCallee());
            return op;
          })
          .Case([&](comm::ReduceOp reduce) {
            plan::Op op = makeOp(family, plan::OpKind::Reduce);
            setTask(op, reduce.getCallee());
            return op;
          })
          .Case([&](comm::PutOp put) {
            plan::Op op = makeOp(family, plan::OpKind::Put);
            op.to = toDestination(put.getTo());
            op.via = toPlan(put.getVia());
            op.window = put.getWindow();
            op.eachPeer = put.getEachPeer();
            op.rates = toPlan(put.getRates());
            op.engine = toPlan(put.getEngine());
            return op;
          })
          .Case([&](comm::PullOp) { return makeOp(family, plan::OpKind::Pull); })
          .Case([&](comm::CopyOp) { return makeOp(family, plan::OpKind::Copy); })
          .Case([&](comm::SignalOp signal) {
            plan::Op op = makeOp(family, plan::OpKind::Signal);
            op.to = toDestination(signal.getTo());
            op.via = toPlan(signal.getVia());
            setCell(op, signal.getFlag(), signal.getIndex(), signal.getValue(),
                    signal.getPayload());
            return op;
          })
          .Case([&](comm::WaitOp wait) {
            plan::Op op = makeOp(family, plan::OpKind::Wait);
            setCell(op, wait.getFlag(), wait.getIndex(), wait.getValue(), wait.getPayload());
            return op;
          })
          .Case<comm::DispatchOp, comm::CombineOp>([&](auto abstract) -> FailureOr<plan::Op> {
            return abstract.emitOpError() << "has no form in a module: run --comm-schedule first";
          });
  if (failed(made))
    return failure();
  positions[family.getToken()] = plan.ops.size();
  plan.ops.push_back(std::move(*made));
  return success();
}

FailureOr<plan::Plan> Serializer::run() {
  addHeader();
  for (Operation &op : planOp.getBody().front()) {
    LogicalResult added = llvm::TypeSwitch<Operation *, LogicalResult>(&op)
                              .Case([&](comm::BufferOp buffer) { return add(buffer); })
                              .Case([&](comm::FlagOp flag) {
                                add(flag);
                                return success();
                              })
                              .Case([&](comm::FamilyOp family) { return add(family); })
                              .Default([](Operation *) { return success(); }); // comm.task
    if (failed(added))
      return failure();
  }
  // What is written is what the reader takes, nothing else.
  if (rt::Status status = plan::checkPlan(plan); !status.ok())
    return planOp.emitOpError() << "has no form in a module: " << status.message();
  return std::move(plan);
}

FailureOr<plan::Plan> serializePlan(comm::PlanOp op) { return Serializer(op).run(); }

} // namespace moec
