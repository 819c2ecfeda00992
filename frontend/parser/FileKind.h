//===- FileKind.h - What a file is, before it is read -----------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A file of another kind gets one message, not one for each of its bytes.
//===----------------------------------------------------------------------===//

#ifndef MOEC_FRONTEND_PARSER_FILEKIND_H
#define MOEC_FRONTEND_PARSER_FILEKIND_H

#include "frontend/parser/Diagnostics.h"

namespace moec::frontend {

/// False, and a report, if the file is a module, no text or the text of IR.
bool checkFileKind(uint32_t file, Diagnostics &diagnostics);

/// Whether the first line that is no comment says `moe`, as that of a source does.
bool isSource(std::string_view text);

} // namespace moec::frontend

#endif // MOEC_FRONTEND_PARSER_FILEKIND_H
