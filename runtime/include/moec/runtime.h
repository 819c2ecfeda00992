/*===- runtime.h - moec's C ABI --------------------------------------------===
 *
 * Part of moec, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Contract
 *  - Every fallible call returns a `moec_status *`: NULL is success; otherwise
 *    the caller owns the object and releases it. No exception crosses this line.
 *  - Handles are not thread safe: one thread at a time per handle. Different
 *    sessions may be used from different threads. A session keeps its module
 *    alive; closing the module first is allowed.
 *  - Structs that may grow begin with `struct_size`, set by the caller to
 *    sizeof(its own version). Of a larger struct than this library's the rest is
 *    left alone; what a smaller one does not have counts as zero.
 *  - A null handle or pointer that must not be null is MOEC_INVALID, not undefined.
 *  - Environment: MOEC_BACKEND_PATH, folders to look for backends in before the
 *    library's own.
 *  - Sizes are bytes unless the name says tokens, ranks or elements.
 *===----------------------------------------------------------------------===*/
#ifndef MOEC_RUNTIME_H
#define MOEC_RUNTIME_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define MOEC_API __attribute__((visibility("default")))

/* --- Status --------------------------------------------------------------- */

typedef struct moec_status moec_status;
/** The values are the tools' exit codes. */
typedef enum moec_code {
  MOEC_OK = 0,
  MOEC_INVALID = 1,     /**< the input is wrong */
  MOEC_UNSUPPORTED = 2, /**< right, but not here */
  MOEC_INTERNAL = 70    /**< a bug of ours */
} moec_code;

/** MOEC_OK for NULL. */
MOEC_API moec_code moec_status_code(const moec_status *status);
/** One line without a final stop; "" for NULL. Lives as long as `status`. */
MOEC_API const char *moec_status_message(const moec_status *status);
MOEC_API void moec_status_release(moec_status *status);
/** "0.1.0". */
MOEC_API const char *moec_version(void);

/* --- Tensors -------------------------------------------------------------- */

typedef enum moec_dtype { MOEC_F32 = 0, MOEC_BF16 = 1, MOEC_F16 = 2, MOEC_I64 = 3 } moec_dtype;
#define MOEC_MAX_DIMS 8
/** A dense row-major view; does not own `data`. */
typedef struct moec_tensor {
  moec_dtype dtype;
  uint32_t dims;
  int64_t shape[MOEC_MAX_DIMS];
  const void *data;
} moec_tensor;

/* --- Module --------------------------------------------------------------- */

typedef struct moec_module moec_module;
/** Maps and checks the whole file (hashes, every index and size). */
MOEC_API moec_status *moec_module_open(const char *path, moec_module **module);
/** Copies `bytes`. `name` is used in messages. */
MOEC_API moec_status *moec_module_open_memory(const void *bytes, size_t size, const char *name,
                                              moec_module **module);
MOEC_API void moec_module_close(moec_module *module);

typedef struct moec_layer_info {
  size_t struct_size;
  const char *name; /**< lives as long as the module */
  uint32_t ranks, hidden, experts, top_k, intermediate;
  uint32_t shared_intermediate; /**< 0 = no shared expert */
  uint32_t max_tokens_per_rank; /**< 0 = chosen by the session */
  moec_dtype tokens_dtype, weights_dtype;
} moec_layer_info;
MOEC_API moec_status *moec_module_layer(const moec_module *module, moec_layer_info *info);

/** What a weight is for. The shapes: h hidden, i intermediate, e experts. */
typedef enum moec_weight_role {
  MOEC_WEIGHT_ROUTER = 0,            /**< [e, h] */
  MOEC_WEIGHT_ROUTER_BIAS = 1,       /**< [e] */
  MOEC_WEIGHT_SELECTION_BIAS = 2,    /**< [e] */
  MOEC_WEIGHT_EXPERT_GATE = 3,       /**< [i, h], one an expert */
  MOEC_WEIGHT_EXPERT_UP = 4,         /**< [i, h], one an expert */
  MOEC_WEIGHT_EXPERT_DOWN = 5,       /**< [h, i], one an expert */
  MOEC_WEIGHT_SHARED_GATE = 6,       /**< [shared_intermediate, h] */
  MOEC_WEIGHT_SHARED_UP = 7,         /**< [shared_intermediate, h] */
  MOEC_WEIGHT_SHARED_DOWN = 8,       /**< [h, shared_intermediate] */
  MOEC_WEIGHT_SHARED_SCALE = 9,      /**< [1, h], of the shared expert's sigmoid */
  MOEC_WEIGHT_EXPERT_GATE_BIAS = 10, /**< [i], one an expert */
  MOEC_WEIGHT_EXPERT_UP_BIAS = 11,   /**< [i], one an expert */
  MOEC_WEIGHT_EXPERT_DOWN_BIAS = 12  /**< [h], one an expert */
} moec_weight_role;

