//===- Calls.h - What emulated kernels call ---------------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The line between codegen/emulator, which turns every nvvm and tile.ptx op into one
// of these calls, and the engine. `site` is the op's place in the table of sites.
// Addresses are host addresses; those of shared memory fit into 32 bits. Calls.def
// lists the same functions for the linker of the host code.
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_BACKENDS_EMULATOR_CALLS_H
#define MOEC_RUNTIME_BACKENDS_EMULATOR_CALLS_H

#include <cstdint>

namespace moec::rt::emulator {

// Numbers as NVVMOps.td has them, where it has them.
enum class VoteKind : uint32_t { Any = 0, All = 1, Ballot = 2, Uniform = 3 };
enum class ShuffleKind : uint32_t { Butterfly = 0, Up = 1, Down = 2, Index = 3 };
enum class ReduceKind : uint32_t { Add, And, Or, Xor, Max, Min, UMax, UMin };
enum class AtomicKind : uint32_t { Add, Inc, Dec, Exchange, Or, And, Xor, Max, Min, UMax, UMin };
enum class Ordering : uint32_t { Relaxed = 0, Acquire = 1, Release = 2, AcquireRelease = 3 };
/// Who can see what a fence or an atomic access orders.
enum class Scope : uint32_t { Cta = 0, Gpu = 1, System = 2 };
enum class Register : uint32_t {
  ThreadX,
  ThreadY,
  ThreadZ,
  ThreadsX,
  ThreadsY,
  ThreadsZ,
  CtaX,
  CtaY,
  CtaZ,
  CtasX,
  CtasY,
  CtasZ,
  Lane,
  Warp,
  Warps,
  Sm,
  Sms,
  LaneMaskEq,
  LaneMaskLe,
  LaneMaskLt,
  LaneMaskGe,
  LaneMaskGt,
  DynamicShared,
};

} // namespace moec::rt::emulator

