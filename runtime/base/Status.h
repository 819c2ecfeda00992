//===- Status.h - Outcome of a fallible call -------------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The runtime throws nothing: what can fail returns a Status or a Result. The
// code says whose fault it is, and is the exit code of the tools; the message is
// one line, lower-case, without a final stop, with the place, what was wanted and
// what was found.
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_BASE_STATUS_H
#define MOEC_RUNTIME_BASE_STATUS_H

#include "runtime/base/Text.h"

#include <cassert>
#include <optional>
#include <string>
#include <utility>

namespace moec::rt {

enum class Code : int {
  Ok = 0,
  Invalid = 1,     ///< the input is wrong
  Unsupported = 2, ///< right, but not here
  Internal = 70,   ///< a bug of ours
};

class [[nodiscard]] Status {
public:
  /// Success.
  Status() = default;
  Status(Code code, std::string message) : errorCode(code), text(std::move(message)) {
    assert((code == Code::Ok) == text.empty() && "an error needs a message, success has none");
  }

  bool ok() const { return errorCode == Code::Ok; }
  Code code() const { return errorCode; }
  int exitCode() const { return static_cast<int>(errorCode); }
  const std::string &message() const { return text; }

  /// The same failure, told from further out: "<prefix>: <message>".
  template <typename... Parts> Status within(const Parts &...prefix) const {
    return ok() ? *this : Status(errorCode, concat(prefix..., ": ", text));
  }

private:
  Code errorCode = Code::Ok;
  std::string text;
};

/// The parts are put behind one another: invalidError("wanted ", 3, ", found ", n).
template <typename... Parts> Status invalidError(const Parts &...parts) {
  return Status(Code::Invalid, concat(parts...));
}
template <typename... Parts> Status unsupportedError(const Parts &...parts) {
  return Status(Code::Unsupported, concat(parts...));
}
template <typename... Parts> Status internalError(const Parts &...parts) {
  return Status(Code::Internal, concat(parts...));
}

/// A value, or the reason why there is none. Reading the value of a failed result
/// is a bug of the caller (assert).
template <typename T> class [[nodiscard]] Result {
public:
  Result(T value) : content(std::move(value)) {}
  Result(Status failure) : reason(std::move(failure)) {
    assert(!reason.ok() && "success needs a value");
  }

  bool ok() const { return content.has_value(); }
  explicit operator bool() const { return ok(); }
  const Status &status() const { return reason; }

  T &operator*() & {
    assert(ok());
    return *content;
  }
  const T &operator*() const & {
    assert(ok());
    return *content;
  }
  T &&operator*() && {
    assert(ok());
    return std::move(*content);
  }
  T *operator->() {
    assert(ok());
    return &*content;
  }
  const T *operator->() const {
    assert(ok());
    return &*content;
  }

private:
  std::optional<T> content;
  Status reason;
};

} // namespace moec::rt

/// Leaves the function with the failure of `expression` (a Status), if it failed.
#define MOEC_RETURN_IF_ERROR(expression)                                                           \
  do {                                                                                             \
    if (::moec::rt::Status moecStatus = (expression); !moecStatus.ok())                            \
      return moecStatus;                                                                           \
  } while (false)

#define MOEC_CONCAT_TOKENS_IMPL(a, b) a##b
#define MOEC_CONCAT_TOKENS(a, b) MOEC_CONCAT_TOKENS_IMPL(a, b)
#define MOEC_ASSIGN_OR_RETURN_IMPL(result, declaration, expression)                                \
  auto result = (expression);                                                                      \
  if (!result.ok())                                                                                \
    return result.status();                                                                        \
  declaration = *std::move(result)

/// MOEC_ASSIGN_OR_RETURN(MappedFile file, MappedFile::open(path));
#define MOEC_ASSIGN_OR_RETURN(declaration, expression)                                             \
  MOEC_ASSIGN_OR_RETURN_IMPL(MOEC_CONCAT_TOKENS(moecResult, __LINE__), declaration, expression)

#endif // MOEC_RUNTIME_BASE_STATUS_H
