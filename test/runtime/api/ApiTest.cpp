//===- ApiTest.cpp - The C ABI keeps its contract --------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "test/conformance/ModuleRun.h"
#include "test/runtime/module/Sample.h"

#include <gtest/gtest.h>

#include <cstring>
#include <new>
#include <system_error>

namespace moec::test {
namespace {

/// What a call says went wrong: "1: message"; "" for success.
std::string told(moec_status *status) {
  if (!status)
    return "";
  std::string text = std::to_string(moec_status_code(status)) + ": " + moec_status_message(status);
  moec_status_release(status);
  return text;
}

struct Opened {
  explicit Opened(uint32_t maxTokens = 0) {
    Layer layer = sampleLayer();
    bytes = moduleBytes(layer, {linearPlacement(layer.experts, 2), 1, 4, maxTokens});
    EXPECT_EQ(told(moec_module_open_memory(bytes.data(), bytes.size(), "sample.moex", &module)),
              "");
  }
  ~Opened() { moec_module_close(module); }
  std::vector<uint8_t> bytes;
  moec_module *module = nullptr;
};

moec_session *createSession(const Opened &opened, uint32_t capacity = 0) {
  moec_session_options options{sizeof(options), nullptr, 1, capacity, 0};
  moec_session *session = nullptr;
  EXPECT_EQ(told(moec_session_create(opened.module, &options, &session)), "");
  return session;
}

/// A lookup into LayerData that may change what it found.
struct Lookup {
  const LayerData &data;
  void (*change)(const std::string &name, moec_tensor &tensor) = nullptr;
  static moec_status *call(void *user, const char *name, moec_tensor *tensor) {
    Lookup *self = static_cast<Lookup *>(user);
    if (!self->data.find(name, *tensor))
      return moec_status_make(MOEC_INVALID, "no such weight");
    if (self->change)
      self->change(name, *tensor);
    return nullptr;
  }
};

std::string loadWith(void (*change)(const std::string &, moec_tensor &)) {
  Opened opened;
  LayerData data(sampleLayer(), 0, 1);
  moec_session *session = createSession(opened);
  Lookup lookup{data, change};
  std::string message = told(moec_session_load_weights(session, &Lookup::call, &lookup));
  moec_session_destroy(session);
  return message;
}

// --- Status ------------------------------------------------------------------

TEST(Api, SuccessIsNull) {
  EXPECT_EQ(moec_status_code(nullptr), MOEC_OK);
  EXPECT_STREQ(moec_status_message(nullptr), "");
  moec_status_release(nullptr);
  EXPECT_EQ(moec_status_make(MOEC_OK, "all is well"), nullptr);
}

TEST(Api, StatusesOfTheCallersOwn) {
  EXPECT_EQ(told(moec_status_make(MOEC_UNSUPPORTED, "not today")), "2: not today");
  EXPECT_EQ(told(moec_status_make(MOEC_INVALID, nullptr)), "1: failure without a message");
  EXPECT_EQ(told(moec_status_make(static_cast<moec_code>(5), "odd")), "70: odd");
}

TEST(Api, VersionIsTheProjects) { EXPECT_STREQ(moec_version(), "0.1.0"); }

// --- Modules -----------------------------------------------------------------

TEST(Api, NullPointersAreRefused) {
  moec_module *module = nullptr;
  EXPECT_EQ(told(moec_module_open(nullptr, &module)), "1: path: wanted a pointer, found null");
  EXPECT_EQ(told(moec_module_open("x", nullptr)), "1: module: wanted a pointer, found null");
  EXPECT_EQ(told(moec_module_open_memory(nullptr, 3, "x", &module)),
            "1: bytes: wanted a pointer, found null");
  EXPECT_EQ(told(moec_session_step(nullptr, nullptr)), "1: session: wanted a pointer, found null");
  EXPECT_EQ(told(moec_module_layer(nullptr, nullptr)), "1: module: wanted a pointer, found null");
  EXPECT_EQ(moec_module_weight_count(nullptr), 0u);
  moec_module_close(nullptr);
  moec_session_destroy(nullptr);
}

TEST(Api, BrokenModulesAreRefusedByName) {
  moec_module *module = nullptr;
  std::string message = told(moec_module_open_memory("rubbish", 7, "some.moex", &module));
  EXPECT_EQ(message.find("1: module 'some.moex': "), 0u) << message;
  EXPECT_EQ(module, nullptr);
}

TEST(Api, LayerAndWeightsAreDescribed) {
  Opened opened;
  moec_layer_info layer{};
  layer.struct_size = sizeof(layer);
  ASSERT_EQ(told(moec_module_layer(opened.module, &layer)), "");
  EXPECT_STREQ(layer.name, "sample");
  EXPECT_EQ(layer.ranks, 2u);
  EXPECT_EQ(layer.hidden, 16u);
  EXPECT_EQ(layer.experts, 4u);
  EXPECT_EQ(layer.top_k, 2u);
  EXPECT_EQ(layer.weights_dtype, MOEC_F32);

  ASSERT_EQ(moec_module_weight_count(opened.module), 13u); // the router, 4 times 3
  moec_weight_info weight{};
  weight.struct_size = sizeof(weight);
  ASSERT_EQ(told(moec_module_weight(opened.module, 6, &weight)), "");
  EXPECT_STREQ(weight.name, "mlp.experts.1.down_proj.weight");
  EXPECT_EQ(weight.expert, 1);
  EXPECT_EQ(weight.dims, 2u);
  EXPECT_EQ(weight.shape[0], 16);
  EXPECT_EQ(weight.shape[1], 8);
  EXPECT_EQ(told(moec_module_weight(opened.module, 13, &weight)),
            "1: weight index: wanted one below 13, found 13");
}

/// A caller built against an older header has smaller structs.
TEST(Api, StructSizesAreHonoured) {
  Opened opened;
  moec_layer_info layer{};
  layer.struct_size = offsetof(moec_layer_info, hidden);
  layer.hidden = 77;
  ASSERT_EQ(told(moec_module_layer(opened.module, &layer)), "");
  EXPECT_EQ(layer.ranks, 2u);
  EXPECT_EQ(layer.hidden, 77u);
  layer.struct_size = 0;
  EXPECT_EQ(told(moec_module_layer(opened.module, &layer)),
            "1: moec_layer_info: wanted struct_size = sizeof(moec_layer_info), found 0");
}

// --- Sessions ----------------------------------------------------------------

TEST(Api, UnknownBackendsAreToldTheKnownOnes) {
  Opened opened;
  moec_session_options options{};
  options.struct_size = sizeof(options);
  options.backend = "abacus";
  moec_session *session = nullptr;
  std::string message = told(moec_session_create(opened.module, &options, &session));
  EXPECT_EQ(message.find("1: backend: wanted cpu, cuda or emulator, found 'abacus'"), 0u)
      << message;
  options.backend = "../cpu";
  EXPECT_EQ(told(moec_session_create(opened.module, &options, &session)),
            "1: backend: wanted a name of a-z, 0-9 and _, found '../cpu'");
}

TEST(Api, SessionsOutliveTheirModule) {
  LayerData data(sampleLayer(), 6, 1);
  moec_session *session;
  {
    Opened opened;
    session = createSession(opened);
  }
  Lookup lookup{data};
  ASSERT_EQ(told(moec_session_load_weights(session, &Lookup::call, &lookup)), "");
  StepMemory memory(data, {4, 2});
  EXPECT_EQ(told(moec_session_step(session, memory.io.data())), "");
  EXPECT_EQ(data.compare(memory.result), "");
  moec_session_destroy(session);
}

TEST(Api, StepBeforeWeights) {
  Opened opened;
  LayerData data(sampleLayer(), 2, 1);
  moec_session *session = createSession(opened);
  StepMemory memory(data, {1, 1});
  EXPECT_EQ(told(moec_session_step(session, memory.io.data())),
            "1: wanted weights before the first step, found none loaded");
  moec_step_report report{};
  report.struct_size = sizeof(report);
  EXPECT_EQ(told(moec_session_report(session, &report)),
            "1: report: wanted a step before, found none");
  moec_session_destroy(session);
}

TEST(Api, WeightsMustFit) {
  EXPECT_EQ(loadWith(nullptr), "");
  EXPECT_EQ(loadWith([](const std::string &name, moec_tensor &tensor) {
              if (name == "mlp.experts.2.up_proj.weight")
                tensor.shape[1] = 15;
            }),
            "1: weight 'mlp.experts.2.up_proj.weight': wanted shape [8, 16], found [8, 15]");
  EXPECT_EQ(loadWith([](const std::string &, moec_tensor &tensor) { tensor.dims = 1; }),
            "1: weight 'mlp.gate.weight': wanted shape [4, 16], found [4]");
  EXPECT_EQ(loadWith([](const std::string &, moec_tensor &tensor) { tensor.dims = 99; }),
            "1: weight 'mlp.gate.weight': wanted shape [4, 16], found [4, 16, 0, 0, 0, 0, 0, 0]");
  EXPECT_EQ(loadWith([](const std::string &, moec_tensor &tensor) { tensor.dtype = MOEC_I64; }),
            "1: weight 'mlp.gate.weight': wanted f32, bf16 or f16, found i64");
  EXPECT_EQ(loadWith([](const std::string &, moec_tensor &tensor) { tensor.data = nullptr; }),
            "1: weight 'mlp.gate.weight': wanted data, found a null pointer");
}

TEST(Api, TheLookupsOwnFailureComesThrough) {
  Opened opened;
  moec_session *session = createSession(opened);
  auto lookup = [](void *, const char *name, moec_tensor *) {
    return moec_status_make(MOEC_UNSUPPORTED, (std::string("cannot reach ") + name).c_str());
  };
  EXPECT_EQ(told(moec_session_load_weights(session, lookup, nullptr)),
            "2: cannot reach mlp.gate.weight");
  EXPECT_EQ(told(moec_session_load_weights(session, nullptr, nullptr)),
            "1: lookup: wanted a function, found null");
  moec_session_destroy(session);
}

TEST(Api, WhatTheMachineDoesNotHaveIsUnsupported) {
  Opened opened;
  moec_session *session = createSession(opened);
  auto noMemory = [](void *, const char *, moec_tensor *) -> moec_status * {
    throw std::bad_alloc();
  };
  EXPECT_EQ(told(moec_session_load_weights(session, noMemory, nullptr)), "2: out of memory");
  auto noThread = [](void *, const char *, moec_tensor *) -> moec_status * {
    throw std::system_error(std::make_error_code(std::errc::resource_unavailable_try_again));
  };
  EXPECT_TRUE(told(moec_session_load_weights(session, noThread, nullptr))
                  .starts_with("2: the system refused: "));
  moec_session_destroy(session);
}

TEST(Api, CapacityIsALimit) {
  Opened opened(/*maxTokens=*/8);
  LayerData data(sampleLayer(), 9, 1);
  moec_session *session = createSession(opened, 5);
  Lookup lookup{data};
  ASSERT_EQ(told(moec_session_load_weights(session, &Lookup::call, &lookup)), "");
  StepMemory memory(data, {3, 6});
  EXPECT_EQ(told(moec_session_step(session, memory.io.data())),
            "1: rank 1: wanted at most 5 tokens, the capacity of the session, found 6");
  StepMemory fits(data, {4, 5}); // a refused step spoils nothing
  EXPECT_EQ(told(moec_session_step(session, fits.io.data())), "");
  EXPECT_EQ(data.compare(fits.result), "");
  moec_session_destroy(session);

  moec_session_options options{sizeof(options), nullptr, 1, 9, 0};
  EXPECT_EQ(told(moec_session_create(opened.module, &options, &session)),
            "1: capacity: wanted at most 8 tokens a rank as in the module, found 9");
}

TEST(Api, StepsAreChecked) {
  Opened opened;
  LayerData data(sampleLayer(), 4, 1);
  moec_session *session = createSession(opened);
  Lookup lookup{data};
  ASSERT_EQ(told(moec_session_load_weights(session, &Lookup::call, &lookup)), "");
  auto stepWith = [&](auto change) {
    StepMemory memory(data, {2, 2});
    change(memory.io[1]);
    return told(moec_session_step(session, memory.io.data()));
  };
  EXPECT_EQ(stepWith([](moec_rank_io &io) { io.tokens = -1; }),
            "1: rank 1: wanted a number of tokens, found -1");
  EXPECT_EQ(stepWith([](moec_rank_io &io) { io.input_dtype = MOEC_F16; }),
            "1: rank 1: wanted an input of f32 or bf16, found f16");
  EXPECT_EQ(stepWith([](moec_rank_io &io) { io.output = nullptr; }),
            "1: rank 1: wanted memory for 2 tokens of output, found a null pointer");
  EXPECT_EQ(stepWith([](moec_rank_io &io) { io.input = nullptr; }),
            "1: rank 1: wanted 2 tokens of input, found a null pointer");
  EXPECT_EQ(stepWith([](moec_rank_io &io) { io.topk_indices = nullptr; }), "");
  EXPECT_EQ(stepWith([](moec_rank_io &io) { io = {}; }), ""); // no tokens need no memory
  moec_session_destroy(session);
}

/// An input may have another type than the layer's tokens.
TEST(Api, InputsAreConverted) {
  LayerData data(sampleLayer(), 6, 1);
  std::vector<uint16_t> halves;
  for (float &value : data.input()) { // made exact in bf16
    uint32_t bits;
    std::memcpy(&bits, &value, 4);
    bits &= 0xffff0000;
    std::memcpy(&value, &bits, 4);
    halves.push_back(static_cast<uint16_t>(bits >> 16));
  }
  ModuleRun run(data, {linearPlacement(4, 2)}, {});
  LayerOutput expected = run.step(data);
  StepMemory memory(data, {3, 3});
  for (size_t rank = 0; rank < 2; ++rank) {
    memory.io[rank].input = halves.data() + rank * 3 * 16;
    memory.io[rank].input_dtype = MOEC_BF16;
  }
  run.session().step(memory.io);
  EXPECT_TRUE(memory.result == expected);
}

// --- moec.hpp ----------------------------------------------------------------

TEST(CppApi, ErrorsHaveTheirCode) {
  try {
    Module module("/nowhere/at/all.moex");
    FAIL();
  } catch (const Error &error) {
    EXPECT_EQ(error.code(), MOEC_INVALID);
    EXPECT_NE(std::string(error.what()).find("/nowhere/at/all.moex"), std::string::npos);
  }
}

TEST(CppApi, ExceptionsOfTheLookupComeThrough) {
  std::vector<uint8_t> bytes = moduleBytes(sampleLayer(), {linearPlacement(4, 2)});
  Module module(std::as_bytes(std::span<const uint8_t>(bytes)), "sample.moex");
  Session session(module);
  auto lookup = [](const std::string &name) -> moec_tensor { throw std::out_of_range(name); };
  EXPECT_THROW(session.loadWeights(lookup), std::out_of_range);
  EXPECT_THROW(session.step({}), Error); // another number of ranks
  EXPECT_EQ(module.weights().size(), 13u);
}

} // namespace
} // namespace moec::test
