//===- RunTest.cpp - Whole runs of small modules --------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/data/Convert.h"
#include "runtime/tools/Tokens.h"
#include "runtime/tools/Weights.h"
#include "test/runtime/tools/Harness.h"

#include <nlohmann/json.hpp>
#include <numeric>

using namespace moec;
using namespace moec::run;

static rt::Shape shapeIn(const std::string &path, const std::string &name) {
  auto file = rt::SafetensorsFile::open(path);
  EXPECT_TRUE(file.ok()) << file.status().message();
  const rt::TensorEntry *entry = file.ok() ? file->find(name) : nullptr;
  EXPECT_NE(entry, nullptr) << name;
  return entry ? entry->shape : rt::Shape{};
}

TEST(Run, random_tokens_agree_with_the_reference) {
  Harness harness;
  harness.options.random = 7;
  harness.options.tokens = 33;
  harness.options.check = harness.options.json = true;
  harness.options.repeat = 3;
  ASSERT_EQ(harness.run(), 0) << harness.error << harness.out;
  EXPECT_EQ(harness.error, "");
  nlohmann::json json = nlohmann::json::parse(harness.out);
  EXPECT_EQ(json["check"]["passed"], true);
  EXPECT_EQ(json["steps"], 3);
  EXPECT_EQ(json["warmup_steps"], 1);
  EXPECT_EQ(json["tokens_per_rank"], (std::vector<int>{17, 16}));
  std::vector<uint64_t> experts = json["expert_tokens"];
  EXPECT_EQ(std::accumulate(experts.begin(), experts.end(), uint64_t(0)), 33u * 2);
  EXPECT_LE(json["step_seconds"]["min"], json["step_seconds"]["median"]);
  EXPECT_LE(json["step_seconds"]["median"], json["step_seconds"]["max"]);
}

TEST(Run, results_have_their_names_and_shapes) {
  Harness harness;
  harness.options.random = 1;
  harness.options.input = harness.writeZeros("x.safetensors", "input", {2, 3, 16});
  std::string path = harness.options.output = harness.folder / "y.safetensors";
  ASSERT_EQ(harness.run(), 0) << harness.error;
  EXPECT_EQ(shapeIn(path, "output"), (rt::Shape{6, 16}));
  EXPECT_EQ(shapeIn(path, "topk_indices"), (rt::Shape{6, 2}));
  EXPECT_EQ(shapeIn(path, "topk_weights"), (rt::Shape{6, 2}));
}

TEST(Run, no_tokens_give_empty_results) {
  Harness harness;
  harness.options.random = 1;
  harness.options.check = true;
  harness.options.input = harness.writeZeros("x.safetensors", "input", {0, 16});
  std::string path = harness.options.output = harness.folder / "y.safetensors";
  ASSERT_EQ(harness.run(), 0) << harness.error;
  EXPECT_EQ(shapeIn(path, "output"), (rt::Shape{0, 16}));
  EXPECT_EQ(shapeIn(path, "topk_indices"), (rt::Shape{0, 2}));
}

TEST(Run, what_was_saved_gives_the_same_results) {
  Harness first;
  first.options.random = 5;
  first.options.tokens = 9;
  first.options.saveWeights = first.folder / "w.safetensors";
  first.options.saveInput = first.folder / "x.safetensors";
  first.options.output = first.folder / "y.safetensors";
  ASSERT_EQ(first.run(), 0) << first.error;
  Harness second;
  second.options.weights = first.options.saveWeights;
  second.options.input = first.options.saveInput;
  second.options.output = second.folder / "y.safetensors";
  ASSERT_EQ(second.run(), 0) << second.error;
  EXPECT_EQ(*rt::readFile(first.options.output), *rt::readFile(second.options.output));
}

TEST(Run, ranks_and_placement_change_no_byte) {
  Layer layer = test::sampleLayer();
  layer.experts = 7;
  layer.weights = test::sampleWeights(layer);
  std::string expected;
  for (uint32_t ranks : {1u, 2u, 3u, 5u, 8u})
    for (bool reversed : {false, true}) {
      Harness harness(layer, ranks);
      if (reversed)
        std::reverse(harness.contents.manifest.placement.slots.begin(),
                     harness.contents.manifest.placement.slots.end());
      harness.options.random = 3;
      harness.options.tokens = 6;
      harness.options.check = true;
      harness.options.output = harness.folder / "y.safetensors";
      ASSERT_EQ(harness.run(), 0) << harness.error << harness.out;
      std::string bytes = *rt::readFile(harness.options.output);
      if (expected.empty())
        expected = bytes;
      EXPECT_EQ(bytes, expected) << ranks;
    }
}

