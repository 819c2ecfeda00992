//===- VectorWidth.cpp - Copies move 16 bytes at a time -------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Looks at innermost loops. A load is of a row when its address advances with the
// loop and is not itself looked up there: tables of indices are read by words, and
// may be.
//===----------------------------------------------------------------------===//

#include "codegen/nvptx/lint/Rules.h"

#include <algorithm>
#include <charconv>

namespace moec::codegen {
namespace {
using ptx::Instruction;
using ptx::Register;

/// Bytes that an ld or st moves.
unsigned bytesOf(const Instruction &i) {
  std::string_view type = i.opcode.substr(i.opcode.rfind('.') + 2); // "32" of ".b32"
  unsigned bits = 0;
  std::from_chars(type.data(), type.data() + type.size(), bits);
  unsigned count = i.has("v8") ? 8 : i.has("v4") ? 4 : i.has("v2") ? 2 : 1;
  return bits / 8 * count;
}

bool isGlobalLoad(const Instruction &i) {
  return i.is("ld") && i.has("global") && !i.has("acquire") && !i.has("relaxed");
}

/// An innermost loop, and what its registers come from.
class InnerLoop {
public:
  InnerLoop(const ptx::Kernel &kernel, const Loop &loop)
      : written(kernel.registers), loaded(kernel.registers) {
    for (Block block : loop.blocks)
      for (unsigned i = kernel.first[block]; i < kernel.first[block + 1]; ++i)
        instructions.push_back(&kernel.instructions[i]);
    for (const Instruction *i : instructions)
      for (Register reg : i->writes)
        written[reg] = true;
    for (bool changed = true; changed;) {
      changed = false;
      for (const Instruction *i : instructions)
        if (i->is("ld") || anyOf(i->reads, loaded))
          for (Register reg : i->writes)
            if (!loaded[reg])
              changed = loaded[reg] = true;
    }
  }

  /// Its address moves on with the loop and depends on no load in it.
  bool walks(const Instruction &access) const {
    return anyOf(addressOf(access), written) && !anyOf(addressOf(access), loaded);
  }

  /// Stored as it came, to an address that walks too.
  bool copied(const Instruction &load) const {
    std::vector<Register> copies = load.writes;
    for (const Instruction *i : instructions)
      if (i->is("mov") && overlap(i->reads, copies))
        copies.insert(copies.end(), i->writes.begin(), i->writes.end());
    return std::any_of(instructions.begin(), instructions.end(), [&](const Instruction *i) {
      return i->is("st") && i->operands.size() == 2 && overlap(valuesOf(*i), copies) && walks(*i);
    });
  }

  std::vector<const Instruction *> instructions;

private:
  static bool anyOf(const std::vector<Register> &regs, const std::vector<bool> &set) {
    return std::any_of(regs.begin(), regs.end(), [&](Register reg) { return set[reg]; });
  }
  static bool overlap(const std::vector<Register> &a, const std::vector<Register> &b) {
    return std::find_first_of(a.begin(), a.end(), b.begin(), b.end()) != a.end();
  }
  /// An ld reads its address and nothing else (but a guard); an st its address first.
  static std::vector<Register> addressOf(const Instruction &access) {
    std::vector<Register> regs = access.reads;
    if (access.guard)
      regs.erase(regs.begin());
    if (access.is("st"))
      regs.resize(std::min<size_t>(regs.size(), ptx::identifiers(access.operands[0]).size()));
    return regs;
  }
  static std::vector<Register> valuesOf(const Instruction &store) {
    size_t address = addressOf(store).size() + (store.guard ? 1 : 0);
    return {store.reads.begin() + ptrdiff_t(address), store.reads.end()};
  }

  std::vector<bool> written, loaded;
};

} // namespace

void checkVectorWidth(LintContext &context) {
  const std::vector<Loop> &loops = context.kernel.flow->loops();
  for (size_t index = 0; index < loops.size(); ++index) {
    if (std::any_of(loops.begin(), loops.end(),
                    [&](const Loop &other) { return other.parent == index; }))
      continue;
    InnerLoop loop(context.kernel, loops[index]);
    for (const Instruction *i : loop.instructions) {
      if (!isGlobalLoad(*i) || bytesOf(*i) >= 16 || !loop.walks(*i))
        continue;
      if (bytesOf(*i) <= 2)
        context.report(*i, "wanted loads of 16 bytes along a row, found single elements");
      else if (loop.copied(*i))
        context.report(*i, rt::concat("wanted copies of 16 bytes at a time, found ", bytesOf(*i)));
    }
  }
}

} // namespace moec::codegen