extern "C" {
// --- Special registers, clock ----------------------------------------------------
uint32_t moecEmuRegister(uint32_t which);
uint64_t moecEmuShared(uint32_t offset); ///< address of the CTA's shared memory
uint64_t moecEmuClock(uint32_t site);    ///< ns
void moecEmuSleep(uint32_t site, uint32_t nanoseconds);
void moecEmuTrap(uint32_t site);
void moecEmuExit(uint32_t site);

// --- Warps -----------------------------------------------------------------------
void moecEmuSyncWarp(uint32_t site, uint32_t mask);
uint32_t moecEmuElect(uint32_t site, uint32_t mask);
uint32_t moecEmuVote(uint32_t site, uint32_t mask, uint32_t predicate, uint32_t kind);
uint32_t moecEmuShuffle(uint32_t site, uint32_t mask, uint32_t value, uint32_t offset,
                        uint32_t clamp, uint32_t kind, uint32_t *isValid);
uint32_t moecEmuMatch(uint32_t site, uint32_t mask, uint64_t value, uint32_t isAll,
                      uint32_t *isValid);
uint32_t moecEmuReduce(uint32_t site, uint32_t mask, uint32_t value, uint32_t kind);

// --- Barriers, registers ---------------------------------------------------------
void moecEmuMbarrierInit(uint32_t site, uint64_t address, uint32_t count);
void moecEmuMbarrierInval(uint32_t site, uint64_t address);
uint64_t moecEmuMbarrierArrive(uint32_t site, uint64_t address, uint32_t count);
void moecEmuMbarrierArriveIf(uint32_t site, uint32_t predicate, uint64_t address);
void moecEmuMbarrierArriveExpect(uint32_t site, uint64_t address, uint32_t bytes);
void moecEmuMbarrierExpect(uint32_t site, uint64_t address, uint32_t bytes);
/// One try, true when the phase of this parity is complete.
uint32_t moecEmuMbarrierTest(uint32_t site, uint64_t address, uint32_t parity, uint32_t isTry);
/// Tries until it is.
void moecEmuMbarrierWait(uint32_t site, uint64_t address, uint32_t parity);
void moecEmuBarrier(uint32_t site, uint32_t id, uint32_t count); ///< count 0: all threads
void moecEmuBarrierArrive(uint32_t site, uint32_t id, uint32_t count);
void moecEmuSetRegisters(uint32_t site, uint32_t count, uint32_t isIncrease);

// --- Copies ----------------------------------------------------------------------
void moecEmuTensorLoad(uint32_t site, uint64_t shared, uint64_t map, uint64_t barrier,
                       uint32_t rank, int32_t c0, int32_t c1, int32_t c2, int32_t c3, int32_t c4);
void moecEmuTensorStore(uint32_t site, uint64_t map, uint64_t shared, uint32_t rank, int32_t c0,
                        int32_t c1, int32_t c2, int32_t c3, int32_t c4);
void moecEmuBulkLoad(uint32_t site, uint64_t shared, uint64_t global, uint64_t barrier,
                     uint32_t bytes);
void moecEmuBulkStore(uint32_t site, uint64_t global, uint64_t shared, uint32_t bytes);
void moecEmuBulkCommit(uint32_t site);
void moecEmuBulkWait(uint32_t site, uint32_t pending, uint32_t readOnly);
void moecEmuCopyElement(uint32_t site, uint64_t shared, uint64_t global, uint32_t size,
                        uint32_t sourceBytes);
void moecEmuCopyCommit(uint32_t site);
void moecEmuCopyWait(uint32_t site, uint32_t pending);
void moecEmuCheckMap(uint32_t site, uint64_t map);

// --- Matrices --------------------------------------------------------------------
/// `accumulators`: n / 2 floats of this thread. `high` words of descriptors are whole.
void moecEmuProduct(uint32_t site, float *accumulators, uint64_t a, uint64_t b, uint32_t n,
                    uint32_t isAdding, uint32_t transposes);
/// A from registers: four words of bf16 pairs.
void moecEmuProductRegisters(uint32_t site, float *accumulators, const uint32_t *a, uint64_t b,
                             uint32_t n, uint32_t isAdding, uint32_t transposes);
void moecEmuProductFence(uint32_t site);
void moecEmuProductCommit(uint32_t site);
void moecEmuProductWait(uint32_t site, uint32_t pending);
void moecEmuLoadMatrix(uint32_t site, uint64_t address, uint32_t *words, uint32_t count,
                       uint32_t isTransposed);
void moecEmuStoreMatrix(uint32_t site, uint64_t address, const uint32_t *words, uint32_t count,
                        uint32_t isTransposed);

// --- Memory ----------------------------------------------------------------------
void moecEmuLoad(uint32_t site, uint64_t address, uint32_t bytes);
/// Stores `bytes` from `value`, at once or, to a peer, later.
void moecEmuStore(uint32_t site, uint64_t address, const void *value, uint32_t bytes);
uint64_t moecEmuLoadAtomic(uint32_t site, uint64_t address, uint32_t bytes, uint32_t ordering,
                           uint32_t scope);
void moecEmuStoreAtomic(uint32_t site, uint64_t address, uint64_t value, uint32_t bytes,
                        uint32_t ordering, uint32_t scope);
uint64_t moecEmuAtomic(uint32_t site, uint32_t kind, uint64_t address, uint64_t value,
                       uint32_t bytes, uint32_t ordering, uint32_t scope);
uint32_t moecEmuAtomicAddFloat(uint32_t site, uint64_t address, float value, uint32_t ordering,
                               uint32_t scope);
uint64_t moecEmuCompareExchange(uint32_t site, uint64_t address, uint64_t expected, uint64_t value,
                                uint32_t bytes, uint32_t ordering, uint32_t scope);
void moecEmuFence(uint32_t site, uint32_t scope);
void moecEmuFenceProxy(uint32_t site, uint32_t global, uint32_t shared);
/// Memory of the thread itself that nobody wrote yet.
void moecEmuPoison(void *address, uint64_t bytes);

// --- Numbers ---------------------------------------------------------------------
uint32_t moecEmuPackBf16(float high, float low);
float moecEmuReciprocal(float x);
}

#endif // MOEC_RUNTIME_BACKENDS_EMULATOR_CALLS_H