/** Tensors by name, `{expert}` expanded: all that some rank needs. One that holds several
 * weights, of several experts or of gate and up, is named after its first, and its shape is
 * that of the whole tensor. */
typedef struct moec_weight_info {
  size_t struct_size;
  const char *name; /**< lives as long as the module */
  uint32_t role;    /**< moec_weight_role */
  int32_t expert;   /**< -1 where the role has none, or the tensor holds several */
  uint32_t dims;
  int64_t shape[MOEC_MAX_DIMS];
} moec_weight_info;
MOEC_API size_t moec_module_weight_count(const moec_module *module);
MOEC_API moec_status *moec_module_weight(const moec_module *module, size_t index,
                                         moec_weight_info *info);

/* --- Session -------------------------------------------------------------- */

typedef struct moec_session moec_session;
typedef struct moec_session_options {
  size_t struct_size;
  /** "cpu" (the default when NULL): the plan on the host's cores. Of modules with
   * kernels also "cuda": on the first GPU; "emulator": the kernels on the host, slow.
   * An unknown backend is MOEC_INVALID, one that finds no driver MOEC_UNSUPPORTED. */
  const char *backend;
  uint32_t threads; /**< 0 = every core this process may use */
  /** Capacity of a step; 0 = the module's own limit, and where that is 0 too the
   * session grows with its steps. Memory is reserved for the worst case and
   * committed when it is touched. */
  uint32_t max_tokens_per_rank;
  /** Test mode, off when 0: seeds a random order of ranks and tasks, lets puts
   * land late and out of order until their flag, poisons buffers and checks
   * declared effects against real accesses. Results are the same bits. Slow, and
   * on one thread. */
  uint64_t test_seed;
} moec_session_options;
MOEC_API moec_status *moec_session_create(moec_module *module, const moec_session_options *options,
                                          moec_session **session);
MOEC_API void moec_session_destroy(moec_session *session);

/** Finds one weight. `tensor->data` must stay valid until the next call of the
 * same lookup or until moec_session_load_weights returns. */
typedef moec_status *(*moec_weight_lookup)(void *user, const char *name, moec_tensor *tensor);
/** Asks for each weight that some rank of the session needs, one at a time on this
 * thread in the order of moec_module_weight, checks dtype and shape, and packs it
 * once. f32, bf16 and f16 are converted to the module's weights dtype; the
 * selection bias stays f32. Data need no alignment. May be called again: the
 * former weights are gone then, also when it fails. */
MOEC_API moec_status *moec_session_load_weights(moec_session *session, moec_weight_lookup lookup,
                                                void *user);
/** For lookups: makes a status of their own. */
MOEC_API moec_status *moec_status_make(moec_code code, const char *message);

/** One rank's part of a step. Pointers may be NULL where `tokens` is 0. */
typedef struct moec_rank_io {
  const void *input;      /**< [tokens, hidden] of `input_dtype` */
  moec_dtype input_dtype; /**< f32 or bf16; rounded to the module's tokens dtype */
  int64_t tokens;
  float *output;         /**< [tokens, hidden], f32 */
  int64_t *topk_indices; /**< [tokens, top_k] logical experts, or NULL */
  float *topk_weights;   /**< [tokens, top_k], or NULL */
} moec_rank_io;
/** Runs one step on all ranks of the session; `io` has one entry a rank. Blocks
 * until every rank is done. After MOEC_INVALID nothing has happened; after any other
 * failure the session runs no further step. A deadlock is MOEC_INTERNAL and names
 * who waits for whom, on which flag, from which line of the .moe file.
 *
 * The outputs of a token depend on that token and the weights alone, to the bit:
 * not on other tokens, ranks, placement or threads. That holds for tokens that are
 * not finite too; a NaN logit is chosen last, indices are always valid. */
MOEC_API moec_status *moec_session_step(moec_session *session, const moec_rank_io *io);

/** What the last step did. Pointers live until the next step. In the matrices the
 * diagonal is what a rank copied to itself. */
typedef struct moec_step_report {
  size_t struct_size;
  uint64_t step;
  double seconds;
  /** The plan's ops on "cpu", the launches of a step elsewhere. */
  const char *const *phase_names;
  const double *phase_seconds; /**< summed over ranks */
  size_t phases;
  const uint64_t *dispatch_bytes; /**< [ranks, ranks], row = source */
  const uint64_t *combine_bytes;  /**< [ranks, ranks], row = the rank that puts */
  const uint64_t *expert_tokens;  /**< [experts] rows computed */
} moec_step_report;
MOEC_API moec_status *moec_session_report(const moec_session *session, moec_step_report *report);

#ifdef __cplusplus
}
#endif
#endif /* MOEC_RUNTIME_H */
