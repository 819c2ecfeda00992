//===- CheckpointTest.cpp - Files, shards and folders ---------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/data/CheckpointIndex.h"
#include "runtime/data/Safetensors.h"
#include "runtime/data/WeightSource.h"
#include "test/runtime/data/Files.h"

using namespace moec::rt;

/// A file with one U8 tensor of one element.
static void writeOne(const TemporaryFolder &folder, const std::string &file,
                     const std::string &tensor, uint8_t value) {
  ASSERT_TRUE(
      writeSafetensors(folder / file, {{tensor, {ElementType::U8, {1}, {&value, 1}}}}).ok());
}

static int valueOf(WeightSource &source, const std::string &name) {
  Result<TensorView> view = source.find(name);
  EXPECT_TRUE(view.ok()) << view.status().message();
  return view.ok() ? view->bytes[0] : -1;
}

TEST(Checkpoint, one_file) {
  TemporaryFolder folder;
  writeOne(folder, "w.safetensors", "a", 7);
  auto source = openCheckpoint(folder / "w.safetensors");
  ASSERT_TRUE(source.ok());
  EXPECT_EQ(valueOf(**source, "a"), 7);
  EXPECT_TRUE((*source)->contains("a"));
  EXPECT_FALSE((*source)->contains("b"));
  EXPECT_EQ((*source)->find("b").status().message(), folder / "w.safetensors" + ": no tensor 'b'");
  EXPECT_EQ((*source)->placeOf("a"), folder / "w.safetensors");
}

TEST(Checkpoint, a_folder_of_files) {
  TemporaryFolder folder;
  writeOne(folder, "1.safetensors", "a", 1);
  writeOne(folder, "2.safetensors", "b", 2);
  folder.write("config.json", "{}");
  auto source = openCheckpoint(folder.path);
  ASSERT_TRUE(source.ok()) << source.status().message();
  EXPECT_EQ(valueOf(**source, "a"), 1);
  EXPECT_EQ(valueOf(**source, "b"), 2);
  EXPECT_EQ((*source)->placeOf("b"), folder / "2.safetensors");
}

TEST(Checkpoint, a_tensor_in_two_files_of_a_folder) {
  TemporaryFolder folder;
  writeOne(folder, "1.safetensors", "a", 1);
  writeOne(folder, "2.safetensors", "a", 2);
  EXPECT_EQ(openCheckpoint(folder.path).status().message(),
            "tensor 'a' is in " + quote(folder / "1.safetensors") + " and in " +
                quote(folder / "2.safetensors"));
}

TEST(Checkpoint, a_folder_without_weights) {
  TemporaryFolder folder;
  EXPECT_EQ(openCheckpoint(folder.path).status().message(),
            folder.path.string() + ": wanted *.safetensors files, found none");
}

TEST(Checkpoint, shards_of_an_index_are_opened_when_needed) {
  TemporaryFolder folder;
  writeOne(folder, "m-1.safetensors", "a", 1);
  folder.write("m-2.safetensors", "broken");
  std::string index = folder.write(
      "model.safetensors.index.json",
      R"({"metadata":{"total_size":3,"x":[{"weight_map":1}]},"weight_map":)"
      R"({"a":"m-1.safetensors","b":"m-2.safetensors","c":"m-3.safetensors","d":"m-1.safetensors"}})");
  for (const std::string &path : {index, folder.path.string()}) {
    auto source = openCheckpoint(path);
    ASSERT_TRUE(source.ok()) << source.status().message();
    EXPECT_EQ(valueOf(**source, "a"), 1);
    EXPECT_EQ((*source)->placeOf("b"), folder / "m-2.safetensors");
    EXPECT_EQ((*source)->find("b").status().message(),
              "shard of tensor 'b' in " + index + ": " + (folder / "m-2.safetensors") +
                  ": wanted at least 8 bytes for the length of the header, found 6");
    EXPECT_EQ((*source)->find("c").status().message(),
              "shard of tensor 'c' in " + index + ": cannot open " +
                  quote(folder / "m-3.safetensors") + ": No such file or directory");
    EXPECT_EQ((*source)->find("d").status().message(),
              folder / "m-1.safetensors" + ": no tensor 'd', although " + index + " says so");
    EXPECT_EQ((*source)->find("e").status().message(), index + ": no tensor 'e'");
  }
}

TEST(Checkpoint, two_indices_in_a_folder) {
  TemporaryFolder folder;
  folder.write("a.safetensors.index.json", "{}");
  folder.write("b.safetensors.index.json", "{}");
  EXPECT_EQ(openCheckpoint(folder.path).status().message(),
            folder.path.string() + ": wanted one *.safetensors.index.json, found 2: " +
                quote(folder / "a.safetensors.index.json") + ", " +
                quote(folder / "b.safetensors.index.json"));
}

TEST(CheckpointIndex, broken_ones_have_their_messages) {
  const std::pair<const char *, const char *> cases[] = {
      {"", "index is not JSON at byte 1"},
      {"{\"weight_map\":{}", "index is not JSON at byte 17"},
      {"[]", "index: wanted an object, found an array"},
      {"{}", "index: wanted the key weight_map, found none"},
      {R"({"weight_map":[]})", "weight_map: wanted an object, found an array"},
      {R"({"weight_map":"x"})", "weight_map: wanted an object, found a string"},
      {R"({"weight_map":{"a":1}})",
       "weight_map: wanted a file name for tensor 'a', found a number"},
      {R"({"weight_map":{"a":{}}})",
       "weight_map: wanted a file name for tensor 'a', found an object"},
      {R"({"weight_map":{"a":"x","a":"x"}})", "weight_map: tensor 'a' is there twice"},
      {R"({"weight_map":{},"weight_map":{}})", "index: weight_map is there twice"},
      {R"({"weight_map":{"a":"../x"}})",
       "weight_map: wanted the name of a file in the same folder for tensor 'a', found '../x'"},
      {R"({"weight_map":{"a":"/etc/passwd"}})",
       "weight_map: wanted the name of a file in the same folder for tensor 'a', found "
       "'/etc/passwd'"},
      {R"({"weight_map":{"a":".."}})",
       "weight_map: wanted the name of a file in the same folder for tensor 'a', found '..'"},
      {R"({"weight_map":{"a":""}})",
       "weight_map: wanted the name of a file in the same folder for tensor 'a', found ''"},
  };
  for (auto [json, message] : cases)
    EXPECT_EQ(parseCheckpointIndex(json).status().message(), message) << json;
}
