//===- Driver.h - What is used of libcuda ------------------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Our own declarations of the CUDA driver's C interface (its names and numbers are
// a stable ABI), loaded at run time: moec builds and starts without CUDA.
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_BACKENDS_CUDA_DRIVER_H
#define MOEC_RUNTIME_BACKENDS_CUDA_DRIVER_H

#include "runtime/base/Status.h"

#include <cstddef>
#include <cstdint>

namespace moec::rt::cuda {

using Error = int; ///< CUresult; 0 is success
inline constexpr Error errorOutOfMemory = 2, errorNotReady = 600, errorTooLarge = 720;

using DeviceNumber = int;
using Address = unsigned long long; ///< CUdeviceptr
using Context = struct ContextImpl *;
using Library = struct LibraryImpl *;
using LibraryKernel = struct KernelImpl *; ///< CUkernel
using Function = struct FunctionImpl *;
using Stream = struct StreamImpl *;
using Event = struct EventImpl *;

/// CUdevice_attribute
enum DeviceAttribute : int {
  multiprocessors = 16,
  capabilityMajor = 75,
  capabilityMinor = 76,
  cooperativeLaunch = 95,
  sharedBytesOptIn = 97,
};
/// CUfunction_attribute
enum FunctionAttribute : int { maxDynamicSharedBytes = 8 };
/// CUjit_option
enum JitOption : int { errorLog = 5, errorLogBytes = 6 };
enum StreamFlags : unsigned { nonBlocking = 1 };
/// CUtensorMapDataType, of which these are used.
enum TensorType : int { tensorF32 = 7, tensorBF16 = 9 };
enum TensorSwizzle : int { swizzleNone = 0, swizzle32 = 1, swizzle64 = 2, swizzle128 = 3 };
enum TensorPromotion : int { promote256 = 3 };

/// X(name in libcuda without the leading cu, member, parameters)
#define MOEC_CUDA_FUNCTIONS(X)                                                                     \
  X(cuInit, init, (unsigned flags))                                                                \
  X(cuDriverGetVersion, driverGetVersion, (int *version))                                          \
  X(cuGetErrorName, getErrorName, (Error error, const char **name))                                \
  X(cuGetErrorString, getErrorString, (Error error, const char **text))                            \
  X(cuDeviceGetCount, deviceGetCount, (int *count))                                                \
  X(cuDeviceGet, deviceGet, (DeviceNumber * device, int ordinal))                                  \
  X(cuDeviceGetName, deviceGetName, (char *name, int bytes, DeviceNumber device))                  \
  X(cuDeviceGetAttribute, deviceGetAttribute,                                                      \
    (int *value, DeviceAttribute attribute, DeviceNumber device))                                  \
  X(cuDevicePrimaryCtxRetain, primaryContextRetain, (Context * context, DeviceNumber device))      \
  X(cuDevicePrimaryCtxRelease_v2, primaryContextRelease, (DeviceNumber device))                    \
  X(cuCtxPushCurrent_v2, contextPush, (Context context))                                           \
  X(cuCtxPopCurrent_v2, contextPop, (Context * context))                                           \
  X(cuLibraryLoadData, libraryLoadData,                                                            \
    (Library * library, const void *code, JitOption *jitOptions, void **jitValues,                 \
     unsigned jitCount, int *options, void **values, unsigned count))                              \
  X(cuLibraryUnload, libraryUnload, (Library library))                                             \
  X(cuLibraryGetKernel, libraryGetKernel,                                                          \
    (LibraryKernel * kernel, Library library, const char *name))                                   \
  X(cuKernelGetFunction, kernelGetFunction, (Function * function, LibraryKernel kernel))           \
  X(cuFuncSetAttribute, functionSetAttribute,                                                      \
    (Function function, FunctionAttribute attribute, int value))                                   \
  X(cuOccupancyMaxActiveBlocksPerMultiprocessor, occupancy,                                        \
    (int *blocks, Function function, int threads, size_t sharedBytes))                             \
  X(cuMemAlloc_v2, memoryAllocate, (Address * address, size_t bytes))                              \
  X(cuMemFree_v2, memoryFree, (Address address))                                                   \
  X(cuMemsetD8Async, memorySet,                                                                    \
    (Address address, unsigned char value, size_t bytes, Stream stream))                           \
  X(cuMemcpyHtoDAsync_v2, copyToDevice,                                                            \
    (Address to, const void *from, size_t bytes, Stream stream))                                   \
  X(cuMemcpyDtoHAsync_v2, copyToHost, (void *to, Address from, size_t bytes, Stream stream))       \
  X(cuStreamCreate, streamCreate, (Stream * stream, unsigned flags))                               \
  X(cuStreamDestroy_v2, streamDestroy, (Stream stream))                                            \
  X(cuStreamSynchronize, streamSynchronize, (Stream stream))                                       \
  X(cuStreamQuery, streamQuery, (Stream stream))                                                   \
  X(cuEventCreate, eventCreate, (Event * event, unsigned flags))                                   \
  X(cuEventDestroy_v2, eventDestroy, (Event event))                                                \
  X(cuEventRecord, eventRecord, (Event event, Stream stream))                                      \
  X(cuEventElapsedTime, eventElapsedTime, (float *milliseconds, Event from, Event to))             \
  X(cuLaunchCooperativeKernel, launchCooperative,                                                  \
    (Function function, unsigned gridX, unsigned gridY, unsigned gridZ, unsigned blockX,           \
     unsigned blockY, unsigned blockZ, unsigned sharedBytes, Stream stream, void **parameters))    \
  X(cuTensorMapEncodeTiled, tensorMapEncode,                                                       \
    (void *map, TensorType type, uint32_t rank, void *base, const uint64_t *dims,                  \
     const uint64_t *strides, const uint32_t *box, const uint32_t *elementStrides, int interleave, \
     TensorSwizzle swizzle, TensorPromotion promotion, int fill))

/// The functions of one loaded driver.
struct Driver {
#define MOEC_DECLARE(symbol, member, parameters) Error(*member) parameters = nullptr;
  MOEC_CUDA_FUNCTIONS(MOEC_DECLARE)
#undef MOEC_DECLARE

  /// Loads and initialises; Unsupported where there is no driver, an old one, or no
  /// device. `library`: another one for tests.
  static Result<Driver> open(const char *library = "libcuda.so.1");

  /// "out of memory (CUDA_ERROR_OUT_OF_MEMORY)"
  std::string describe(Error error) const;
  /// Internal, unless the device is merely too small or too busy.
  Status check(Error error, const char *what) const;
};

} // namespace moec::rt::cuda

#endif // MOEC_RUNTIME_BACKENDS_CUDA_DRIVER_H
