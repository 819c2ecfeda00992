//===- CpuProducts.cpp - Our products beside oneDNN's ----------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One product of [rows, depth] by [columns, depth] on one core, by every kernel set
// that works here and by oneDNN with weights in the layout that it prefers. JSON
// lines; alternating, the best of the rounds, since a shared machine only slows down.
//
//   OMP_NUM_THREADS=1 cpu-products [rows columns depth]
//===----------------------------------------------------------------------===//

#include "runtime/backends/Float.h"
#include "runtime/backends/cpu/gemm/Kernels.h"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <dnnl.hpp>
#include <functional>
#include <string>

namespace moec::rt::cpu {
namespace {

struct Shape {
  uint32_t rows = 128, columns = 512, depth = 2048;
};

/// Something to time, and its name.
struct Contender {
  std::string name;
  std::function<void()> run;
};

std::vector<std::byte> numbers(size_t count, DType type) {
  std::vector<std::byte> bytes(count * sizeOf(type));
  for (size_t i = 0; i < count; ++i) {
    float value = static_cast<float>(i % 251) / 251 - .5f;
    if (type == DType::F32)
      reinterpret_cast<float *>(bytes.data())[i] = value;
    else
      reinterpret_cast<uint16_t *>(bytes.data())[i] = toBF16(value);
  }
  return bytes;
}

Contender ours(std::shared_ptr<KernelSet> kernels, DType type, const Shape &shape) {
  auto weights = numbers(size_t(shape.columns) * shape.depth, type);
  auto tokens = numbers(size_t(shape.rows) * shape.depth, type);
  uint32_t count = kernels->panelsOf(shape.columns), width = kernels->panelColumns();
  size_t stride = kernels->rowElements(shape.depth) * sizeOf(kernels->rowType());
  // The kernels prefetch beyond the last panel.
  auto panels =
      std::make_shared<std::vector<std::byte>>(count * kernels->panelBytes(shape.depth) + 65536);
  auto rows = std::make_shared<std::vector<std::byte>>(shape.rows * stride);
  auto out = std::make_shared<std::vector<float>>(size_t(shape.rows) * shape.columns);
  for (uint32_t panel = 0; panel < count; ++panel)
    kernels->packPanel(weights.data(), shape.depth, panel * width,
                       std::min(width, shape.columns - panel * width), 0,
                       panels->data() + panel * kernels->panelBytes(shape.depth));
  auto targets = std::make_shared<std::vector<std::byte *>>();
  for (uint32_t row = 0; row < shape.rows; ++row) {
    kernels->fillRow(tokens.data() + size_t(row) * shape.depth * sizeOf(type), type, shape.depth,
                     rows->data() + row * stride);
    targets->push_back(reinterpret_cast<std::byte *>(&(*out)[size_t(row) * shape.columns]));
  }
  return {kernels->name(), [=] { // `out` too: the targets point into it
            (void)out;
            kernels->multiply({rows->data(), stride, shape.rows},
                              {panels->data(), 0, count, shape.depth},
                              {targets->data(), DType::F32, shape.columns});
          }};
}

Contender oneDnn(DType type, const Shape &shape) {
  using dnnl::memory;
  auto elements = type == DType::F32 ? memory::data_type::f32 : memory::data_type::bf16;
  dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  memory::dims rowDims{shape.rows, shape.depth}, weightDims{shape.depth, shape.columns};
  memory::desc row(rowDims, elements, memory::format_tag::ab);
  memory::desc any(weightDims, elements, memory::format_tag::any);
  memory::desc out({shape.rows, shape.columns}, memory::data_type::f32, memory::format_tag::ab);
  dnnl::matmul::primitive_desc description({row, any, out}, engine);
  dnnl::stream stream(engine);
  memory x(row, engine), w(description.weights_desc(), engine), y(out, engine);
  auto tokens = numbers(size_t(shape.rows) * shape.depth, type);
  auto weights = numbers(size_t(shape.columns) * shape.depth, type);
  memory stored({weightDims, elements, memory::format_tag::ba}, engine, weights.data());
  std::memcpy(x.get_data_handle(), tokens.data(), tokens.size());
  dnnl::reorder(stored, w).execute(stream, stored, w);
  stream.wait();
  dnnl::matmul product(description);
  return {"onednn", [=]() mutable {
            product.execute(stream, {{DNNL_ARG_SRC, x}, {DNNL_ARG_WEIGHTS, w}, {DNNL_ARG_DST, y}});
            stream.wait();
          }};
}

void compare(DType type, const Shape &shape) {
  std::vector<Contender> contenders = {oneDnn(type, shape)};
  for (std::unique_ptr<KernelSet> &set : allKernelSets(type, type))
    contenders.push_back(ours(std::move(set), type, shape));
  std::vector<double> best(contenders.size(), 1e30);
  for (int round = 0; round < 30; ++round)
    for (size_t i = 0; i < contenders.size(); ++i) {
      auto start = std::chrono::steady_clock::now();
      contenders[i].run();
      std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start;
      best[i] = std::min(best[i], taken.count());
    }
  double operations = 2. * shape.rows * shape.columns * shape.depth;
  for (size_t i = 0; i < contenders.size(); ++i)
    std::printf("{\"bench\": \"cpu-products\", \"type\": \"%s\", \"rows\": %u, \"columns\": %u, "
                "\"depth\": %u, \"kernels\": \"%s\", \"gflops\": %.1f}\n",
                type == DType::F32 ? "f32" : "bf16", shape.rows, shape.columns, shape.depth,
                contenders[i].name.c_str(), operations / best[i] / 1e9);
}

} // namespace
} // namespace moec::rt::cpu

int main(int argc, char **argv) {
  moec::rt::cpu::Shape shape;
  if (argc == 4)
    shape = {uint32_t(std::atoi(argv[1])), uint32_t(std::atoi(argv[2])),
             uint32_t(std::atoi(argv[3]))};
  for (moec::DType type : {moec::DType::F32, moec::DType::BF16})
    moec::rt::cpu::compare(type, shape);
}
