//===- Traffic.cpp - The argument of --traffic ----------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/traffic/Traffic.h"
#include "runtime/base/File.h"

#include <charconv>
#include <cmath>

namespace moec::traffic {

static constexpr const char *wantedForm =
    "wanted uniform, lognormal:SIGMA:SEED, zipf:A:SEED or a file";

static std::vector<std::string_view> splitAtColons(std::string_view text) {
  std::vector<std::string_view> parts;
  for (size_t start = 0;;) {
    size_t end = std::min(text.find(':', start), text.size());
    parts.push_back(text.substr(start, end - start));
    if (end == text.size())
      return parts;
    start = end + 1;
  }
}

template <typename Number> static bool readNumber(std::string_view text, Number &number) {
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size();
}

/// lognormal:SIGMA:SEED[:OF] and zipf:A:SEED.
static rt::Result<Traffic> parseLaw(const std::string &argument, TrafficKind kind) {
  std::vector<std::string_view> parts = splitAtColons(argument);
  Traffic traffic;
  traffic.kind = kind;
  traffic.text = argument;
  bool isNormal = kind == TrafficKind::LogNormal;
  const char *form = isNormal ? "lognormal:SIGMA:SEED[:experts|ranks|pairs]" : "zipf:A:SEED";
  bool fits = parts.size() == 3 || (isNormal && parts.size() == 4);
  fits = fits && readNumber(parts[1], traffic.parameter) && std::isfinite(traffic.parameter) &&
         traffic.parameter >= 0 && traffic.parameter <= 10 && readNumber(parts[2], traffic.seed);
  if (fits && parts.size() == 4) {
    fits = parts[3] == "experts" || parts[3] == "ranks" || parts[3] == "pairs";
    traffic.of = parts[3] == "ranks"   ? SkewOf::Ranks
                 : parts[3] == "pairs" ? SkewOf::Pairs
                                       : SkewOf::Experts;
  }
  if (!fits)
    return rt::invalidError("traffic: wanted ", form, " with ", isNormal ? "SIGMA" : "A",
                            " from 0 to 10 and a whole SEED, found ", rt::quote(argument));
  return traffic;
}

rt::Result<Traffic> parseTraffic(const std::string &argument) {
  if (argument == "uniform") {
    Traffic traffic;
    traffic.text = argument;
    return traffic;
  }
  std::string_view law = splitAtColons(argument)[0];
  if (law == "lognormal")
    return parseLaw(argument, TrafficKind::LogNormal);
  if (law == "zipf")
    return parseLaw(argument, TrafficKind::Zipf);
  rt::Result<std::string> text = rt::readFile(argument);
  if (!text)
    return text.status().within("traffic: ", wantedForm);
  rt::Result<Traffic> traffic = readTraffic(*text, argument);
  if (traffic)
    traffic->text = argument;
  return traffic;
}

rt::Result<const Trace *> Traffic::traceOf(std::optional<uint32_t> layer) const {
  if (!layer && trace.size() > 1)
    return rt::invalidError("traffic: holds layers 0..", trace.size() - 1, ": which one is meant?");
  uint32_t number = trace.size() > 1 ? *layer : 0;
  if (number >= trace.size())
    return rt::invalidError("traffic: has no layer ", number, ", it holds 0..", trace.size() - 1);
  return &trace[number];
}

static std::string matrixText(const Matrix &bytes, char separator, double unit) {
  std::string text;
  for (uint32_t row = 0; row < bytes.getSize(); ++row)
    for (uint32_t column = 0; column < bytes.getSize(); ++column) {
      double value = std::ceil(bytes.at(row, column) / unit) * unit;
      rt::appendText(text, static_cast<uint64_t>(value));
      text += column + 1 == bytes.getSize() ? '\n' : separator;
    }
  return text;
}

std::string ncclTestsText(const Matrix &bytes) { return matrixText(bytes, ' ', 16); }
std::string csvText(const Matrix &bytes) { return matrixText(bytes, ',', 1); }

} // namespace moec::traffic
