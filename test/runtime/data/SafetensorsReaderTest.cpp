//===- SafetensorsReaderTest.cpp - Right and broken files -----------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/data/Safetensors.h"
#include "test/runtime/data/Files.h"

using namespace moec::rt;

static std::span<const uint8_t> bytesIn(const std::string &text) {
  return {reinterpret_cast<const uint8_t *>(text.data()), text.size()};
}

TEST(SafetensorsReader, reads_what_the_header_says) {
  // Keys in another order than usual, padding behind the object, an empty tensor, a scalar.
  std::string bytes = safetensorsBytes(
      R"({"b":{"shape":[2],"data_offsets":[4,12],"dtype":"F32"},"__metadata__":{"format":"pt"},)"
      R"("a":{"dtype":"BF16","shape":[2,1],"data_offsets":[0,4]},)"
      R"("none":{"dtype":"F64","shape":[0,9223372036854775807],"data_offsets":[12,12]},)"
      R"("one":{"dtype":"U8","shape":[],"data_offsets":[12,13]}}   )",
      13);
  Result<SafetensorsFile> file = SafetensorsFile::openMemory(bytesIn(bytes), "x");
  ASSERT_TRUE(file.ok()) << file.status().message();
  EXPECT_EQ(file->metadata(), (Metadata{{"format", "pt"}}));
  ASSERT_EQ(file->entries().size(), 4u);
  const TensorEntry *b = file->find("b");
  ASSERT_NE(b, nullptr);
  TensorView view = file->view(*b);
  EXPECT_EQ(view.type, ElementType::F32);
  EXPECT_EQ(view.shape, Shape{2});
  ASSERT_EQ(view.bytes.size(), 8u);
  EXPECT_EQ(view.bytes[0], 4);
  EXPECT_EQ(file->find("c"), nullptr);
  EXPECT_EQ(file->view(*file->find("none")).bytes.size(), 0u);
}

TEST(SafetensorsReader, an_empty_object_is_a_file_without_tensors) {
  std::string bytes = safetensorsBytes("{}", 0);
  Result<SafetensorsFile> file = SafetensorsFile::openMemory(bytesIn(bytes), "x");
  ASSERT_TRUE(file.ok());
  EXPECT_TRUE(file->entries().empty());
}

namespace {
struct Broken {
  const char *name;
  std::string bytes;
  std::string message; ///< without the file's name
};
void PrintTo(const Broken &broken, std::ostream *stream) { *stream << broken.name; }
class BrokenFile : public testing::TestWithParam<Broken> {};
} // namespace

TEST_P(BrokenFile, has_its_message) {
  Result<SafetensorsFile> file =
      SafetensorsFile::openMemory(bytesIn(GetParam().bytes), "w.safetensors");
  ASSERT_FALSE(file.ok());
  EXPECT_EQ(file.status().code(), Code::Invalid);
  EXPECT_EQ(file.status().message(), "w.safetensors: " + GetParam().message);
}

/// A file whose only tensor, of 8 bytes of data, has this description.
static std::string withTensor(const std::string &description, size_t dataBytes = 8) {
  return safetensorsBytes("{\"a\":" + description + "}", dataBytes);
}

