//===- RunErrorsTest.cpp - Bad input has one clear error ------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "test/runtime/tools/Harness.h"

#include <filesystem>
#include <nlohmann/json.hpp>

using namespace moec;
using namespace moec::run;

/// A run that must fail, with this code and exactly this line.
static void expectError(Harness &harness, int code, const std::string &message) {
  EXPECT_EQ(harness.run(), code);
  EXPECT_EQ(harness.error, "error: " + message + "\n");
  EXPECT_EQ(harness.out, "");
}

TEST(RunErrors, neither_weights_nor_a_seed) {
  Harness harness;
  expectError(harness, 1, "wanted --weights or --random, found neither");
}

TEST(RunErrors, neither_tokens_nor_a_seed) {
  Harness harness;
  harness.options.weights = "w.safetensors";
  expectError(harness, 1, "wanted --input or --random, found neither");
}

TEST(RunErrors, a_seed_with_nothing_to_make) {
  Harness harness;
  harness.options.weights = harness.options.input = "x.safetensors";
  harness.options.random = 1;
  expectError(harness, 1, "--random makes what is not given, but --weights and --input are");
}

TEST(RunErrors, a_number_of_tokens_for_a_given_input) {
  Harness harness;
  harness.options.random = 1;
  harness.options.input = "x.safetensors";
  harness.options.tokens = 5;
  expectError(harness, 1, "--tokens is the number of random tokens, but --input is given");
}

TEST(RunErrors, files_that_are_not_there) {
  Harness harness;
  harness.options.random = 1;
  harness.options.input = "/nowhere/x.safetensors";
  expectError(harness, 1, "cannot open '/nowhere/x.safetensors': No such file or directory");
  harness.options.input = "";
  harness.options.weights = "/nowhere/w.safetensors";
  expectError(harness, 1, "cannot open '/nowhere/w.safetensors': No such file or directory");
}

TEST(RunErrors, weights_without_what_is_needed) {
  Harness harness;
  harness.options.random = 1;
  std::string path = harness.options.weights =
      harness.writeZeros("w.safetensors", "mlp.gate.weight", {4, 16});
  expectError(harness, 1,
              path + ": wanted 13 weights, found no 'mlp.experts.0.gate_proj.weight', "
                     "'mlp.experts.0.up_proj.weight', 'mlp.experts.0.down_proj.weight' and 9 "
                     "more");
}

TEST(RunErrors, weights_of_another_layer) {
  Harness harness;
  Layer &layer = harness.contents.manifest.layer;
  for (WeightName &weight : layer.weights)
    weight.name = "model.layers.3." + weight.name;
  harness.options.random = 1;
  std::string path = harness.options.weights =
      harness.writeZeros("w.safetensors", "model.layers.0.mlp.gate.weight", {4, 16});
  harness.run();
  EXPECT_EQ(harness.error, "error: " + path +
                               ": wanted 13 weights, found no 'model.layers.3.mlp.gate.weight', "
                               "'model.layers.3.mlp.experts.0.gate_proj.weight', "
                               "'model.layers.3.mlp.experts.0.up_proj.weight' and 10 more (there "
                               "is layer 0: import with --layer 0)\n");
}

/// All weights of the sample from a seed, one of them exchanged.
static std::string writeWeightsWith(Harness &harness, const std::string &name, rt::ElementType type,
                                    rt::Shape shape) {
  Harness maker;
  maker.options.random = 1;
  maker.options.saveWeights = harness.folder / "all.safetensors";
  EXPECT_EQ(maker.run(), 0) << maker.error;
  auto file = rt::SafetensorsFile::open(maker.options.saveWeights);
  std::vector<rt::NamedTensor> tensors;
  std::vector<uint8_t> zeros(*rt::bytesOf(type, shape), 0);
  for (const rt::TensorEntry &entry : file->entries())
    tensors.push_back(
        {entry.name, entry.name == name ? rt::TensorView{type, shape, zeros} : file->view(entry)});
  EXPECT_TRUE(rt::writeSafetensors(harness.folder / "w.safetensors", tensors).ok());
  return harness.folder / "w.safetensors";
}