TEST(Run, only_shards_with_needed_weights_are_opened) {
  Harness maker;
  maker.options.random = 5;
  maker.options.saveWeights = maker.folder / "here.safetensors";
  ASSERT_EQ(maker.run(), 0) << maker.error;
  nlohmann::json map;
  auto made = rt::SafetensorsFile::open(maker.options.saveWeights);
  for (const rt::TensorEntry &entry : made->entries())
    map[entry.name] = "here.safetensors";
  map["mlp.experts.4.up_proj.weight"] = "missing.safetensors"; // one expert too many
  map["model.embed_tokens.weight"] = "missing.safetensors";
  Harness harness;
  harness.options.random = 5;
  harness.options.check = true;
  harness.options.weights = maker.folder.write("model.safetensors.index.json",
                                               nlohmann::json{{"weight_map", map}}.dump());
  EXPECT_EQ(harness.run(), 0) << harness.error;
}

namespace {
/// Notes what a session asks for.
struct NotingLookup {
  static moec_status *call(void *user, const char *name, moec_tensor *tensor) {
    NotingLookup *lookup = static_cast<NotingLookup *>(user);
    lookup->asked.push_back(name);
    const NeededWeight *weight = nullptr;
    for (const NeededWeight &needed : lookup->needed)
      if (needed.name == name)
        weight = &needed;
    if (!weight)
      return moec_status_make(MOEC_INVALID, "nobody needs this");
    tensor->dtype = MOEC_F32;
    tensor->dims = static_cast<uint32_t>(weight->shape.size());
    std::copy(weight->shape.begin(), weight->shape.end(), tensor->shape);
    tensor->data = lookup->zeros.data();
    return nullptr;
  }
  std::vector<NeededWeight> needed;
  std::vector<std::string> asked;
  std::vector<float> zeros = std::vector<float>(1024, 0.0f);
};
} // namespace

TEST(Run, a_session_asks_for_what_its_ranks_need_and_nothing_else) {
  Harness harness;
  auto bytes = codegen::encodeModule(harness.contents);
  ASSERT_TRUE(bytes.ok());
  moec_module *module = nullptr;
  ASSERT_EQ(moec_module_open_memory(bytes->data(), bytes->size(), "sample", &module), nullptr);
  ModuleHandle handle(module);
  moec_session_options options{};
  options.struct_size = sizeof(options);
  options.max_tokens_per_rank = 1;
  moec_session *session = nullptr;
  ASSERT_EQ(moec_session_create(module, &options, &session), nullptr);
  SessionHandle sessionHandle(session);
  NotingLookup lookup;
  lookup.needed = *neededWeights(module);
  EXPECT_TRUE(take(moec_session_load_weights(session, NotingLookup::call, &lookup)).ok());

  std::vector<std::string> needed;
  for (const NeededWeight &weight : lookup.needed)
    needed.push_back(weight.name);
  std::sort(needed.begin(), needed.end());
  std::sort(lookup.asked.begin(), lookup.asked.end());
  EXPECT_EQ(lookup.asked, needed); // each once, although experts live on two ranks
  EXPECT_EQ(needed.size(), 1u + 4 * 3);
}

TEST(Run, f16_tokens_are_taken) {
  Harness harness;
  harness.options.random = 1;
  harness.options.check = true;
  harness.options.input =
      harness.writeZeros("x.safetensors", "input", {3, 16}, rt::ElementType::F16);
  EXPECT_EQ(harness.run(), 0) << harness.error;
}

TEST(Run, bf16_with_a_shared_expert) {
  Layer layer = test::sampleLayer();
  layer.tokensType = layer.weightsType = layer.router.logitsType = DType::BF16;
  layer.shared = SharedExpert{{24}, true};
  layer.weights = test::sampleWeights(layer);
  Harness harness(layer, 3);
  harness.options.random = 2;
  harness.options.tokens = 40;
  harness.options.check = true;
  EXPECT_EQ(harness.run(), 0) << harness.error << harness.out;
}

TEST(Tokens, blocks_differ_by_at_most_one_and_the_first_are_longer) {
  EXPECT_EQ(dealTokens(11, 4), (std::vector<int64_t>{3, 3, 3, 2}));
  EXPECT_EQ(dealTokens(2, 4), (std::vector<int64_t>{1, 1, 0, 0}));
  EXPECT_EQ(dealTokens(0, 2), (std::vector<int64_t>{0, 0}));
}
