//===- DrawSvg.cpp - A machine as a picture -------------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Boxes within boxes, as parts lie within parts; GPUs and NICs in a row each, what
// NVLink joins below them.
//===----------------------------------------------------------------------===//

#include "runtime/topology/Drawing.h"
#include "runtime/topology/Tree.h"

#include <algorithm>

namespace moec::topology {

static constexpr double leafWidth = 84, leafHeight = 34, gap = 10, titleHeight = 22,
                        lineHeight = 18;

namespace {
struct Size {
  double width = 0, height = 0;
};
} // namespace

static std::string escape(std::string_view text) {
  std::string out;
  for (char c : text)
    out += c == '<' ? "&lt;" : c == '>' ? "&gt;" : c == '&' ? "&amp;" : std::string(1, c);
  return out;
}

static bool isLeaf(const Part &part) {
  return part.kind == PartKind::Gpu || part.kind == PartKind::Nic;
}

static Size sizeOf(const Part &part) {
  if (isLeaf(part))
    return {std::max(leafWidth, 7.0 * double(part.label.size()) + 16), leafHeight};
  Size size;
  for (const Part &child : part.parts) {
    Size inner = sizeOf(child);
    size.width += inner.width + gap;
    size.height = std::max(size.height, inner.height);
  }
  double title = 7.0 * double(part.label.size() + part.note.size() + 2);
  return {std::max(size.width + gap, title + 2 * gap), size.height + titleHeight + gap};
}

static const char *colourOf(PartKind kind) {
  switch (kind) {
  case PartKind::Node:
    return "#f7f7f5";
  case PartKind::Socket:
    return "#e8eef6";
  case PartKind::Bridge:
    return "#d7e3f1";
  case PartKind::Switch:
    return "#fdf1d8";
  case PartKind::Gpu:
    return "#cfe8c9";
  case PartKind::Nic:
    return "#f3cfc6";
  }
  return "#ffffff";
}

static std::string textAt(double x, double y, std::string_view text) {
  return rt::concat("<text x=\"", x, "\" y=\"", y, "\">", escape(text), "</text>\n");
}

static void draw(const Part &part, double x, double y, std::string &out) {
  Size size = sizeOf(part);
  out +=
      rt::concat("<rect x=\"", x, "\" y=\"", y, "\" width=\"", size.width, "\" height=\"",
                 size.height, "\" rx=\"4\" fill=\"", colourOf(part.kind), "\" stroke=\"#555\"/>\n");
  std::string label = part.label + (part.note.empty() ? "" : ", " + part.note);
  out += textAt(x + gap, y + (isLeaf(part) ? 21 : 16), label);
  double at = x + gap;
  for (const Part &child : part.parts) {
    draw(child, at, y + titleHeight, out);
    at += sizeOf(child).width + gap;
  }
}

std::string drawSvg(const Machine &machine) {
  Part node = partsOf(machine);
  Size size = sizeOf(node);
  std::vector<std::string> lines = nvlinkLines(machine);
  std::string count = machine.nodes ? rt::concat(*machine.nodes) : "as many as are asked for";
  lines.insert(lines.begin(), rt::concat("nodes like this: ", count));
  for (const Link &link : machine.links)
    if (link.name != nvlinkName && link.bytesPerSecond())
      lines.push_back(rt::concat(link.name, ": ", rateText(*link.bytesPerSecond()), " each way",
                                 link.ports ? rt::concat(", ", *link.ports, " ports a node") : ""));
  double width = size.width, height = size.height + 3 * gap + lineHeight * double(lines.size());
  for (const std::string &line : lines)
    width = std::max(width, 7.0 * double(line.size()));
  std::string out = rt::concat(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"", width + 2 * gap, "\" height=\"", height,
      "\" font-family=\"sans-serif\" font-size=\"12\">\n<rect width=\"100%\" height=\"100%\" "
      "fill=\"white\"/>\n");
  draw(node, gap, gap, out);
  for (size_t i = 0; i < lines.size(); ++i)
    out += textAt(gap, size.height + 3 * gap + lineHeight * double(i) + 4, lines[i]);
  return out + "</svg>\n";
}

} // namespace moec::topology
