//===- OptionChecks.h - What values options take ----------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Checks of CLI11 whose messages say what was wanted and what was found.
//===----------------------------------------------------------------------===//

#ifndef MOEC_FRONTEND_DRIVER_OPTIONCHECKS_H
#define MOEC_FRONTEND_DRIVER_OPTIONCHECKS_H

#include "frontend/parser/Suggest.h"
#include "runtime/base/Text.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <cstdlib>

namespace moec::driver {

/// A number from `least` to `most`. CLI11's own ranges take what is not a number, and name
/// their limits in all their digits.
inline CLI::Validator between(double least, double most, const char *range) {
  return CLI::Validator(
      [=](const std::string &text) {
        char *end = nullptr;
        double value = std::strtod(text.c_str(), &end);
        bool isInside = end != text.c_str() && *end == 0 && value >= least && value <= most;
        return isInside ? std::string()
                        : rt::concat("wanted a number ", range, ", found ", rt::quote(text));
      },
      "");
}

/// A whole number from `least` to `most`.
inline CLI::Validator whole(uint32_t least, uint32_t most) {
  return CLI::Validator(
      [=](const std::string &text) {
        uint32_t value = 0;
        const char *end = text.data() + text.size();
        auto [stop, error] = std::from_chars(text.data(), end, value);
        bool isInside = error == std::errc() && stop == end && value >= least && value <= most;
        return isInside ? std::string()
                        : rt::concat("wanted a whole number from ", least, " to ", most, ", found ",
                                     rt::quote(text));
      },
      "");
}

/// One of these words.
inline CLI::Validator oneOf(std::vector<std::string_view> words) {
  return CLI::Validator(
      [words = std::move(words)](const std::string &text) {
        bool isKnown = std::find(words.begin(), words.end(), text) != words.end();
        return isKnown
                   ? std::string()
                   : rt::concat("wanted ", frontend::listOf(words), ", found ", rt::quote(text));
      },
      "");
}

} // namespace moec::driver

#endif // MOEC_FRONTEND_DRIVER_OPTIONCHECKS_H
