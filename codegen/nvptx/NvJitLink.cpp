//===- NvJitLink.cpp - The assembler that is a library --------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Machines with a CUDA runtime have it where ptxas is absent. It is opened while
// moec runs, so that moec needs nothing of NVIDIA's to build or to start; the few
// declarations below are those of nvJitLink 12 and 13.
//===----------------------------------------------------------------------===//

#include "codegen/nvptx/Assemble.h"
#include "codegen/nvptx/FindTool.h"

#include <dlfcn.h>
#include <mutex>

namespace moec::codegen {

using Handle = struct nvJitLink *;
constexpr int kInputPtx = 2;

struct NvJitLink::Functions {
  int (*create)(Handle *, uint32_t, const char **) = nullptr;
  int (*destroy)(Handle *) = nullptr;
  int (*addData)(Handle, int kind, const void *, size_t, const char *) = nullptr;
  int (*complete)(Handle) = nullptr;
  int (*cubinSize)(Handle, size_t *) = nullptr;
  int (*cubin)(Handle, void *) = nullptr;
  int (*errorLogSize)(Handle, size_t *) = nullptr;
  int (*errorLog)(Handle, char *) = nullptr;
  int (*infoLogSize)(Handle, size_t *) = nullptr;
  int (*infoLog)(Handle, char *) = nullptr;
};

template <typename F> static bool load(void *library, const char *name, F &function) {
  function = reinterpret_cast<F>(dlsym(library, name));
  return function != nullptr;
}

rt::Result<const NvJitLink *> NvJitLink::open(const std::vector<std::string> &candidates) {
  static std::mutex mutex;
  static NvJitLink opened;
  static Functions table;
  std::lock_guard lock(mutex);
  if (opened.functions)
    return &opened;
  std::string reason = "no candidate";
  for (const std::string &path : candidates) {
    void *library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (!library) {
      reason = dlerror();
      continue;
    }
    Functions &f = table;
    if (load(library, "nvJitLinkCreate", f.create) &&
        load(library, "nvJitLinkDestroy", f.destroy) &&
        load(library, "nvJitLinkAddData", f.addData) &&
        load(library, "nvJitLinkComplete", f.complete) &&
        load(library, "nvJitLinkGetLinkedCubinSize", f.cubinSize) &&
        load(library, "nvJitLinkGetLinkedCubin", f.cubin) &&
        load(library, "nvJitLinkGetErrorLogSize", f.errorLogSize) &&
        load(library, "nvJitLinkGetErrorLog", f.errorLog) &&
        load(library, "nvJitLinkGetInfoLogSize", f.infoLogSize) &&
        load(library, "nvJitLinkGetInfoLog", f.infoLog)) {
      opened.functions = &table;
      return &opened;
    }
    reason = rt::concat(path, ": not nvJitLink 12 or 13");
    dlclose(library);
  }
  return rt::unsupportedError("no libnvJitLink.so can be opened (", reason, ")");
}

static std::string readLog(Handle handle, int (*sizeOf)(Handle, size_t *),
                           int (*read)(Handle, char *)) {
  size_t size = 0;
  if (sizeOf(handle, &size) != 0 || size == 0)
    return "";
  std::string text(size, '\0');
  if (read(handle, text.data()) != 0)
    return "";
  text.resize(text.find('\0') == std::string::npos ? size : text.find('\0'));
  return text;
}

rt::Result<Assembly> NvJitLink::assemble(const std::string &ptx, const std::string &arch) const {
  std::string target = "-arch=" + arch;
  std::vector<const char *> options = {target.c_str(), "-verbose"};
  if (ptx.find("\t.loc\t") != std::string::npos)
    options.push_back("-lineinfo");
  Handle handle = nullptr;
  if (int code = functions->create(&handle, uint32_t(options.size()), options.data()))
    return rt::internalError("nvJitLinkCreate failed with code ", code);
  struct Destroyer {
    const Functions *functions;
    Handle *handle;
    ~Destroyer() { functions->destroy(handle); }
  } destroyer{functions, &handle};

  // The size counts the end of the string, as the library's own example has it.
  int code = functions->addData(handle, kInputPtx, ptx.c_str(), ptx.size() + 1, "kernel");
  if (code == 0)
    code = functions->complete(handle);
  Assembly made;
  size_t size = 0;
  if (code == 0)
    code = functions->cubinSize(handle, &size);
  if (code == 0) {
    made.cubin.resize(size);
    code = functions->cubin(handle, made.cubin.data());
  }
  if (code != 0)
    return rt::internalError("nvJitLink failed with code ", code, ": ",
                             readLog(handle, functions->errorLogSize, functions->errorLog));
  made.log = readLog(handle, functions->infoLogSize, functions->infoLog);
  return made;
}

} // namespace moec::codegen
