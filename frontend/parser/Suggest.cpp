//===- Suggest.cpp - Did you mean -----------------------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "frontend/parser/Suggest.h"

#include <algorithm>
#include <cctype>
#include <utility>

namespace moec::frontend {

static bool sameLetter(char a, char b) {
  return std::tolower(static_cast<unsigned char>(a)) == std::tolower(static_cast<unsigned char>(b));
}

size_t editDistance(std::string_view left, std::string_view right, size_t limit) {
  if (left.size() > right.size() + limit || right.size() > left.size() + limit)
    return limit + 1;
  std::vector<size_t> beforeLast, last(right.size() + 1), row(right.size() + 1);
  for (size_t j = 0; j <= right.size(); ++j)
    last[j] = j;
  for (size_t i = 1; i <= left.size(); ++i) {
    row[0] = i;
    size_t best = row[0];
    for (size_t j = 1; j <= right.size(); ++j) {
      size_t replace = last[j - 1] + !sameLetter(left[i - 1], right[j - 1]);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, replace});
      bool swapped = i > 1 && j > 1 && sameLetter(left[i - 1], right[j - 2]) &&
                     sameLetter(left[i - 2], right[j - 1]);
      if (swapped)
        row[j] = std::min(row[j], beforeLast[j - 2] + 1);
      best = std::min(best, row[j]);
    }
    if (best > limit)
      return limit + 1;
    beforeLast = std::exchange(last, row);
  }
  return last[right.size()];
}

std::string nearest(std::string_view word, const std::vector<std::string_view> &candidates) {
  if (word.size() > 64)
    return "";
  size_t limit = std::max<size_t>(1, word.size() / 3);
  std::string result;
  size_t best = limit + 1;
  for (std::string_view candidate : candidates) {
    size_t distance = editDistance(word, candidate, limit);
    if (distance < best && distance < std::max(word.size(), candidate.size())) {
      best = distance;
      result = candidate;
    }
  }
  return result;
}

std::string listOf(const std::vector<std::string_view> &words) {
  std::string result;
  for (size_t i = 0; i < words.size(); ++i) {
    if (i)
      result += i + 1 == words.size() ? " or " : ", ";
    result += words[i];
  }
  return result;
}

std::string counted(uint64_t count, std::string_view noun) {
  return std::to_string(count) + " " + std::string(noun) + (count == 1 ? "" : "s");
}

} // namespace moec::frontend
