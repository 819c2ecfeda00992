//===- Ptxas.cpp - ptxas as a program -------------------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "codegen/nvptx/Assemble.h"
#include "codegen/nvptx/TemporaryFile.h"
#include "runtime/base/Text.h"

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Program.h"

#include <cstdlib>
#include <unistd.h>

extern char **environ;

namespace moec::codegen {

/// ptxas grows its memory by small pieces and faults in each page: 5 of the 15 ms that an
/// empty kernel takes. glibc can take large pages, and give none back before the end.
static constexpr llvm::StringLiteral kTunables =
    "GLIBC_TUNABLES=glibc.malloc.hugetlb=1:glibc.malloc.top_pad=33554432:"
    "glibc.malloc.mmap_threshold=1073741824:glibc.malloc.trim_threshold=2147483648";

/// Ours with the tunables, unless somebody has set others.
static std::vector<llvm::StringRef> makeEnvironment() {
  std::vector<llvm::StringRef> variables;
  for (char **variable = environ; *variable; ++variable)
    variables.push_back(*variable);
  if (!std::getenv("GLIBC_TUNABLES"))
    variables.push_back(kTunables);
  return variables;
}

rt::Result<Assembly> runPtxas(const std::string &ptxas, const std::string &ptx,
                              const std::string &arch) {
  MOEC_ASSIGN_OR_RETURN(TemporaryFile input, TemporaryFile::create("ptx"));
  MOEC_ASSIGN_OR_RETURN(TemporaryFile output, TemporaryFile::create("cubin"));
  MOEC_ASSIGN_OR_RETURN(TemporaryFile log, TemporaryFile::create("log"));
  MOEC_RETURN_IF_ERROR(input.write(ptx));

  std::string target = "-arch=" + arch;
  std::vector<llvm::StringRef> arguments = {ptxas, "-v", target};
  if (ptx.find("\t.loc\t") != std::string::npos) // else ptxas would warn
    arguments.push_back("-lineinfo");
  arguments.insert(arguments.end(), {input.path(), "-o", output.path()});
  std::string message;
  int status = llvm::sys::ExecuteAndWait(ptxas, arguments, makeEnvironment(),
                                         {/*in=*/"", log.path(), log.path()}, 0, 0, &message);
  Assembly made;
  made.log = log.read();
  std::string bytes = output.read();
  if (status < 0) // did not start, or was killed: not of our text's making
    return rt::invalidError(
        "wanted a ptxas that runs, found ", rt::quote(ptxas), ": ", message,
        made.log.empty() ? "" : "; it says: ", made.log.substr(0, made.log.find('\n')));
  if (status != 0 || bytes.empty())
    return rt::internalError("ptxas failed with status ", status, ": ", message, made.log);
  made.cubin.assign(bytes.begin(), bytes.end());
  return made;
}

} // namespace moec::codegen
