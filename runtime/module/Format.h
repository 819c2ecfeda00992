//===- Format.h - Byte layout of a .moex file ------------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Shared by the reader and the writer. Everything is little-endian:
//
//   FileHeader | SectionEntry x count | padding | section | padding | section ...
//
// Sections begin at multiples of 64, in the order of the table; padding is zero
// and as short as it can be; the last section ends the file. README.md tells the
// rules of growth.
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_MODULE_FORMAT_H
#define MOEC_RUNTIME_MODULE_FORMAT_H

#include "runtime/base/Hash.h"

#include <array>
#include <bit>
#include <cstdint>

namespace moec::rt::format {

static_assert(std::endian::native == std::endian::little, "the structs below are the file's bytes");

/// "\r\n" and "\x1a" show what a transfer in text mode has done to the file.
inline constexpr std::array<char, 8> magic = {'M', 'O', 'E', 'X', '\r', '\n', '\x1a', '\n'};
/// Another major version: another layout. A higher minor one: more optional things.
inline constexpr uint16_t majorVersion = 2;
inline constexpr uint16_t minorVersion = 1;

inline constexpr uint64_t sectionAlignment = 64;
inline constexpr uint32_t maxSections = 64;

struct FileHeader {
  std::array<char, 8> magic;
  uint16_t majorVersion;
  uint16_t minorVersion;
  uint32_t flags;        ///< 0; a reader refuses bits that it does not know
  uint64_t fileBytes;    ///< of the whole file
  uint64_t tableOffset;  ///< sizeof(FileHeader)
  uint32_t sectionCount; ///< 1 .. maxSections
  uint32_t entryBytes;   ///< sizeof(SectionEntry)
  uint64_t reserved;     ///< 0
  Hash128 hash;          ///< of the header before this field, then the table
};
static_assert(sizeof(FileHeader) == 64);
inline constexpr size_t hashedHeaderBytes = 48;

enum SectionFlags : uint32_t {
  required = 1,   ///< a reader that does not know the section refuses the file
  compressed = 2, ///< stored as zstd; reserved, refused in 1.0
  hostCode = 4,   ///< machine code for the host; always refused
};
inline constexpr uint32_t knownSectionFlags = required | compressed | hostCode;

using SectionName = std::array<char, 4>;
struct SectionEntry {
  SectionName name;
  uint32_t flags;
  uint64_t offset;                  ///< a multiple of sectionAlignment
  uint64_t storedBytes;             ///< at least 1
  uint64_t fullBytes;               ///< after decompression; equal unless compressed
  Hash128 hash;                     ///< of the stored bytes
  std::array<uint64_t, 2> reserved; ///< 0
};
static_assert(sizeof(SectionEntry) == 64);

/// The sections of 1.0. Each is there at most once; the code of kernels only beside
/// their table.
inline constexpr SectionName manifestSection = {'M', 'A', 'N', 'F'};   ///< manifest.fbs; required
inline constexpr SectionName planSection = {'P', 'L', 'A', 'N'};       ///< plan.fbs; required
inline constexpr SectionName sourcesSection = {'S', 'R', 'C', 'M'};    ///< sources.fbs
inline constexpr SectionName provenanceSection = {'P', 'R', 'O', 'V'}; ///< provenance.fbs
inline constexpr SectionName kernelsSection = {'K', 'R', 'N', 'L'};    ///< kernels.fbs
inline constexpr SectionName ptxSection = {'P', 'T', 'X', ' '};        ///< PTX of all kernels
inline constexpr SectionName cubinSection = {'C', 'U', 'B', 'N'};      ///< machine code of kernels
inline constexpr SectionName kernelIrSection = {'K', 'I', 'R', ' '};   ///< their MLIR bytecode

/// Most bytes of a section that is decoded.
inline constexpr uint64_t maxDecodedBytes = 64ull << 20;

constexpr uint64_t alignedOffset(uint64_t offset) {
  return (offset + sectionAlignment - 1) / sectionAlignment * sectionAlignment;
}

} // namespace moec::rt::format

#endif // MOEC_RUNTIME_MODULE_FORMAT_H
