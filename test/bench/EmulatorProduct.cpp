//===- EmulatorProduct.cpp - A bf16 product in the emulator ----------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One JSON line a case: a product of TMA, mbarriers and wgmma on two CTAs of 384
// threads, without a seed (the fast mode) and with one (every check). Processor time
// of one thread, from the launch to its end; compiling the kernel is apart.
//
//   emulator-product [--repeat N]
//===----------------------------------------------------------------------===//

#include "test/emulator/Gemm.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <vector>

using namespace moec::test;

static double processorSeconds() {
  timespec now;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return double(now.tv_sec) + 1e-9 * double(now.tv_nsec);
}

static void must(const std::string &error) {
  if (error.empty())
    return;
  std::fprintf(stderr, "emulator-product: %s\n", error.c_str());
  std::exit(1);
}

static void measure(Gemm &gemm, bool isChecked, int repeats) {
  must(gemm.run(isChecked)); // pages and caches
  std::vector<double> ms;
  for (int i = 0; i < repeats; ++i) {
    const double start = processorSeconds();
    must(gemm.run(isChecked ? 1 + i : 0));
    ms.push_back(1e3 * (processorSeconds() - start));
  }
  std::sort(ms.begin(), ms.end());
  std::printf("{\"m\": %llu, \"n\": %llu, \"k\": %llu, \"checked\": %s, \"median_ms\": %.3f, "
              "\"min_ms\": %.3f, \"max_ms\": %.3f, \"switches\": %llu}\n",
              (unsigned long long)gemm.m, (unsigned long long)gemm.n, (unsigned long long)gemm.k,
              isChecked ? "true" : "false", ms[ms.size() / 2], ms.front(), ms.back(),
              (unsigned long long)gemm.counts().switches);
  std::fflush(stdout);
}

int main(int argc, char **argv) {
  int repeats = 50;
  if (argc == 3 && std::string_view(argv[1]) == "--repeat")
    repeats = std::max(1, std::atoi(argv[2]));
  else if (argc != 1)
    must("usage: emulator-product [--repeat N]");
  Gemm gemm(256, 256, 256);
  must(gemm.compile());
  measure(gemm, false, repeats);
  measure(gemm, true, repeats);
}
