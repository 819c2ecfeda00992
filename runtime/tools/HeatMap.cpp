//===- HeatMap.cpp - Traffic between ranks as a heat map ------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/base/Text.h"
#include "runtime/tools/Charts.h"
#include "runtime/tools/Format.h"

#include <algorithm>
#include <array>

namespace moec::run {

using rt::concat;

static constexpr size_t maxRows = 32;
static constexpr size_t labelWidth = 9;
static constexpr size_t cellWidth = 8;  ///< with a number: six for it, two shaded
static constexpr size_t wideLabel = 13; ///< of a row without numbers
static constexpr std::array shades = {"  ", "░░", "▒▒", "▓▓", "██"};

namespace {
/// The unit in which the largest cell has at most four digits before the point.
class ByteUnit {
public:
  explicit ByteUnit(uint64_t largest) {
    constexpr std::array names = {"B", "KiB", "MiB", "GiB", "TiB"};
    size_t i = 0;
    for (; static_cast<double>(largest) / size > 9999 && i + 1 < names.size(); ++i)
      size *= 1024;
    name = names[i];
  }
  std::string format(uint64_t bytes) const {
    double value = static_cast<double>(bytes) / size;
    return formatFixed(value, size == 1 || value >= 99.95 || bytes == 0 ? 0 : 1);
  }
  const char *name;

private:
  double size = 1;
};

class HeatMap {
public:
  HeatMap(std::vector<uint64_t> bytes, size_t ranks, bool colour);
  std::string draw() const;

private:
  bool isOwn(size_t r, size_t c) const { return r == c && block == 1; }
  uint64_t at(size_t r, size_t c) const { return cells[r * side + c]; }
  static size_t shadeOf(uint64_t bytes, uint64_t least, uint64_t most);
  std::string paint(const std::string &text, size_t shade) const;
  std::string drawCell(size_t r, size_t c) const;
  std::string labelOf(size_t r) const;
  std::string drawColumnNumbers() const;
  std::string drawReceived() const;
  std::string drawLegend(const char *label, uint64_t low, uint64_t high) const;

