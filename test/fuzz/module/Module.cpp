//===- Module.cpp - Fuzzes the module reader -----------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Bytes that are no container die at the first hash, so the mutator takes a file
// apart, changes a section and puts it together with right hashes. What the reader
// accepts must be fit for all that is done with modules: it can be shown, spelt
// out, and written again as the same contents.
//===----------------------------------------------------------------------===//

#include "codegen/module/Layout.h"
#include "codegen/module/ModuleWriter.h"
#include "runtime/module/Container.h"
#include "runtime/module/Inspect.h"
#include "runtime/plan/Expand.h"
#include "test/runtime/module/Breakages.h"
#include "test/runtime/module/Sample.h"

#include <cstdlib>
#include <cstring>
#include <random>

using namespace moec;
using codegen::Bytes;
using codegen::Section;

extern "C" size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t maxSize);

static void require(bool condition, const std::string &text) {
  if (condition)
    return;
  std::fprintf(stderr, "%s\n", text.c_str());
  std::abort();
}

// --- What an accepted module must stand --------------------------------------

/// Spells out every task of the last rank, at the first and at a late step.
static void expand(const plan::Plan &plan) {
  constexpr uint32_t fewRanks = 16;
  if (plan.ranks > fewRanks)
    return;
  for (int64_t step : {int64_t(1), int64_t(0xffffffff)}) {
    plan::Scope scope(plan.ranks - 1, step);
    for (const plan::Op &op : plan.ops) {
      plan::forEachPoint(op.domains, plan, scope, [&](const plan::Scope &point) {
        for (const auto *regions : {&op.reads, &op.writes})
          for (const plan::Region &region : *regions)
            for (const plan::ConcreteRegion &concrete : expandRegion(plan, region, point)) {
              const plan::Buffer &buffer = plan.buffers[concrete.buffer];
              require(concrete.region < plan::cellCount(buffer.extents), "region outside");
              require(concrete.items.first < plan.ranks && concrete.items.second < plan.ranks,
                      "item set of no rank");
            }
        if (op.kind == plan::OpKind::Signal || op.kind == plan::OpKind::Wait) {
          const plan::Flag &flag = plan.flags[op.flag];
          require(flatIndex(flag.extents, op.flagIndex, point) < plan::cellCount(flag.extents),
                  "flag cell outside");
          require(point(op.value) >= 1, "epoch below 1");
        }
      });
    }
  }
}

static void use(const rt::Module &module) {
  require(!rt::inspectText(module).empty() && !rt::inspectJson(module).empty(), "cannot be shown");
  require(rt::diffModules(module, module).empty(), "differs from itself");
  expand(module.plan());
  ModuleContents contents = {module.manifest(), module.plan(), module.sources(),
                             module.provenance(), module.kernels()};
  rt::Result<Bytes> again = codegen::encodeModule(contents); // reads back and compares
  require(again.ok(), again.ok() ? "" : again.status().message());
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  rt::Result<rt::Module> module = rt::Module::openMemory({data, size}, "fuzz");
  if (module)
    use(*module);
  else
    require(module.status().code() != rt::Code::Internal, module.status().message());
  return 0;
}

// --- Mutation ----------------------------------------------------------------

static std::vector<Section> takeApart(std::span<const uint8_t> file) {
  std::vector<Section> sections;
  if (rt::Result<rt::Container> container = rt::readContainer(file))
    for (const rt::format::SectionEntry &entry : container->entries) {
      std::span<const uint8_t> bytes = container->section(entry);
      sections.push_back({entry.name, entry.flags, Bytes(bytes.begin(), bytes.end())});
    }
  if (sections.empty())
    sections = codegen::encodeSections(test::kernelContents());
  return sections;
}

/// Overwrites a number where one may stand: offsets inside of the buffer stay.
static void changeNumber(Bytes &bytes, std::mt19937 &random) {
  static const uint64_t values[] = {0,          1,          2,          3,          7,
                                    0x7f,       0x80,       0xff,       0x7fff,     0xffff,
                                    0x7fffffff, 0x80000000, 0xffffffff, UINT64_MAX, 1ull << 63};
  size_t width = size_t(1) << random() % 4;
  if (bytes.size() < width)
    return;
  size_t at = random() % (bytes.size() / width) * width;
  uint64_t value = 0;
  std::memcpy(&value, bytes.data() + at, width);
  switch (random() % 3) {
  case 0:
    value = values[random() % std::size(values)];
    break;
  case 1:
    value += random() % 9 - 4;
    break;
  case 2:
    value ^= uint64_t(1) << random() % (8 * width);
    break;
  }
  std::memcpy(bytes.data() + at, &value, width);
}

static void changeFreely(Bytes &bytes) {
  size_t size = bytes.size();
  bytes.resize(size + 64);
  bytes.resize(LLVMFuzzerMutate(bytes.data(), size, bytes.size()));
}

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t maxSize,
                                          unsigned int seed) {
  std::mt19937 random(seed);
  Bytes file;
  if (random() % 16 == 0) {
    file.assign(data, data + LLVMFuzzerMutate(data, size, maxSize));
    test::rehash(file);
  } else {
    std::vector<Section> sections = takeApart({data, size});
    Section &section = sections[random() % sections.size()];
    if (random() % 4 == 0)
      changeFreely(section.bytes);
    else
      for (size_t i = 0, count = 1 + random() % 3; i < count; ++i)
        changeNumber(section.bytes, random);
    file = codegen::layOut(sections);
  }
  if (file.size() > maxSize)
    return size;
  std::copy(file.begin(), file.end(), data);
  return file.size();
}
