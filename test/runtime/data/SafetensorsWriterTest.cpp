//===- SafetensorsWriterTest.cpp - What is written ------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/data/Safetensors.h"
#include "test/runtime/data/Files.h"

using namespace moec::rt;

static const uint8_t data[16] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};

static std::vector<NamedTensor> someTensors() {
  return {{"b", {ElementType::BF16, {2, 1}, {data, 4}}},
          {"z \"quoted\"", {ElementType::F32, {2}, {data, 8}}},
          {"a", {ElementType::U8, {3}, {data, 3}}},
          {"empty", {ElementType::F32, {0, 7}, {}}}};
}

TEST(SafetensorsWriter, what_is_written_reads_back) {
  TemporaryFolder folder;
  std::string path = folder / "x.safetensors";
  Status status = writeSafetensors(path, someTensors(), {{"seed", "7"}});
  ASSERT_TRUE(status.ok()) << status.message();
  Result<SafetensorsFile> file = SafetensorsFile::open(path);
  ASSERT_TRUE(file.ok()) << file.status().message();
  EXPECT_EQ(file->metadata().at("seed"), "7");
  ASSERT_EQ(file->entries().size(), 4u);
  for (const NamedTensor &tensor : someTensors()) {
    const TensorEntry *entry = file->find(tensor.name);
    ASSERT_NE(entry, nullptr) << tensor.name;
    TensorView view = file->view(*entry);
    EXPECT_EQ(view.type, tensor.view.type);
    EXPECT_EQ(view.shape, tensor.view.shape);
    ASSERT_EQ(view.bytes.size(), tensor.view.bytes.size());
    EXPECT_TRUE(std::equal(view.bytes.begin(), view.bytes.end(), tensor.view.bytes.begin()));
    EXPECT_EQ(reinterpret_cast<uintptr_t>(view.bytes.data()) % (bitsOf(view.type) / 8), 0u);
  }
}

TEST(SafetensorsWriter, the_order_of_the_tensors_changes_no_byte) {
  TemporaryFolder folder;
  std::vector<NamedTensor> tensors = someTensors();
  ASSERT_TRUE(writeSafetensors(folder / "a", tensors).ok());
  std::reverse(tensors.begin(), tensors.end());
  ASSERT_TRUE(writeSafetensors(folder / "b", tensors).ok());
  EXPECT_EQ(*readFile(folder / "a"), *readFile(folder / "b"));
}

TEST(SafetensorsWriter, the_header_is_as_the_format_says) {
  TemporaryFolder folder;
  ASSERT_TRUE(writeSafetensors(folder / "x", {{"a", {ElementType::I64, {1}, {data, 8}}}}).ok());
  std::string bytes = *readFile(folder / "x");
  ASSERT_EQ(bytes.size(), 64u + 8u);
  EXPECT_EQ(bytes.substr(0, 8), std::string("\x38\0\0\0\0\0\0\0", 8));
  EXPECT_EQ(bytes.substr(8, 56), R"({"a":{"dtype":"I64","shape":[1],"data_offsets":[0, 8]}} )");
}

TEST(SafetensorsWriter, two_tensors_of_one_name_are_refused) {
  TemporaryFolder folder;
  Status status = writeSafetensors(folder / "x", {{"a", {ElementType::F32, {2}, {data, 8}}},
                                                  {"b", {ElementType::F32, {2}, {data, 8}}},
                                                  {"a", {ElementType::U8, {8}, {data, 8}}}});
  EXPECT_EQ(status.message(), folder / "x" + ": tensor 'a' is there twice");
  EXPECT_FALSE(std::filesystem::exists(folder / "x"));
}

TEST(SafetensorsWriter, missing_data_leaves_no_file) {
  TemporaryFolder folder;
  {
    Result<SafetensorsWriter> writer =
        SafetensorsWriter::create(folder / "x", {{"a", ElementType::F32, {4}}});
    ASSERT_TRUE(writer.ok());
    EXPECT_TRUE(writer->append({data, 8}).ok());
    EXPECT_EQ(writer->commit().message(), "wanted 8 more bytes of tensor data, found the end");
    EXPECT_EQ(writer->append(data).message(), "wanted 8 more bytes of tensor data, found 16");
  }
  EXPECT_TRUE(std::filesystem::is_empty(folder.path));
}

TEST(SafetensorsWriter, a_folder_that_is_not_there_has_its_message) {
  Status status = writeSafetensors("/nowhere/x.safetensors", {});
  EXPECT_EQ(status.message(), "cannot write '/nowhere/x.safetensors': No such file or directory");
}