TEST(RunErrors, a_weight_of_another_shape) {
  Harness harness;
  harness.options.random = 1;
  std::string path = harness.options.weights =
      writeWeightsWith(harness, "mlp.experts.2.up_proj.weight", rt::ElementType::F32, {8, 17});
  expectError(harness, 1,
              path +
                  ": tensor 'mlp.experts.2.up_proj.weight': wanted shape [8, 16], found [8, 17]");
}

TEST(RunErrors, a_weight_in_fp8_is_unsupported) {
  Harness harness;
  harness.options.random = 1;
  std::string path = harness.options.weights = writeWeightsWith(
      harness, "mlp.experts.1.down_proj.weight", rt::ElementType::F8_E4M3, {16, 8});
  expectError(harness, 2,
              path + ": tensor 'mlp.experts.1.down_proj.weight': wanted F32, BF16 or F16, found "
                     "F8_E4M3");
}

TEST(RunErrors, input_under_another_name) {
  Harness harness;
  harness.options.random = 1;
  std::string path = harness.options.input = harness.writeZeros("x", "hidden_states", {2, 16});
  expectError(harness, 1, path + ": wanted a tensor 'input', found 'hidden_states'");
}

TEST(RunErrors, input_of_another_shape) {
  Harness harness;
  harness.options.random = 1;
  std::string path = harness.options.input = harness.writeZeros("x", "input", {2, 17});
  expectError(harness, 1,
              path + ": tensor 'input': wanted shape [tokens, 16] or [batch, sequence, 16], found "
                     "[2, 17]");
  harness.options.input = harness.writeZeros("x", "input", {16});
  expectError(harness, 1,
              path + ": tensor 'input': wanted shape [tokens, 16] or [batch, sequence, 16], found "
                     "[16]");
}

TEST(RunErrors, input_of_another_type) {
  Harness harness;
  harness.options.random = 1;
  std::string path = harness.options.input =
      harness.writeZeros("x", "input", {2, 16}, rt::ElementType::I64);
  expectError(harness, 2, path + ": tensor 'input': wanted F32, BF16 or F16, found I64");
}

TEST(RunErrors, more_tokens_than_the_module_takes) {
  Harness harness;
  harness.contents.manifest.maxTokensPerRank = 4;
  harness.options.random = 1;
  harness.options.tokens = 9;
  expectError(harness, 1,
              "random tokens of seed 1: wanted at most 4 tokens a rank, for which the module was "
              "compiled, found 5 (9 on 2 ranks)");
}

TEST(RunErrors, more_tokens_than_memory) {
  Harness harness;
  harness.options.random = 1;
  harness.options.tokens = UINT64_MAX;
  EXPECT_EQ(harness.run(), 2);
  EXPECT_TRUE(harness.error.starts_with("error: random tokens of seed 1: wanted tokens and results "
                                        "that fit the "))
      << harness.error;
  EXPECT_TRUE(harness.error.ends_with(
      " of this machine, found 18446744073709551615 tokens of 152 bytes each\n"))
      << harness.error;
}

TEST(RunErrors, an_output_that_cannot_be_written) {
  Harness harness;
  harness.options.random = 1;
  harness.options.output = "/nowhere/y.safetensors";
  expectError(harness, 1, "cannot write '/nowhere/y.safetensors': No such file or directory");
}

/// A module in a file, and what a run of it with `options` says.
static std::string errorOfFile(const std::string &path, const RunOptions &options) {
  std::ostringstream out, error;
  EXPECT_EQ(runFile(path, options, {out, error}), 1);
  EXPECT_EQ(out.str(), "");
  return error.str();
}

