//===- SourcesReader.cpp - Decoding the SRCM and PROV sections -----------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/module/SourcesReader.h"

#include "runtime/base/FlatBuffer.h"
#include "runtime/base/Hash.h"
#include "runtime/module/Format.h"
#include "runtime/module/Limits.h"
#include "runtime/module/provenance_generated.h"
#include "runtime/module/sources_generated.h"
#include "runtime/plan/Limits.h"

#include <set>

namespace moec::rt {

static Status checkOwnName(const std::string &name, std::set<std::string> &names,
                           const Where &where) {
  if (name.empty())
    return where.at("name").invalid("wanted a name, found none");
  if (!names.insert(name).second)
    return where.at("name").invalid("wanted a name of its own, found ", quote(name), " twice");
  return {};
}

static Status decode(const wire::SourceText *file, const Where &where, uint64_t &total,
                     SourceFile &out) {
  MOEC_RETURN_IF_ERROR(decodeText(file->name(), where.at("name"), plan::maxPathBytes, out.name));
  // Texts may be shared inside of the buffer: the sum is what bounds the memory.
  total += file->text() ? file->text()->size() : 0;
  if (total > format::maxDecodedBytes)
    return where.invalid("wanted at most ", format::maxDecodedBytes, " bytes of text, found ",
                         total);
  MOEC_RETURN_IF_ERROR(
      decodeText(file->text(), where.at("text"), format::maxDecodedBytes, out.text));
  if (!file->hash())
    return where.at("hash").invalid("missing");
  Hash128 wanted = {file->hash()->low(), file->hash()->high()};
  Hash128 found = hash128({reinterpret_cast<const uint8_t *>(out.text.data()), out.text.size()});
  if (found != wanted)
    return where.at("hash").invalid("wanted ", formatHash(wanted), ", found ", formatHash(found));
  return {};
}

Result<std::vector<SourceFile>> readSources(std::span<const uint8_t> bytes) {
  MOEC_ASSIGN_OR_RETURN(const wire::Sources *root,
                        verifiedRoot<wire::Sources>(bytes, wire::SourcesIdentifier()));
  Where where;
  std::vector<SourceFile> files;
  std::set<std::string> names;
  uint64_t total = 0;
  MOEC_RETURN_IF_ERROR(decodeVector(root->files(), where.at("files"), maxSourceFiles, files,
                                    [&](const wire::SourceText *file, uint32_t i, SourceFile &to) {
                                      Where at = where.at("file", i);
                                      MOEC_RETURN_IF_ERROR(decode(file, at, total, to));
                                      return checkOwnName(to.name, names, at);
                                    }));
  return files;
}

Result<Provenance> readProvenance(std::span<const uint8_t> bytes) {
  MOEC_ASSIGN_OR_RETURN(const wire::Provenance *root,
                        verifiedRoot<wire::Provenance>(bytes, wire::ProvenanceIdentifier()));
  Where where;
  Provenance provenance;
  MOEC_RETURN_IF_ERROR(
      decodeText(root->compiler(), where.at("compiler"), plan::maxNameBytes, provenance.compiler));
  if (provenance.compiler.empty() || !isPrintableUtf8(provenance.compiler))
    return where.at("compiler")
        .invalid("wanted a printable name, found ", quote(provenance.compiler));
  std::set<std::string> names;
  MOEC_RETURN_IF_ERROR(decodeVector(
      root->options(), where.at("options"), maxOptions, provenance.options,
      [&](const wire::CompileOption *option, uint32_t i, CompileOption &to) {
        Where at = where.at("option", i);
        MOEC_RETURN_IF_ERROR(
            decodeText(option->name(), at.at("name"), plan::maxNameBytes, to.name));
        MOEC_RETURN_IF_ERROR(decodeText(option->value(), at.at("value"), maxOptionBytes, to.value));
        return checkOwnName(to.name, names, at);
      }));
  return provenance;
}

} // namespace moec::rt
