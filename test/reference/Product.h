//===- Product.h - Matrix product of the reference ----------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef MOEC_TEST_REFERENCE_PRODUCT_H
#define MOEC_TEST_REFERENCE_PRODUCT_H

#include "test/reference/Reference.h"

#include <vector>

namespace reference {

/// y[t][o] = x[t][0] * w[o][0] + x[t][1] * w[o][1] + ..., each sum in f64 in this
/// order. `x` is [rows, in]; `w` is [out, in], its elements rounded to
/// `weightsType` first. The product of two f32 is exact in f64, so that a fused
/// multiply-add changes no bit and the result is the same on every machine.
std::vector<double> multiply(const std::vector<float> &x, size_t rows, size_t in, const Tensor &w,
                             size_t out, Type weightsType, size_t threads);

} // namespace reference

#endif // MOEC_TEST_REFERENCE_PRODUCT_H
