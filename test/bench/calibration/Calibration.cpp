//===- Calibration.cpp - The simulator beside published measurements ------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Prints a table: each series with the number of points, mean and worst error, apart for
// the points that its constants were fitted to and those held out; then every point that
// is off by more than a tenth, with the reason. --points lists all of them. --json FILE
// writes a line a point.
//===----------------------------------------------------------------------===//

#include "runtime/base/File.h"
#include "test/bench/calibration/Model.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <nlohmann/json.hpp>

using namespace moec;
using namespace moec::calibration;

namespace {

struct Errors {
  int points = 0;
  double sum = 0, worst = 0;
  void add(double error) {
    ++points;
    sum += std::abs(error);
    worst = std::max(worst, std::abs(error));
  }
  std::string text() const {
    if (points == 0)
      return "    -       -       -";
    char line[64];
    std::snprintf(line, sizeof(line), "%5d  %5.1f %%  %5.1f %%", points, 100 * sum / points,
                  100 * worst);
    return line;
  }
};

struct Series {
  std::string name;
  Errors fitted, held;
};

void print(const Point &point, double predicted) {
  std::printf("  %-32s %-36s %9.1f %9.1f  %+6.1f %%%s\n", point.library->name.c_str(),
              point.what.c_str(), point.microseconds, predicted,
              100 * (predicted / point.microseconds - 1), point.isFitted ? "  fitted" : "");
}

nlohmann::ordered_json lineOf(const Point &point, double predicted) {
  return {{"bench", "calibration"},
          {"library", point.library->name},
          {"source", point.library->source},
          {"point", point.what},
          {"measured_us", point.microseconds},
          {"simulated_us", std::round(predicted * 1e3) / 1e3},
          {"error", std::round((predicted / point.microseconds - 1) * 1e4) / 1e4},
          {"fitted", point.isFitted},
          {"reason", point.reason}};
}

} // namespace

int main(int argc, char **argv) {
  bool listAll = argc > 1 && std::strcmp(argv[1], "--points") == 0;
  const char *output = argc > 2 && std::strcmp(argv[1], "--json") == 0 ? argv[2] : nullptr;
  std::vector<Point> points = publishedPoints();
  std::vector<Series> series;
  Series all{"all", {}, {}};
  std::vector<double> predictions;
  std::string lines;
  for (const Point &point : points) {
    double predicted = predictMicroseconds(point), error = predicted / point.microseconds - 1;
    predictions.push_back(predicted);
    lines += lineOf(point, predicted).dump() + "\n";
    if (series.empty() || series.back().name != point.library->name) {
      auto known = std::find_if(series.begin(), series.end(), [&](const Series &candidate) {
        return candidate.name == point.library->name;
      });
      if (known == series.end())
        series.push_back({point.library->name, {}, {}});
      else
        std::rotate(known, known + 1, series.end());
    }
    (point.isFitted ? series.back().fitted : series.back().held).add(error);
    (point.isFitted ? all.fitted : all.held).add(error);
  }
  std::printf("%-34s %-23s  %s\n%-34s %-23s  %s\n", "", " fitted", " held out", "",
              "points   mean   worst", "points   mean   worst");
  series.push_back(all);
  for (const Series &row : series)
    std::printf("%-34s %s  %s\n", row.name.c_str(), row.fitted.text().c_str(),
                row.held.text().c_str());
  std::printf("\n%-34s %-36s %9s %9s\n", listAll ? "all points" : "off by more than a tenth", "",
              "measured", "simulated");
  for (size_t i = 0; i < points.size(); ++i) {
    if (!listAll && std::abs(predictions[i] / points[i].microseconds - 1) <= 0.1)
      continue;
    print(points[i], predictions[i]);
    if (!points[i].reason.empty())
      std::printf("    %s\n", points[i].reason.c_str());
  }
  if (!output)
    return 0;
  rt::Status status = rt::writeFileAtomically(output, lines);
  if (!status.ok())
    std::fprintf(stderr, "calibration: error: %s\n", status.message().c_str());
  return status.exitCode();
}