  std::vector<uint64_t> cells; ///< [side, side]
  size_t ranks, side;
  size_t block = 1; ///< ranks a row
  std::vector<uint64_t> sent, received;
  uint64_t least = UINT64_MAX, most = 0, total = 0, largest = 0;
  bool colour, numbers;
};
} // namespace

HeatMap::HeatMap(std::vector<uint64_t> bytes, size_t ranks, bool colour)
    : ranks(ranks), colour(colour), numbers(ranks <= maxRanksWithNumbers) {
  while ((ranks + block - 1) / block > maxRows)
    ++block;
  side = (ranks + block - 1) / block;
  cells.assign(side * side, 0);
  sent.assign(side, 0);
  received.assign(side, 0);
  for (size_t r = 0; r < ranks; ++r)
    for (size_t c = 0; c < ranks; ++c) {
      uint64_t value = bytes[r * ranks + c];
      if (r == c && block > 1)
        continue; // a block shows traffic alone
      cells[r / block * side + c / block] += value;
      if (r == c)
        continue;
      sent[r / block] += value;
      received[c / block] += value;
      total += value;
    }
  for (size_t r = 0; r < side; ++r)
    for (size_t c = 0; c < side; ++c)
      if (!isOwn(r, c)) {
        least = std::min(least, at(r, c));
        most = std::max(most, at(r, c));
      }
  largest = *std::max_element(cells.begin(), cells.end());
}

/// From 1 for the least to 4 for the most, so that small differences show; 0 for
/// nothing.
size_t HeatMap::shadeOf(uint64_t bytes, uint64_t least, uint64_t most) {
  if (bytes == 0)
    return 0;
  if (most == least)
    return 4;
  double place = static_cast<double>(bytes - least) / static_cast<double>(most - least);
  return 1 + std::min<size_t>(3, static_cast<size_t>(place * 4));
}

/// Text on a background from blue over green to yellow.
std::string HeatMap::paint(const std::string &text, size_t shade) const {
  static constexpr std::array styles = {"", "48;5;18;97", "48;5;31;97", "48;5;71;30",
                                        "48;5;220;30"};
  return shade == 0 ? text : concat("\x1b[", styles[shade], "m", text, "\x1b[0m");
}

std::string HeatMap::drawCell(size_t r, size_t c) const {
  uint64_t value = at(r, c);
  size_t shade = shadeOf(value, least, most);
  if (!numbers && isOwn(r, c))
    return " ·";
  if (!numbers)
    return colour ? paint("  ", shade) : shades[shade];
  std::string number = ByteUnit(largest).format(value);
  if (isOwn(r, c))
    return padRight(padLeft(concat("(", number, ")"), cellWidth - 1), cellWidth);
  number = padLeft(number, cellWidth - 2);
  return colour ? paint(number + "  ", shade) : number + shades[shade];
}

std::string HeatMap::labelOf(size_t r) const {
  if (block == 1)
    return concat("from ", r);
  return concat("from ", r * block, "-", std::min((r + 1) * block, ranks) - 1);
}

/// Above cells of two characters: the first rank of every fourth column.
std::string HeatMap::drawColumnNumbers() const {
  constexpr size_t step = 4;
  std::string out = padRight("to", wideLabel);
  for (size_t c = 0; c < side; c += step)
    out += padRight(std::to_string(c * block), 2 * std::min(step, side - c));
  return out + padLeft("sends", cellWidth) + "\n";
}

/// What the columns receive, in the shades of their own range: numbers have no room.
std::string HeatMap::drawReceived() const {
  auto [low, high] = std::minmax_element(received.begin(), received.end());
  std::string out = padRight("receives", wideLabel);
  for (uint64_t bytes : received) {
    size_t shade = shadeOf(bytes, *low, *high);
    out += colour ? paint("  ", shade) : shades[shade];
  }
  ByteUnit unit(largest);
  return concat(out, padLeft(unit.format(total), cellWidth), " ", unit.name, "\n",
                drawLegend("from, to", least, most), drawLegend("receives", *low, *high));
}

/// What the shades stand for: quarters of the range.
std::string HeatMap::drawLegend(const char *label, uint64_t low, uint64_t high) const {
  ByteUnit unit(largest);
  std::string out = padRight(label, wideLabel);
  for (size_t shade = 1; shade < shades.size(); ++shade)
    out += concat(colour ? paint("  ", shade) : shades[shade], " ",
                  unit.format(low + (high - low) / 4 * (shade - 1)), " ..  ");
  return concat(out, unit.format(high), " ", unit.name, "\n");
}

std::string HeatMap::draw() const {
  ByteUnit unit(largest);
  std::string out;
  if (numbers) {
    out = std::string(labelWidth, ' ');
    for (size_t c = 0; c < side; ++c)
      out += padRight(padLeft(concat("to ", c), cellWidth - 2), cellWidth);
    out += padLeft("sends", cellWidth) + "\n";
  } else {
    out = drawColumnNumbers();
  }
  for (size_t r = 0; r < side; ++r) {
    out += padRight(labelOf(r), numbers ? labelWidth : wideLabel);
    for (size_t c = 0; c < side; ++c)
      out += drawCell(r, c);
    out += padLeft(unit.format(sent[r]), cellWidth) + " " + unit.name + "\n";
  }
  if (!numbers)
    return out + drawReceived();
  out += padRight("receives", labelWidth);
  for (size_t c = 0; c < side; ++c)
    out += padRight(padLeft(unit.format(received[c]), cellWidth - 2), cellWidth);
  return out + padLeft(unit.format(total), cellWidth) + " " + unit.name + "\n";
}

std::string drawHeatMap(std::vector<uint64_t> bytes, size_t ranks, bool colour) {
  return ranks ? HeatMap(std::move(bytes), ranks, colour).draw() : "";
}

} // namespace moec::run
