//===- FindTool.h - Where CUDA's programs and libraries are ----*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_CODEGEN_NVPTX_FINDTOOL_H
#define MOEC_CODEGEN_NVPTX_FINDTOOL_H

#include <optional>
#include <string>
#include <vector>

namespace moec::codegen {

/// Path of the program `name` ("ptxas", "nvdisasm"): `wanted` if it is not empty,
/// else the first found in $CUDA_HOME/bin, $CUDA_PATH/bin, $PATH, the packages of
/// the Python environment $VIRTUAL_ENV, and /usr/local/cuda/bin.
std::optional<std::string> findProgram(const std::string &name, const std::string &wanted = "");

/// What to give dlopen for the library `name` ("libnvJitLink.so"), best first:
/// `wanted` alone if it is not empty, else those found beside the programs above,
/// and the names with and without a version.
std::vector<std::string> libraryCandidates(const std::string &name, const std::string &wanted = "");

} // namespace moec::codegen

#endif // MOEC_CODEGEN_NVPTX_FINDTOOL_H
