//===- Suggest.h - Did you mean ---------------------------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The nearest of the words that would have been right.
//===----------------------------------------------------------------------===//

#ifndef MOEC_FRONTEND_PARSER_SUGGEST_H
#define MOEC_FRONTEND_PARSER_SUGGEST_H

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace moec::frontend {

/// Fewest insertions, deletions, replacements and swaps of neighbours, letter
/// case aside; counting stops past `limit`.
size_t editDistance(std::string_view left, std::string_view right, size_t limit);

/// The candidate within a third of the word's length (at least one edit, never
/// all of it) of what was written; empty if there is none. The first wins a tie.
std::string nearest(std::string_view word, const std::vector<std::string_view> &candidates);

/// "a, b or c".
std::string listOf(const std::vector<std::string_view> &words);

/// "1 group", "2 groups".
std::string counted(uint64_t count, std::string_view noun);

} // namespace moec::frontend

#endif // MOEC_FRONTEND_PARSER_SUGGEST_H
