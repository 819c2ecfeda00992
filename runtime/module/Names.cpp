//===- Names.cpp - Names of a module's enumerators -----------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/module/Names.h"

namespace moec {

const char *nameOf(DType type) {
  switch (type) {
  case DType::F32:
    return "f32";
  case DType::BF16:
    return "bf16";
  }
  return nullptr;
}

const char *nameOf(ScoreFunction function) {
  switch (function) {
  case ScoreFunction::Identity:
    return "identity";
  case ScoreFunction::Softmax:
    return "softmax";
  case ScoreFunction::Sigmoid:
    return "sigmoid";
  }
  return nullptr;
}

const char *nameOf(GroupScore score) {
  switch (score) {
  case GroupScore::Max:
    return "max";
  case GroupScore::SumOfTop2:
    return "sum_of_top2";
  }
  return nullptr;
}

const char *nameOf(RejectedValue value) {
  switch (value) {
  case RejectedValue::MinusInfinity:
    return "minus_infinity";
  case RejectedValue::Zero:
    return "zero";
  }
  return nullptr;
}

const char *nameOf(WeightRole role) {
  switch (role) {
  case WeightRole::Router:
    return "router";
  case WeightRole::RouterBias:
    return "router_bias";
  case WeightRole::SelectionBias:
    return "selection_bias";
  case WeightRole::ExpertGate:
    return "expert_gate";
  case WeightRole::ExpertUp:
    return "expert_up";
  case WeightRole::ExpertDown:
    return "expert_down";
  case WeightRole::SharedGate:
    return "shared_gate";
  case WeightRole::SharedUp:
    return "shared_up";
  case WeightRole::SharedDown:
    return "shared_down";
  case WeightRole::SharedScale:
    return "shared_scale";
  case WeightRole::ExpertGateBias:
    return "expert_gate_bias";
  case WeightRole::ExpertUpBias:
    return "expert_up_bias";
  case WeightRole::ExpertDownBias:
    return "expert_down_bias";
  }
  return nullptr;
}

const char *nameOf(KernelObject object) {
  switch (object) {
  case KernelObject::Buffer:
    return "buffer";
  case KernelObject::Flag:
    return "flag";
  case KernelObject::Peers:
    return "peers";
  case KernelObject::BufferOffset:
    return "buffer_offset";
  case KernelObject::FlagOffset:
    return "flag_offset";
  case KernelObject::Weight:
    return "weight";
  case KernelObject::Workspace:
    return "workspace";
  case KernelObject::State:
    return "state";
  case KernelObject::Placement:
    return "placement";
  case KernelObject::ChosenExperts:
    return "chosen_experts";
  case KernelObject::ChosenWeights:
    return "chosen_weights";
  }
  return nullptr;
}

const char *nameOf(KernelArgKind kind) {
  switch (kind) {
  case KernelArgKind::View:
    return "view";
  case KernelArgKind::Pointer:
    return "pointer";
  case KernelArgKind::Scalar:
    return "scalar";
  }
  return nullptr;
}

} // namespace moec
