//===- Harness.h - Running the run command in a test -----------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_TEST_RUNTIME_TOOLS_HARNESS_H
#define MOEC_TEST_RUNTIME_TOOLS_HARNESS_H

#include "codegen/module/ModuleWriter.h"
#include "runtime/data/Safetensors.h"
#include "runtime/tools/RunCommand.h"
#include "test/runtime/data/Files.h"
#include "test/runtime/module/Sample.h"

#include <gtest/gtest.h>
#include <sstream>

namespace moec::run {

/// A folder, a module, and what the command printed about it.
struct Harness {
  explicit Harness(const Layer &layer = test::sampleLayer(), uint32_t ranks = 2)
      : contents(test::sampleContents(layer, ranks)) {}

  int run() {
    auto bytes = codegen::encodeModule(contents);
    EXPECT_TRUE(bytes.ok()) << bytes.status().message();
    std::ostringstream outStream, errorStream;
    int code = runModule(*bytes, "sample.moex", options, {outStream, errorStream});
    out = outStream.str();
    error = errorStream.str();
    return code;
  }

  /// Writes a file of F32 zeros.
  std::string writeZeros(const std::string &name, const std::string &tensor, rt::Shape shape,
                         rt::ElementType type = rt::ElementType::F32) {
    std::vector<uint8_t> zeros(*rt::bytesOf(type, shape), 0);
    rt::Status status =
        rt::writeSafetensors(folder / name, {{tensor, {type, std::move(shape), zeros}}});
    EXPECT_TRUE(status.ok()) << status.message();
    return folder / name;
  }

  rt::TemporaryFolder folder;
  ModuleContents contents;
  RunOptions options;
  std::string out, error;
};

} // namespace moec::run

#endif // MOEC_TEST_RUNTIME_TOOLS_HARNESS_H
