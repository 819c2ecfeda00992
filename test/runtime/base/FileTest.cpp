//===- FileTest.cpp - Whole files, atomically -----------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/base/File.h"
#include "runtime/base/FilesRead.h"

#include <filesystem>
#include <gtest/gtest.h>
#include <sys/resource.h>

using namespace moec::rt;
namespace fs = std::filesystem;

namespace {
/// Each case in a fresh folder.
class File : public testing::Test {
protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "moec-file-XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder = pattern;
  }
  void TearDown() override { fs::remove_all(folder); }
  std::string at(const char *name) const { return (folder / name).string(); }
  size_t entries() const {
    return std::distance(fs::directory_iterator(folder), fs::directory_iterator());
  }
  fs::path folder;
};
} // namespace

TEST_F(File, WritesAndReadsBack) {
  std::string text("a\0b", 3);
  ASSERT_TRUE(writeFileAtomically(at("x"), text).ok());
  EXPECT_EQ(*readFile(at("x")), text);
  Result<MappedFile> mapped = MappedFile::open(at("x"));
  ASSERT_TRUE(mapped.ok());
  EXPECT_EQ(std::string(mapped->bytes().begin(), mapped->bytes().end()), text);
  EXPECT_EQ(entries(), 1u);
}

TEST_F(File, EmptyFileMapsToNothing) {
  ASSERT_TRUE(writeFileAtomically(at("x"), "").ok());
  Result<MappedFile> mapped = MappedFile::open(at("x"));
  ASSERT_TRUE(mapped.ok());
  EXPECT_TRUE(mapped->bytes().empty());
}

TEST_F(File, WithoutCommitTheOldFileStays) {
  ASSERT_TRUE(writeFileAtomically(at("x"), "old").ok());
  {
    Result<AtomicFile> file = AtomicFile::create(at("x"));
    ASSERT_TRUE(file.ok());
    ASSERT_TRUE(file->append("new").ok());
  }
  EXPECT_EQ(*readFile(at("x")), "old");
  EXPECT_EQ(entries(), 1u);
}

TEST_F(File, AFailedWriteLeavesTheOldFile) {
  ASSERT_TRUE(writeFileAtomically(at("x"), "old").ok());
  rlimit before;
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  rlimit small = before;
  small.rlim_cur = 1000; // stands in for a full disk
  ::signal(SIGXFSZ, SIG_IGN);
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  Status status = writeFileAtomically(at("x"), std::string(5000, 'n'));
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  EXPECT_EQ(status.message(), "cannot write '" + at("x") + "': File too large");
  EXPECT_EQ(*readFile(at("x")), "old");
  EXPECT_EQ(entries(), 1u);
}

TEST_F(File, LinksAndPermissionsAreKept) {
  ASSERT_TRUE(writeFileAtomically(at("x"), "old").ok());
  fs::permissions(at("x"), fs::perms::owner_read | fs::perms::owner_write);
  fs::create_symlink("x", at("link"));
  ASSERT_TRUE(writeFileAtomically(at("link"), "new").ok());
  EXPECT_TRUE(fs::is_symlink(at("link")));
  EXPECT_EQ(*readFile(at("x")), "new");
  EXPECT_EQ(fs::status(at("x")).permissions(), fs::perms::owner_read | fs::perms::owner_write);
}

TEST_F(File, DevicesAreWrittenToDirectly) {
  ASSERT_TRUE(writeFileAtomically("/dev/null", "x").ok());
  EXPECT_TRUE(fs::is_character_file("/dev/null"));
}

TEST_F(File, FailuresNameThePath) {
  EXPECT_EQ(MappedFile::open(at("none")).status().message(),
            "cannot open '" + at("none") + "': No such file or directory");
  EXPECT_EQ(MappedFile::open(folder.string()).status().message(),
            "cannot map '" + folder.string() + "': wanted a regular file, found a folder");
  EXPECT_EQ(readFile(folder.string()).status().message(),
            "cannot read '" + folder.string() + "': Is a directory");
  EXPECT_EQ(writeFileAtomically(folder.string(), "x").message(),
            "cannot write '" + folder.string() + "': wanted a file name, found a folder");
  EXPECT_EQ(writeFileAtomically(at("none/x"), "x").message(),
            "cannot write '" + at("none/x") + "': No such file or directory");
}

TEST_F(File, NotesWhatIsRead) {
  ASSERT_TRUE(writeFileAtomically(at("read"), "text").ok());
  ASSERT_TRUE(writeFileAtomically(at("mapped"), "text").ok());
  fs::create_symlink(at("read"), at("link"));
  ASSERT_TRUE(readFile(at("read")).ok());
  ASSERT_TRUE(MappedFile::open(at("mapped")).ok());
  EXPECT_EQ(refuseToReplaceRead(at("link")).message(),
            "'" + at("link") + "': wanted another file to write than those that were read");
  EXPECT_FALSE(refuseToReplaceRead(at("mapped")).ok());
  EXPECT_TRUE(refuseToReplaceRead(at("other")).ok());
  ASSERT_TRUE(readFile("/dev/null").ok());
  EXPECT_TRUE(refuseToReplaceRead("/dev/null").ok());
}

TEST_F(File, RefusesToReplaceAnInputByAnyOfItsNames) {
  ASSERT_TRUE(writeFileAtomically(at("x"), "text").ok());
  fs::create_symlink(at("x"), at("link"));
  EXPECT_EQ(refuseToReplace(at("x"), at("link"), "--output").message(),
            "--output: wanted another file than the input, found '" + at("link") + "'");
  EXPECT_FALSE(refuseToReplace(at("link"), at("x"), "--output").ok());
  EXPECT_TRUE(refuseToReplace(at("x"), at("y"), "--output").ok());
  EXPECT_TRUE(refuseToReplace("/dev/null", "/dev/null", "--output").ok());
}
