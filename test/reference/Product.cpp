//===- Product.cpp - Matrix product of the reference ----------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Eight weight rows at a time are copied side by side, so that eight sums run in
// the lanes of a vector, each in its own order; four tokens share each load.
//===----------------------------------------------------------------------===//

#include "test/reference/Product.h"
#include "test/reference/Numbers.h"

#include <algorithm>
#include <atomic>
#include <thread>

using namespace reference;

namespace {
constexpr size_t lanes = 8; ///< weight rows that are summed side by side
/// A sum for each of them; the compiler takes as many registers as it needs.
using Lanes [[gnu::vector_size(lanes * sizeof(double))]] = double;
/// In a struct: GCC's std::vector of the bare type forgets the alignment.
struct alignas(lanes * sizeof(double)) PackedRow {
  Lanes values;
};

struct Panel {
  const PackedRow *weights; ///< [in]
  const float *x;           ///< [rows, in]
  size_t rows, in;
  double *y;        ///< [rows, out], at the panel's first column
  size_t out, used; ///< row pitch of y; lanes that are real
};
} // namespace

/// `tokens` rows of x share each load of the weights.
template <size_t tokens>
[[gnu::always_inline]] static inline void multiplyBlock(const Panel &panel, size_t first) {
  Lanes sums[tokens] = {};
  const float *x = panel.x + first * panel.in;
  for (size_t i = 0; i < panel.in; ++i)
    for (size_t t = 0; t < tokens; ++t)
      sums[t] += double(x[t * panel.in + i]) * panel.weights[i].values;
  for (size_t t = 0; t < tokens; ++t)
    for (size_t j = 0; j < panel.used; ++j)
      panel.y[(first + t) * panel.out + j] = sums[t][j];
}

[[gnu::always_inline]] static inline void multiplyPanel(const Panel &panel) {
  size_t t = 0;
  for (; t + 8 <= panel.rows; t += 8)
    multiplyBlock<8>(panel, t);
  for (; t + 2 <= panel.rows; t += 2)
    multiplyBlock<2>(panel, t);
  for (; t < panel.rows; ++t)
    multiplyBlock<1>(panel, t);
}

// The same loops for wider vectors: speed only, the bits are equal.
static void multiplyPanelAnywhere(const Panel &panel) { multiplyPanel(panel); }
#if defined(__x86_64__)
[[gnu::target("avx2,fma")]] static void multiplyPanelAvx2(const Panel &panel) {
  multiplyPanel(panel);
}
[[gnu::target("avx512f,avx2,fma")]] static void multiplyPanelAvx512(const Panel &panel) {
  multiplyPanel(panel);
}
#endif

static void (*choosePanel())(const Panel &) {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f"))
    return multiplyPanelAvx512;
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
    return multiplyPanelAvx2;
#endif
  return multiplyPanelAnywhere;
}

/// Elements from `first` on, rounded. One loop a type: each is vectorised.
static void loadRow(const Tensor &w, size_t first, Type weightsType, std::vector<float> &row) {
  auto fill = [&](auto element) {
    for (size_t i = 0; i < row.size(); ++i)
      row[i] = element(first + i);
  };
  if (w.type == Type::BF16) // needs no rounding
    fill([data = w.data](size_t i) { return load({data, Type::BF16}, i); });
  else
    fill([&](size_t i) { return roundTo(weightsType, load(w, i)); });
}

std::vector<double> reference::multiply(const std::vector<float> &x, size_t rows, size_t in,
                                        const Tensor &w, size_t out, Type weightsType,
                                        size_t threads) {
  std::vector<double> y(rows * out);
  if (rows == 0)
    return y;
  auto panelFunction = choosePanel();
  std::atomic<size_t> next{0};
  auto work = [&] {
    std::vector<PackedRow> packed(in, PackedRow{});
    std::vector<float> row(in);
    for (size_t o; (o = next.fetch_add(lanes)) < out;) {
      size_t used = std::min(lanes, out - o);
      for (size_t j = 0; j < used; ++j) {
        loadRow(w, (o + j) * in, weightsType, row);
        for (size_t i = 0; i < in; ++i)
          packed[i].values[j] = row[i];
      }
      panelFunction({packed.data(), x.data(), rows, in, y.data() + o, out, used});
    }
  };
  std::vector<std::thread> helpers;
  for (size_t i = 1; i < std::min(threads, (out + lanes - 1) / lanes); ++i)
    helpers.emplace_back(work);
  work();
  for (std::thread &helper : helpers)
    helper.join();
  return y;
}
