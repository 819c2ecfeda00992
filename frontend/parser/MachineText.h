//===- MachineText.h - A machine from its text ------------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef MOEC_FRONTEND_PARSER_MACHINETEXT_H
#define MOEC_FRONTEND_PARSER_MACHINETEXT_H

#include "frontend/parser/Program.h"

namespace moec::frontend {

/// The only machine of a text at hand, which topology::machineText made or somebody
/// wrote; `name` is what messages call it. Nothing if an error was reported.
std::optional<Machine> parseMachineText(std::string text, std::string name,
                                        Diagnostics &diagnostics);

} // namespace moec::frontend

#endif // MOEC_FRONTEND_PARSER_MACHINETEXT_H
