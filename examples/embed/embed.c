/* embed.c - A layer inside of another program, in C.
 *
 *   moec compile layer.moe -o layer.moex
 *   cc embed.c -Iruntime/include -Lbuild/lib -lmoec_rt -Wl,-rpath,$PWD/build/lib -lm -o embed
 *   ./embed layer.moex
 *
 * libmoec_cpu.so is loaded at run time: it must lie beside libmoec_rt.so, or in a
 * folder of MOEC_BACKEND_PATH. The header is C99; moec/moec.hpp over it needs C++20.
 */
#include <moec/runtime.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { TOKENS = 3 }; /* a rank */

struct Weights {
  moec_module *module;
  size_t next; /* weights are asked for in the order of moec_module_weight */
  float *values;
};

/* Small numbers that look random; a program of yours reads its checkpoint here. */
static moec_status *lookUp(void *user, const char *name, moec_tensor *tensor) {
  struct Weights *weights = user;
  moec_weight_info info = {.struct_size = sizeof info};
  moec_status *status = moec_module_weight(weights->module, weights->next++, &info);
  if (status)
    return status;
  size_t count = 1;
  tensor->dims = info.dims;
  for (uint32_t i = 0; i < info.dims; ++i)
    count *= (size_t)(tensor->shape[i] = info.shape[i]);
  float *values = realloc(weights->values, count * sizeof *values);
  if (!values)
    return moec_status_make(MOEC_UNSUPPORTED, name);
  float scale = info.role == MOEC_WEIGHT_ROUTER ? 1.0f : 0.1f;
  for (size_t i = 0; i < count; ++i)
    values[i] = scale * sinf((float)(i % 9973) + 10.0f * (float)weights->next);
  tensor->dtype = MOEC_F32;
  tensor->data = weights->values = values; /* until the next call */
  return NULL;
}

static void check(moec_status *status) {
  if (!status)
    return;
  fprintf(stderr, "error: %s\n", moec_status_message(status));
  exit((int)moec_status_code(status));
}

int main(int argc, char **argv) {
  moec_module *module = NULL;
  moec_session *session = NULL;
  moec_layer_info layer = {.struct_size = sizeof layer};
  moec_session_options options = {.struct_size = sizeof options};
  check(moec_module_open(argc > 1 ? argv[1] : "layer.moex", &module));
  check(moec_module_layer(module, &layer));
  check(moec_session_create(module, &options, &session));
  struct Weights weights = {.module = module};
  check(moec_session_load_weights(session, lookUp, &weights));

  size_t perRank = (size_t)TOKENS * layer.hidden, count = perRank * layer.ranks;
  float *input = calloc(count, sizeof *input), *output = calloc(count, sizeof *output);
  moec_rank_io *ranks = calloc(layer.ranks, sizeof *ranks);
  if (!input || !output || !ranks)
    return 1;
  for (size_t i = 0; i < count; ++i)
    input[i] = cosf((float)i);
  for (uint32_t r = 0; r < layer.ranks; ++r)
    ranks[r] = (moec_rank_io){.input = input + r * perRank,
                              .input_dtype = MOEC_F32,
                              .tokens = TOKENS,
                              .output = output + r * perRank};
  check(moec_session_step(session, ranks));

  double sum = 0;
  for (size_t i = 0; i < count; ++i)
    sum += fabs((double)output[i]);
  printf("layer %s on %u ranks, %zu weights: checksum %.6g\n", layer.name, layer.ranks,
         moec_module_weight_count(module), sum);
  moec_session_destroy(session);
  moec_module_close(module);
  free(weights.values), free(input), free(output), free(ranks);
  return 0;
}