static std::vector<Broken> brokenFiles() {
  using namespace std::string_literals;
  std::string huge = "\0\0\0\0\x01\0\0\0{}"s;
  return {
      {"empty", "", "wanted at least 8 bytes for the length of the header, found 0"},
      {"length_cut", "1234567", "wanted at least 8 bytes for the length of the header, found 7"},
      {"length_over_limit", huge,
       "wanted a header of at most 100000000 bytes, found a length of 4294967296"},
      {"header_cut", "\x09\0\0\0\0\0\0\0{}"s, "wanted a header of 9 bytes, found 2"},
      {"no_header", safetensorsBytes("", 0),
       "wanted '{' at the start of the header, found nothing"},
      {"not_an_object", safetensorsBytes("[]", 0),
       "wanted '{' at the start of the header, found '['"},
      {"space_first", safetensorsBytes(" {}", 0),
       "wanted '{' at the start of the header, found ' '"},
      {"not_json", safetensorsBytes(R"({"a":})", 0), "header is not JSON at byte 6"},
      {"json_cut", safetensorsBytes(R"({"a":{)", 0), "header is not JSON at byte 7"},
      {"text_behind", safetensorsBytes("{}x", 0), "header is not JSON at byte 3"},
      {"zero_byte", safetensorsBytes("{}\0x"s, 0), "header is not JSON at byte 3"},
      {"bad_utf8", safetensorsBytes("{\"\xff\":{}}", 0), "header is not JSON at byte 3"},
      {"tensor_twice",
       safetensorsBytes(R"({"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},"a":{}})", 0),
       "tensor 'a' is there twice"},
      {"metadata_twice", safetensorsBytes(R"({"__metadata__":{},"__metadata__":{}})", 0),
       "__metadata__ is there twice"},
      {"metadata_key_twice", safetensorsBytes(R"({"__metadata__":{"k":"1","k":"2"}})", 0),
       "__metadata__: 'k' is there twice"},
      {"metadata_number", safetensorsBytes(R"({"__metadata__":{"k":1}})", 0),
       "__metadata__: wanted a string for 'k', found 1"},
      {"metadata_null", safetensorsBytes(R"({"__metadata__":null})", 0),
       "__metadata__: wanted an object, found null"},
      {"tensor_is_array", withTensor("[1]"), "tensor 'a': wanted an object, found an array"},
      {"type_is_number", withTensor(R"({"dtype":1})"),
       "tensor 'a': wanted a string for dtype, found 1"},
      {"type_unknown", withTensor(R"({"dtype":"F7"})"), "tensor 'a': unknown element type 'F7'"},
      {"shape_is_object", withTensor(R"({"shape":{}})"),
       "tensor 'a': wanted an array for shape, found an object"},
      {"shape_negative", withTensor(R"({"shape":[2,-1]})"),
       "tensor 'a': wanted whole numbers from 0 in shape, found -1"},
      {"shape_fraction", withTensor(R"({"shape":[1.5]})"),
       "tensor 'a': wanted whole numbers from 0 in shape, found 1.5"},
      {"shape_over_64_bits", withTensor(R"({"shape":[18446744073709551616]})"),
       "tensor 'a': wanted whole numbers from 0 in shape, found 18446744073709551616"},
      {"shape_nested", withTensor(R"({"shape":[[1]]})"),
       "tensor 'a': wanted whole numbers from 0 in shape, found an array"},
      {"shape_long",
       withTensor("{\"shape\":[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,"
                  "1,1,1,1,1,1]}"),
       "tensor 'a': wanted at most 32 sizes in shape, found more"},
      {"field_unknown", withTensor(R"({"strides":[1]})"),
       "tensor 'a': wanted dtype, shape and data_offsets, found 'strides'"},
      {"field_twice", withTensor(R"({"dtype":"U8","dtype":"U8"})"),
       "tensor 'a': dtype is there twice"},
      {"field_missing", withTensor(R"({"dtype":"U8","data_offsets":[0,8]})"),
       "tensor 'a': wanted dtype, shape and data_offsets, found no shape"},
      {"three_offsets", withTensor(R"({"data_offsets":[0,4,8]})"),
       "tensor 'a': wanted two numbers in data_offsets, found 3"},
      {"size_overflows",
       withTensor(R"({"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,8]})"),
       "tensor 'a': wanted a whole number of bytes below 2^61, found F32 [4294967296, 4294967296]"},
      {"half_a_byte", withTensor(R"({"dtype":"F4","shape":[3],"data_offsets":[0,2]})"),
       "tensor 'a': wanted a whole number of bytes below 2^61, found F4 [3]"},
      {"offsets_fall", withTensor(R"({"dtype":"F32","shape":[1],"data_offsets":[8,4]})"),
       "tensor 'a': wanted data_offsets that rise, found [8, 4]"},
      {"offsets_outside", withTensor(R"({"dtype":"F32","shape":[3],"data_offsets":[0,12]})"),
       "tensor 'a': wanted data_offsets within the 8 bytes of data, found [0, 12]"},
      {"size_differs", withTensor(R"({"dtype":"F32","shape":[3],"data_offsets":[0,8]})"),
       "tensor 'a': wanted 12 bytes for F32 [3], found 8 in data_offsets [0, 8]"},
      {"overlap",
       safetensorsBytes(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},)"
                        R"("b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}})",
                        12),
       "tensor 'b' begins at byte 4 of the data, within tensor 'a' which ends at 8"},
      {"hole",
       safetensorsBytes(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},)"
                        R"("b":{"dtype":"F32","shape":[1],"data_offsets":[8,12]}})",
                        12),
       "bytes 4 to 8 of the data belong to no tensor, before tensor 'b'"},
      {"bytes_behind", withTensor(R"({"dtype":"F32","shape":[2],"data_offsets":[0,8]})", 9),
       "bytes 8 to 9 of the data belong to no tensor"},
  };
}

INSTANTIATE_TEST_SUITE_P(Safetensors, BrokenFile, testing::ValuesIn(brokenFiles()),
                         [](const auto &info) { return info.param.name; });

TEST(SafetensorsReader, a_missing_file_has_its_message) {
  Result<SafetensorsFile> file = SafetensorsFile::open("/nowhere/w.safetensors");
  ASSERT_FALSE(file.ok());
  EXPECT_EQ(file.status().message(),
            "cannot open '/nowhere/w.safetensors': No such file or directory");
}
