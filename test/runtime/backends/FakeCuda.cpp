//===- FakeCuda.cpp - A CUDA driver without a GPU --------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "test/runtime/backends/FakeCuda.h"

#include <cstdlib>
#include <cstring>

using namespace moec::rt::cuda;
using moec::test::FakeCuda;

namespace moec::rt::cuda {
struct KernelImpl {
  std::string name;
};
} // namespace moec::rt::cuda

extern "C" {

FakeCuda fakeCuda;

Error cuInit(unsigned) { return fakeCuda.initError; }
Error cuDriverGetVersion(int *version) {
  *version = 12080;
  return 0;
}
Error cuGetErrorName(Error, const char **name) {
  *name = "CUDA_ERROR_FAKE";
  return 0;
}
Error cuGetErrorString(Error error, const char **text) {
  *text = error == errorOutOfMemory ? "out of memory" : "it was told to";
  return 0;
}

// --- Devices -----------------------------------------------------------------

Error cuDeviceGetCount(int *count) {
  *count = fakeCuda.gpus;
  return 0;
}
Error cuDeviceGet(DeviceNumber *device, int ordinal) {
  *device = ordinal;
  return 0;
}
Error cuDeviceGetName(char *name, int bytes, DeviceNumber) {
  std::strncpy(name, "Fake GPU", static_cast<size_t>(bytes));
  return 0;
}
Error cuDeviceGetAttribute(int *value, DeviceAttribute attribute, DeviceNumber) {
  switch (attribute) {
  case multiprocessors:
    *value = fakeCuda.multiprocessors;
    return 0;
  case capabilityMajor:
    *value = fakeCuda.major;
    return 0;
  case capabilityMinor:
    *value = fakeCuda.minor;
    return 0;
  case cooperativeLaunch:
    *value = fakeCuda.isCooperative;
    return 0;
  case sharedBytesOptIn:
    *value = 232448;
    return 0;
  }
  return 1;
}
Error cuDevicePrimaryCtxRetain(Context *context, DeviceNumber) {
  ++fakeCuda.contexts;
  *context = reinterpret_cast<Context>(&fakeCuda);
  return 0;
}
Error cuDevicePrimaryCtxRelease_v2(DeviceNumber) {
  --fakeCuda.contexts;
  return 0;
}
Error cuCtxPushCurrent_v2(Context) {
  ++fakeCuda.current;
  return 0;
}
Error cuCtxPopCurrent_v2(Context *) {
  --fakeCuda.current;
  return 0;
}

// --- Kernels -----------------------------------------------------------------

Error cuLibraryLoadData(Library *library, const void *code, JitOption *options, void **values,
                        unsigned count, int *, void **, unsigned) {
  if (!fakeCuda.current)
    return 201; // no context
  if (fakeCuda.loadError) {
    for (unsigned i = 0; i < count; ++i)
      if (options[i] == errorLog)
        std::strcpy(static_cast<char *>(values[i]), "line 3: no such instruction");
    return fakeCuda.loadError;
  }
  fakeCuda.loaded.emplace_back(static_cast<const char *>(code), 4);
  ++fakeCuda.libraries;
  *library = reinterpret_cast<Library>(&fakeCuda);
  return 0;
}
Error cuLibraryUnload(Library) {
  --fakeCuda.libraries;
  return 0;
}
Error cuLibraryGetKernel(LibraryKernel *kernel, Library, const char *name) {
  static std::map<std::string, KernelImpl> kernels;
  *kernel = &(kernels[name] = {name});
  return 0;
}
Error cuKernelGetFunction(Function *function, LibraryKernel kernel) {
  *function = reinterpret_cast<Function>(kernel);
  return 0;
}
static const std::string &nameOf(Function function) {
  return reinterpret_cast<KernelImpl *>(function)->name;
}
Error cuFuncSetAttribute(Function function, FunctionAttribute attribute, int value) {
  if (attribute == maxDynamicSharedBytes)
    fakeCuda.sharedBytes[nameOf(function)] = value;
  return 0;
}
Error cuOccupancyMaxActiveBlocksPerMultiprocessor(int *blocks, Function, int, size_t) {
  *blocks = fakeCuda.blocks;
  return 0;
}
Error cuLaunchCooperativeKernel(Function function, unsigned gridX, unsigned gridY, unsigned gridZ,
                                unsigned blockX, unsigned blockY, unsigned blockZ,
                                unsigned sharedBytes, Stream, void **parameters) {
  if (fakeCuda.launchError)
    return fakeCuda.launchError;
  uint64_t parameter = 0;
  std::memcpy(&parameter, parameters[0], sizeof(parameter));
  fakeCuda.launches.push_back(
      {nameOf(function), {gridX, gridY, gridZ}, {blockX, blockY, blockZ}, sharedBytes, parameter});
  return 0;
}

// --- Memory ------------------------------------------------------------------

/// As odd as a driver's address can be, and full of garbage.
Error cuMemAlloc_v2(Address *address, size_t bytes) {
  if (bytes > fakeCuda.freeBytes)
    return errorOutOfMemory;
  void *memory = std::aligned_alloc(512, (bytes + 512 + 511) / 512 * 512);
  std::memset(memory, 0xa5, bytes + 512);
  *address = reinterpret_cast<uint64_t>(memory) + 256;
  fakeCuda.memory[*address] = bytes;
  return 0;
}
Error cuMemFree_v2(Address address) {
  fakeCuda.memory.erase(address);
  std::free(reinterpret_cast<void *>(address - 256));
  return 0;
}
Error cuMemsetD8Async(Address address, unsigned char value, size_t bytes, Stream) {
  std::memset(reinterpret_cast<void *>(address), value, bytes);
  return 0;
}
Error cuMemcpyHtoDAsync_v2(Address to, const void *from, size_t bytes, Stream) {
  std::memcpy(reinterpret_cast<void *>(to), from, bytes);
  return 0;
}
Error cuMemcpyDtoHAsync_v2(void *to, Address from, size_t bytes, Stream) {
  std::memcpy(to, reinterpret_cast<const void *>(from), bytes);
  return 0;
}
Error cuTensorMapEncodeTiled(void *map, TensorType type, uint32_t rank, void *base,
                             const uint64_t *dims, const uint64_t *strides, const uint32_t *box,
                             const uint32_t *, int, TensorSwizzle swizzle, TensorPromotion, int) {
  if (fakeCuda.mapError)
    return fakeCuda.mapError;
  std::memset(map, 0x7f, 128);
  fakeCuda.maps.push_back({type,
                           rank,
                           reinterpret_cast<uint64_t>(base),
                           {dims, dims + rank},
                           {strides, strides + rank - 1},
                           {box, box + rank},
                           swizzle});
  return 0;
}

// --- Streams -----------------------------------------------------------------

Error cuStreamCreate(Stream *stream, unsigned) {
  ++fakeCuda.streams;
  *stream = reinterpret_cast<Stream>(&fakeCuda);
  return 0;
}
Error cuStreamDestroy_v2(Stream) {
  --fakeCuda.streams;
  return 0;
}
Error cuStreamSynchronize(Stream) { return 0; }
Error cuStreamQuery(Stream) { return fakeCuda.streamError; }
Error cuEventCreate(Event *event, unsigned) {
  ++fakeCuda.events;
  *event = reinterpret_cast<Event>(&fakeCuda);
  return 0;
}
Error cuEventDestroy_v2(Event) {
  --fakeCuda.events;
  return 0;
}
Error cuEventRecord(Event, Stream) { return 0; }
Error cuEventElapsedTime(float *milliseconds, Event, Event) {
  *milliseconds = 1.5f;
  return 0;
}

} // extern "C"
