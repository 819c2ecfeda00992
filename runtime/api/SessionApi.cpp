//===- SessionApi.cpp - Sessions across the C ABI --------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/api/Handles.h"

using namespace moec;
using namespace moec::rt;

static Result<moec_session_options> optionsOf(const moec_session_options *given) {
  if (!given)
    return moec_session_options{};
  return readStruct(given, "moec_session_options");
}

moec_status *moec_session_create(moec_module *module, const moec_session_options *options,
                                 moec_session **session) {
  return guarded([&]() -> Status {
    MOEC_RETURN_IF_ERROR(wantPointer(module, "module"));
    MOEC_RETURN_IF_ERROR(wantPointer(session, "session"));
    MOEC_ASSIGN_OR_RETURN(moec_session_options wanted, optionsOf(options));
    MOEC_ASSIGN_OR_RETURN(Backend * backend, loadBackend(wanted.backend ? wanted.backend : "cpu"));
    const Module &file = module->state->module;
    MOEC_ASSIGN_OR_RETURN(
        std::unique_ptr<BackendSession> made,
        backend->createSession({file.manifest(), file.plan(), file.kernels()},
                               {wanted.threads, wanted.max_tokens_per_rank, wanted.test_seed}));
    auto handle = std::make_unique<moec_session>();
    handle->state = module->state;
    handle->session = std::move(made);
    for (const std::string &name : handle->session->report().phaseNames)
      handle->phaseNames.push_back(name.c_str());
    *session = handle.release();
    return Status();
  });
}

void moec_session_destroy(moec_session *session) { delete session; }

moec_status *moec_session_load_weights(moec_session *session, moec_weight_lookup lookup,
                                       void *user) {
  return guarded([&]() -> Status {
    MOEC_RETURN_IF_ERROR(wantPointer(session, "session"));
    if (!lookup)
      return invalidError("lookup: wanted a function, found null");
    return session->session->loadWeights([&](const std::string &name, moec_tensor &tensor) {
      return adopt(lookup(user, name.c_str(), &tensor));
    });
  });
}

moec_status *moec_session_step(moec_session *session, const moec_rank_io *io) {
  return guarded([&]() -> Status {
    MOEC_RETURN_IF_ERROR(wantPointer(session, "session"));
    MOEC_RETURN_IF_ERROR(wantPointer(io, "io"));
    return session->session->step({io, session->state->module.plan().ranks});
  });
}

moec_status *moec_session_report(const moec_session *session, moec_step_report *report) {
  return guarded([&]() -> Status {
    MOEC_RETURN_IF_ERROR(wantPointer(session, "session"));
    const StepReport &last = session->session->report();
    if (last.step == 0)
      return invalidError("report: wanted a step before, found none");
    moec_step_report ours{};
    ours.step = last.step;
    ours.seconds = last.seconds;
    ours.phase_names = session->phaseNames.data();
    ours.phase_seconds = last.phaseSeconds.data();
    ours.phases = session->phaseNames.size();
    ours.dispatch_bytes = last.dispatchBytes.data();
    ours.combine_bytes = last.combineBytes.data();
    ours.expert_tokens = last.expertTokens.data();
    return writeStruct(ours, report, "moec_step_report");
  });
}
