//===- CudaDevice.cpp - A GPU that runs kernels ----------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/backends/cuda/CudaDevice.h"

#include <thread>

namespace moec::rt::cuda {
namespace {

constexpr uint64_t alignment = 1024;

/// Makes a context current for as long as it lives.
class Current {
public:
  Current(const Driver &driver, Context context) : driver(driver) { driver.contextPush(context); }
  ~Current() {
    Context popped = nullptr;
    driver.contextPop(&popped);
  }
  Current(const Current &) = delete;
  Current &operator=(const Current &) = delete;

private:
  const Driver &driver;
};

} // namespace

// --- Opening and closing -----------------------------------------------------

Result<std::unique_ptr<CudaDevice>> CudaDevice::create(const Driver &driver, int ordinal,
                                                       std::chrono::seconds patience) {
  std::unique_ptr<CudaDevice> device(new CudaDevice(driver, patience));
  MOEC_RETURN_IF_ERROR(device->open(ordinal));
  return device;
}

Result<int> CudaDevice::attribute(DeviceAttribute attribute) {
  int value = 0;
  MOEC_RETURN_IF_ERROR(driver.check(driver.deviceGetAttribute(&value, attribute, device),
                                    "an attribute of the GPU"));
  return value;
}

Status CudaDevice::open(int ordinal) {
  int count = 0;
  MOEC_RETURN_IF_ERROR(driver.check(driver.deviceGetCount(&count), "the number of GPUs"));
  if (ordinal >= count)
    return unsupportedError("wanted GPU ", ordinal, ", found ", count, " of them");
  MOEC_RETURN_IF_ERROR(driver.check(driver.deviceGet(&device, ordinal), "the GPU"));
  char name[256] = {};
  MOEC_RETURN_IF_ERROR(
      driver.check(driver.deviceGetName(name, sizeof(name) - 1, device), "the GPU's name"));
  deviceName = name;
  MOEC_ASSIGN_OR_RETURN(int cooperative, attribute(cooperativeLaunch));
  if (!cooperative)
    return unsupportedError(quote(deviceName), ": wanted a GPU with cooperative launches");
  MOEC_ASSIGN_OR_RETURN(int processors, attribute(DeviceAttribute::multiprocessors));
  multiprocessors = static_cast<uint32_t>(processors);
  MOEC_RETURN_IF_ERROR(
      driver.check(driver.primaryContextRetain(&context, device), "the GPU's context"));
  Current current(driver, context);
  return driver.check(driver.streamCreate(&stream, nonBlocking), "a stream");
}

CudaDevice::~CudaDevice() {
  if (!context || isLost)
    return;
  {
    Current current(driver, context);
    for (Event event : events)
      driver.eventDestroy(event);
    for (const Loaded &one : loaded)
      if (one.library)
        driver.libraryUnload(one.library);
    if (stream)
      driver.streamDestroy(stream);
  }
  driver.primaryContextRelease(device);
}

// --- Kernels -----------------------------------------------------------------

/// "sm_90a" runs on 9.0 alone, "sm_90" on 9.x.
Status CudaDevice::checkArch(const std::string &arch) {
  MOEC_ASSIGN_OR_RETURN(int major, attribute(capabilityMajor));
  MOEC_ASSIGN_OR_RETURN(int minor, attribute(capabilityMinor));
  std::string own = concat("sm_", major, minor);
  bool isExact = !arch.empty() && arch.back() == 'a';
  std::string wanted = isExact ? arch.substr(0, arch.size() - 1) : arch;
  bool fits = wanted == own || (!isExact && wanted.size() == own.size() && wanted < own &&
                                wanted.compare(0, own.size() - 1, own, 0, own.size() - 1) == 0);
  if (fits)
    return {};
  return unsupportedError("wanted a GPU for kernels of ", arch, ", found ", quote(deviceName),
                          ", which is ", own);
}

Status CudaDevice::loadPtx(const Kernel &kernel, Library &library) {
  std::string log(8192, '\0');
  JitOption options[] = {errorLog, errorLogBytes};
  void *values[] = {log.data(), reinterpret_cast<void *>(log.size())};
  Error error =
      driver.libraryLoadData(&library, kernel.ptx.c_str(), options, values, 2, nullptr, nullptr, 0);
  if (error == 0)
    return {};
  log.resize(log.find('\0') == std::string::npos ? log.size() : log.find('\0'));
  return unsupportedError("the driver cannot compile its PTX: ", driver.describe(error),
                          log.empty() ? "" : ": ", printable(log));
}

Status CudaDevice::loadKernel(const Kernel &kernel, Loaded &one) {
  if (kernel.cubin.empty())
    MOEC_RETURN_IF_ERROR(loadPtx(kernel, one.library));
  else
    MOEC_RETURN_IF_ERROR(
        driver.check(driver.libraryLoadData(&one.library, kernel.cubin.data(), nullptr, nullptr, 0,
                                            nullptr, nullptr, 0),
                     "the driver cannot load its machine code"));
  LibraryKernel entry = nullptr;
  MOEC_RETURN_IF_ERROR(
      driver.check(driver.libraryGetKernel(&entry, one.library, kernel.name.c_str()),
                   "the driver cannot find its entry"));
  MOEC_RETURN_IF_ERROR(driver.check(driver.kernelGetFunction(&one.function, entry),
                                    "the driver cannot load its entry"));
  return driver.check(driver.functionSetAttribute(one.function, maxDynamicSharedBytes,
                                                  static_cast<int>(kernel.sharedBytes)),
                      "its shared memory");
}

Status CudaDevice::load(const KernelSet &set) {
  kernels = &set;
  MOEC_RETURN_IF_ERROR(checkArch(set.arch));
  Current current(driver, context);
  loaded.resize(set.kernels.size());
  for (size_t i = 0; i < loaded.size(); ++i)
    MOEC_RETURN_IF_ERROR(
        loadKernel(set.kernels[i], loaded[i]).within("kernel ", quote(set.kernels[i].name)));
  return {};
}

Result<uint32_t> CudaDevice::residentCtas(uint32_t number) {
  Current current(driver, context);
  const Kernel &kernel = kernels->kernels[number];
  int blocks = 0;
  MOEC_RETURN_IF_ERROR(
      driver.check(driver.occupancy(&blocks, loaded[number].function,
                                    static_cast<int>(kernel.threads), kernel.sharedBytes),
                   "occupancy"));
  return static_cast<uint32_t>(blocks) * multiprocessors;
}

// --- Memory ------------------------------------------------------------------

Result<uint64_t> CudaDevice::allocate(uint64_t bytes, MemoryKind, uint32_t owner,
                                      const std::string &name) {
  Current current(driver, context);
  Address address = 0;
  uint64_t whole = bytes + alignment; // the driver aligns to less
  if (Error error = driver.memoryAllocate(&address, whole))
    return driver.check(error, "memory")
        .within(quote(deviceName), ": wanted ", formatBytes(bytes), " for ", quote(name),
                " of rank ", owner);
  if (Error error = driver.memorySet(address, 0, whole, stream)) {
    driver.memoryFree(address);
    return driver.check(error, "zeros");
  }
  uint64_t aligned = (address + alignment - 1) / alignment * alignment;
  allocations[aligned] = address;
  return aligned;
}

void CudaDevice::free(uint64_t address) {
  auto found = allocations.find(address);
  if (found == allocations.end())
    return;
  if (!isLost) {
    Current current(driver, context);
    driver.memoryFree(found->second);
  }
  allocations.erase(found);
}

Status CudaDevice::copyIn(uint64_t to, const void *from, uint64_t bytes) {
  if (bytes == 0)
    return {};
  Current current(driver, context);
  MOEC_RETURN_IF_ERROR(driver.check(driver.copyToDevice(to, from, bytes, stream), "a copy"));
  // The host's memory may be pinned by the caller: then the copy is still under way.
  return driver.check(driver.streamSynchronize(stream), "a copy to the GPU");
}

Status CudaDevice::copyOut(void *to, uint64_t from, uint64_t bytes) {
  if (bytes == 0)
    return {};
  Current current(driver, context);
  MOEC_RETURN_IF_ERROR(driver.check(driver.copyToHost(to, from, bytes, stream), "a copy"));
  return driver.check(driver.streamSynchronize(stream), "a copy from the GPU");
}

static TensorType typeOf(DType type) {
  switch (type) {
  case DType::F32:
    return tensorF32;
  case DType::BF16:
    return tensorBF16;
  }
  return tensorBF16;
}

static TensorSwizzle swizzleOf(uint32_t bytes) {
  if (bytes == 32)
    return swizzle32;
  if (bytes == 64)
    return swizzle64;
  return bytes == 128 ? swizzle128 : swizzleNone;
}

Status CudaDevice::encodeTensorMap(const TensorMapRequest &request, void *map) {
  Current current(driver, context); // the driver looks at the memory behind the address
  constexpr uint32_t ones[] = {1, 1, 1, 1, 1};
  Error error = driver.tensorMapEncode(
      map, typeOf(request.element), request.rank, reinterpret_cast<void *>(request.base),
      request.dims.data(), request.strides.data() + 1, request.box.data(), ones, /*interleave=*/0,
      swizzleOf(request.swizzle), promote256, /*fill=*/0);
  if (error == 0)
    return {};
  std::string sizes;
  for (uint32_t i = 0; i < request.rank; ++i)
    sizes += concat(i ? ", " : "", request.dims[i], " x ", request.strides[i], " B, box ",
                    request.box[i]);
  return driver.check(error, "the driver refuses the tensor map").within(sizes);
}

// --- Launches ----------------------------------------------------------------

Status CudaDevice::mark() {
  if (marks == events.size()) {
    Event event = nullptr;
    MOEC_RETURN_IF_ERROR(driver.check(driver.eventCreate(&event, 0), "an event"));
    events.push_back(event);
  }
  return driver.check(driver.eventRecord(events[marks++], stream), "an event");
}

Status CudaDevice::launch(const LaunchRequest &request) {
  Current current(driver, context);
  if (marks == 0)
    MOEC_RETURN_IF_ERROR(mark());
  const Kernel &kernel = kernels->kernels[request.kernel];
  uint64_t table = request.table;
  void *parameters[] = {&table};
  MOEC_RETURN_IF_ERROR(
      driver.check(driver.launchCooperative(loaded[request.kernel].function, request.ctasPerRank, 1,
                                            request.ranks, kernel.threads, 1, 1, kernel.sharedBytes,
                                            stream, parameters),
                   "the driver refuses the launch"));
  return mark();
}

/// Kernels have deadlines for flags, but one that is wrong may run forever.
Error CudaDevice::waitForStream() {
  auto start = std::chrono::steady_clock::now();
  for (;;) {
    Error error = driver.streamQuery(stream);
    if (error != errorNotReady)
      return error;
    auto passed = std::chrono::steady_clock::now() - start;
    if (passed > patience)
      return error;
    if (passed > std::chrono::milliseconds(2))
      std::this_thread::sleep_for(std::chrono::microseconds(50));
  }
}

Status CudaDevice::measure() {
  seconds.clear();
  for (size_t i = 1; i < marks; ++i) {
    float milliseconds = 0;
    MOEC_RETURN_IF_ERROR(driver.check(
        driver.eventElapsedTime(&milliseconds, events[i - 1], events[i]), "the time of a launch"));
    seconds.push_back(double(milliseconds) * 1e-3);
  }
  marks = 0;
  return {};
}

Status CudaDevice::synchronize() {
  Current current(driver, context);
  Error error = waitForStream();
  if (error == errorNotReady) {
    isLost = true;
    return internalError(quote(deviceName), ": a kernel has not ended after ", patience.count(),
                         " s");
  }
  if (error)
    return driver.check(error, "a kernel failed").within(quote(deviceName));
  return measure();
}

} // namespace moec::rt::cuda
