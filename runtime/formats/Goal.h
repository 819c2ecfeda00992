//===- Goal.h - Group operation assembly language, as text ------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What LogGOPSim and ATLAHS read (Hoefler, Siebert, Lumsdaine, "Group Operation
// Assembly Language", ICPP 2009; spcl/LogGOPSim): sends, receives and computations
// of each rank with what they require. Kernels are on cpu 0, the rest on cpu 1, so
// that sends overlap with kernels.
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_FORMATS_GOAL_H
#define MOEC_RUNTIME_FORMATS_GOAL_H

#include "runtime/formats/Messages.h"

namespace moec::formats {

/// Computations in whole nanoseconds.
std::string goalText(const MessageGraph &graph);

} // namespace moec::formats

#endif // MOEC_RUNTIME_FORMATS_GOAL_H
