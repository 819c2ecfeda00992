//===- Finish.h - The end of each encoder ----------------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef MOEC_CODEGEN_MODULE_FINISH_H
#define MOEC_CODEGEN_MODULE_FINISH_H

#include "codegen/module/Encoders.h"

#include <flatbuffers/flatbuffers.h>

namespace moec::codegen {

template <typename Root>
Bytes finish(flatbuffers::FlatBufferBuilder &builder, flatbuffers::Offset<Root> root,
             const char *identifier) {
  builder.Finish(root, identifier);
  return Bytes(builder.GetBufferPointer(), builder.GetBufferPointer() + builder.GetSize());
}

} // namespace moec::codegen

#endif // MOEC_CODEGEN_MODULE_FINISH_H
