//===- DamageTest.cpp - No single wrong byte goes unnoticed, or crashes --===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "codegen/module/Layout.h"
#include "runtime/module/Inspect.h"
#include "test/runtime/module/Breakages.h"
#include "test/runtime/module/Sample.h"

#include <gtest/gtest.h>
#include <random>

using namespace moec;

static test::Bytes goodFile() {
  return codegen::layOut(codegen::encodeSections(test::kernelContents()));
}

TEST(Damage, EveryWrongByteIsRefused) {
  test::Bytes file = goodFile();
  std::mt19937 random(1);
  for (size_t i = 0; i < file.size(); ++i) {
    for (uint8_t change : {uint8_t(1), uint8_t(1 + random() % 255)}) {
      file[i] ^= change;
      EXPECT_FALSE(rt::Module::openMemory(file, "x").ok()) << "byte " << i << " ^ " << +change;
      file[i] ^= change;
    }
  }
}

TEST(Damage, EveryCutIsRefused) {
  test::Bytes file = goodFile();
  for (size_t size = 0; size < file.size(); ++size)
    EXPECT_FALSE(rt::Module::openMemory(std::span(file).first(size), "x").ok()) << size;
}

/// With the hashes made right again the byte reaches the checks of the fields. What
/// they let pass is another right module: everything in it can be shown.
TEST(Damage, WrongBytesBehindRightHashesNeverCrash) {
  const test::Bytes good = goodFile();
  std::mt19937 random(2);
  size_t accepted = 0;
  for (size_t i = 0; i < good.size(); ++i) {
    for (uint8_t change : {uint8_t(0xff), uint8_t(1 + random() % 255)}) {
      test::Bytes file = good;
      file[i] ^= change;
      test::rehash(file);
      rt::Result<rt::Module> module = rt::Module::openMemory(file, "x");
      if (!module) {
        EXPECT_NE(module.status().code(), rt::Code::Internal);
        continue;
      }
      ++accepted;
      EXPECT_FALSE(rt::inspectText(*module).empty());
    }
  }
  EXPECT_GT(accepted, 0u) << "names may change";
}
