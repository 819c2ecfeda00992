//===- Names.cpp - Names of the plan's enumerators -----------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/plan/Names.h"

namespace moec::plan {

const char *nameOf(BufferSpace space) {
  switch (space) {
  case BufferSpace::Local:
    return "local";
  case BufferSpace::Symmetric:
    return "sym";
  case BufferSpace::Input:
    return "input";
  case BufferSpace::Output:
    return "output";
  }
  return nullptr;
}

const char *nameOf(BufferLayout layout) {
  switch (layout) {
  case BufferLayout::Seq:
    return "seq";
  case BufferLayout::Slot:
    return "slot";
  }
  return nullptr;
}

const char *nameOf(DomainKind kind) {
  switch (kind) {
  case DomainKind::All:
    return "all";
  case DomainKind::Stagger:
    return "stagger";
  case DomainKind::Nodes:
    return "nodes";
  case DomainKind::StaggerNodes:
    return "stagger_nodes";
  case DomainKind::Lanes:
    return "lanes";
  case DomainKind::StaggerLanes:
    return "stagger_lanes";
  case DomainKind::OtherNodes:
    return "other_nodes";
  case DomainKind::Stages:
    return "stages";
  }
  return nullptr;
}

const char *nameOf(ItemSetKind kind) {
  switch (kind) {
  case ItemSetKind::A:
    return "A";
  case ItemSetKind::D:
    return "D";
  case ItemSetKind::Y:
    return "Y";
  case ItemSetKind::M:
    return "M";
  case ItemSetKind::S:
    return "S";
  case ItemSetKind::P:
    return "P";
  case ItemSetKind::Q:
    return "Q";
  }
  return nullptr;
}

const char *nameOf(TaskKind kind) {
  switch (kind) {
  case TaskKind::Route:
    return "route";
  case TaskKind::Pack:
    return "pack";
  case TaskKind::Experts:
    return "experts";
  case TaskKind::Shared:
    return "shared";
  case TaskKind::SlotSum:
    return "slot_sum";
  case TaskKind::PackNodes:
    return "pack_nodes";
  case TaskKind::Split:
    return "split";
  case TaskKind::RankSum:
    return "rank_sum";
  case TaskKind::NodeSum:
    return "node_sum";
  case TaskKind::PartSum:
    return "part_sum";
  case TaskKind::Select:
    return "select";
  case TaskKind::FullSum:
    return "full_sum";
  case TaskKind::SwitchSum:
    return "switch_sum";
  case TaskKind::Stages:
    return "stages";
  case TaskKind::Lanes:
    return "lanes";
  }
  return nullptr;
}

const char *nameOf(OpKind kind) {
  switch (kind) {
  case OpKind::Compute:
    return "compute";
  case OpKind::Put:
    return "put";
  case OpKind::Signal:
    return "signal";
  case OpKind::Wait:
    return "wait";
  case OpKind::Reduce:
    return "reduce";
  case OpKind::Pull:
    return "pull";
  case OpKind::Copy:
    return "copy";
  }
  return nullptr;
}

const char *nameOf(Path path) {
  switch (path) {
  case Path::NVLink:
    return "nvlink";
  case Path::Rail:
    return "rail";
  case Path::Multicast:
    return "multicast";
  case Path::Host:
    return "host";
  }
  return nullptr;
}

const char *nameOf(Rates rates) {
  switch (rates) {
  case Rates::Equal:
    return "equal";
  case Rates::Sizes:
    return "sizes";
  }
  return nullptr;
}

const char *nameOf(Engine engine) {
  switch (engine) {
  case Engine::Sm:
    return "sm";
  case Engine::Copy:
    return "copy";
  }
  return nullptr;
}

const char *nameOf(SumTree tree) {
  switch (tree) {
  case SumTree::Rows:
    return "rows";
  case SumTree::RankPartial:
    return "rank_partial";
  case SumTree::NodePartial:
    return "node_partial";
  case SumTree::Switch:
    return "switch";
  }
  return nullptr;
}

} // namespace moec::plan
