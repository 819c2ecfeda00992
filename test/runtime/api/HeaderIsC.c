/*===- HeaderIsC.c - runtime.h is a C header -------------------------------===
 *
 * Part of moec, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *===----------------------------------------------------------------------===*/
#include "moec/runtime.h"

/* A use from C, compiled and not run. */
moec_status *moec_header_is_c(const moec_rank_io *io) {
  moec_module *module = NULL;
  moec_session *session = NULL;
  moec_session_options options = {sizeof(moec_session_options), NULL, 0, 0, 0};
  moec_status *status = moec_module_open("layer.moex", &module);
  if (!status)
    status = moec_session_create(module, &options, &session);
  if (!status)
    status = moec_session_step(session, io);
  moec_session_destroy(session);
  moec_module_close(module);
  return status;
}
