//===- moec.cpp - The compiler's command line -----------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "frontend/driver/Commands.h"

#include <cstdio>
#include <exception>

int main(int argc, char **argv) {
  try {
    return moec::driver::runCommandLine(argc, argv);
  } catch (const std::bad_alloc &) {
    std::fputs("moec: unsupported: wanted more memory than there is; fewer ranks or tokens need "
               "less\n",
               stderr);
    return 2;
  } catch (const std::exception &error) {
    // What a library threw and nobody expected: ours to mend.
    std::fprintf(stderr, "moec: internal error: %s\n", error.what());
    return 70;
  }
}