TEST(RunErrors, an_output_that_is_the_module) {
  Harness harness;
  std::string module = harness.folder.write("x.moex", "as it was");
  harness.options.random = 1;
  harness.options.output = module;
  EXPECT_EQ(errorOfFile(module, harness.options),
            "error: --output: " + rt::quote(module) + " is also the module\n");
  harness.options.output = "";
  std::string link = harness.options.saveInput = harness.folder / "link";
  std::filesystem::create_symlink(module, link);
  EXPECT_EQ(errorOfFile(module, harness.options),
            "error: --save-input: " + rt::quote(link) + " is also the module\n");
  EXPECT_EQ(*rt::readFile(module), "as it was");
}

TEST(RunErrors, an_output_that_is_the_input) {
  Harness harness;
  harness.options.random = 1;
  std::string path = harness.options.input = harness.writeZeros("x.safetensors", "input", {4, 16});
  std::string before = *rt::readFile(path);
  harness.options.output = path;
  expectError(harness, 1, "--output: " + rt::quote(path) + " is also the input");
  harness.options.output = "";
  std::string hard = harness.options.saveWeights = harness.folder / "hard";
  std::filesystem::create_hard_link(path, hard);
  expectError(harness, 1, "--save-weights: " + rt::quote(hard) + " is also the input");
  EXPECT_EQ(*rt::readFile(path), before);
}

TEST(RunErrors, an_output_that_is_the_weights) {
  Harness harness;
  harness.options.random = 1;
  std::string path = harness.options.weights = harness.options.output =
      writeWeightsWith(harness, "", rt::ElementType::F32, {});
  expectError(harness, 1, "--output: " + rt::quote(path) + " is also the weights");
  std::filesystem::create_directory(harness.folder / "checkpoint");
  std::string shard = harness.folder / "checkpoint/model.safetensors";
  std::filesystem::rename(path, shard);
  harness.options.weights = harness.folder / "checkpoint";
  harness.options.output = "";
  harness.options.saveInput = shard;
  expectError(harness, 1, "--save-input: " + rt::quote(shard) + " is also one of the weights");
}

TEST(RunErrors, two_outputs_in_one_file) {
  Harness harness;
  harness.options.random = 1;
  std::string path = harness.options.output = harness.folder / "y.safetensors";
  harness.options.saveWeights = harness.folder / "./y.safetensors";
  expectError(harness, 1,
              "--save-weights: " + rt::quote(harness.options.saveWeights) + " is also --output");
  harness.options.output = "";
  harness.options.saveInput = path;
  expectError(harness, 1, "--save-input: " + rt::quote(path) + " is also --save-weights");
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(RunErrors, a_device_may_be_written_to_twice) {
  Harness harness;
  harness.options.random = 1;
  harness.options.saveInput = harness.options.saveWeights = "/dev/null";
  EXPECT_EQ(harness.run(), 0) << harness.error;
}

TEST(RunErrors, a_backend_that_is_not_there) {
  Harness harness;
  harness.options.random = 1;
  harness.options.backend = "abacus";
  EXPECT_EQ(harness.run(), 1);
  EXPECT_EQ(harness.error.find("error: backend: wanted cpu, cuda or emulator, found 'abacus'"), 0u)
      << harness.error;
}

TEST(RunErrors, as_json_too) {
  Harness harness;
  harness.options.json = true;
  EXPECT_EQ(harness.run(), 1);
  nlohmann::json json = nlohmann::json::parse(harness.out);
  EXPECT_EQ(json["error"]["code"], 1);
  EXPECT_EQ(json["error"]["message"], "wanted --weights or --random, found neither");
}

TEST(RunErrors, a_module_that_is_none) {
  std::ostringstream out, error;
  RunOptions options;
  options.random = 1;
  rt::TemporaryFolder folder;
  std::string path = folder.write("x.moex", "no module");
  EXPECT_EQ(runFile(path, options, {out, error}), 1);
  EXPECT_TRUE(error.str().starts_with("error: module " + rt::quote(path) + ": ")) << error.str();
  error.str("");
  EXPECT_EQ(runFile("/nowhere/x.moex", options, {out, error}), 1);
  EXPECT_EQ(error.str(), "error: cannot open '/nowhere/x.moex': No such file or directory\n");
}
