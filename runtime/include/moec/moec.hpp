//===- moec.hpp - moec's C ABI as C++ objects -------------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Header only, over runtime.h, whose contract holds here too: one thread at a time
// per object, a session keeps its module alive. What fails throws moec::Error; the
// objects own their handles and can be moved.
//
//   moec::Module module("olmoe.moex");
//   moec::Session session(module);
//   session.loadWeights([&](const std::string &name) { return find(name); });
//   session.step(io); // one moec_rank_io a rank
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_INCLUDE_MOEC_MOEC_HPP
#define MOEC_RUNTIME_INCLUDE_MOEC_MOEC_HPP

#include "moec/runtime.h"

#include <cstddef>
#include <exception>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace moec {

/// A failed call. what() is one line without a final stop.
class Error : public std::runtime_error {
public:
  Error(moec_code code, const std::string &message)
      : std::runtime_error(message), failureCode(code) {}
  /// MOEC_INVALID, MOEC_UNSUPPORTED or MOEC_INTERNAL: the tools' exit codes.
  moec_code code() const { return failureCode; }

private:
  moec_code failureCode;
};

/// Throws what `status` says and releases it; nothing for NULL.
inline void check(moec_status *status) {
  if (!status)
    return;
  Error error(moec_status_code(status), moec_status_message(status));
  moec_status_release(status);
  throw error;
}

class Module {
public:
  explicit Module(const std::string &path) {
    moec_module *opened = nullptr;
    check(moec_module_open(path.c_str(), &opened));
    handle.reset(opened);
  }
  /// Copies the bytes; `name` is used in messages.
  Module(std::span<const std::byte> bytes, const std::string &name) {
    moec_module *opened = nullptr;
    check(moec_module_open_memory(bytes.data(), bytes.size(), name.c_str(), &opened));
    handle.reset(opened);
  }

  /// Its strings live as long as this object.
  moec_layer_info layer() const {
    moec_layer_info info{};
    info.struct_size = sizeof(info);
    check(moec_module_layer(handle.get(), &info));
    return info;
  }
  /// All weights that some rank needs; names live as long as this object.
  std::vector<moec_weight_info> weights() const {
    std::vector<moec_weight_info> infos(moec_module_weight_count(handle.get()));
    for (size_t i = 0; i < infos.size(); ++i) {
      infos[i].struct_size = sizeof(infos[i]);
      check(moec_module_weight(handle.get(), i, &infos[i]));
    }
    return infos;
  }
  moec_module *get() const { return handle.get(); }

private:
  struct Close {
    void operator()(moec_module *module) const { moec_module_close(module); }
  };
  std::unique_ptr<moec_module, Close> handle;
};

class Session {
public:
  struct Options {
    std::string backend = "cpu";
    uint32_t threads = 0;          ///< 0 = every core
    uint32_t maxTokensPerRank = 0; ///< 0 = the module's limit
    uint64_t testSeed = 0;         ///< see moec_session_options
  };

  explicit Session(const Module &module) : Session(module, Options()) {}
  Session(const Module &module, const Options &options) {
    moec_session_options wanted{sizeof(wanted), options.backend.c_str(), options.threads,
                                options.maxTokensPerRank, options.testSeed};
    moec_session *created = nullptr;
    check(moec_session_create(module.get(), &wanted, &created));
    handle.reset(created);
    ranks = module.layer().ranks;
  }

  /// `lookup(const std::string &name)` returns a moec_tensor whose data live until the
  /// next call, or throws; its exception comes out of here.
  template <typename Lookup> void loadWeights(const Lookup &lookup) {
    Bridge<Lookup> bridge{lookup, nullptr};
    moec_status *status = moec_session_load_weights(handle.get(), &Bridge<Lookup>::call, &bridge);
    if (bridge.exception) {
      moec_status_release(status);
      std::rethrow_exception(bridge.exception);
    }
    check(status);
  }

  /// One entry a rank of the module.
  void step(std::span<const moec_rank_io> io) {
    if (io.size() != ranks)
      throw Error(MOEC_INVALID, "step: wanted input and output for " + std::to_string(ranks) +
                                    " ranks, found " + std::to_string(io.size()));
    check(moec_session_step(handle.get(), io.data()));
  }

  /// Of the last step; pointers live until the next.
  moec_step_report report() const {
    moec_step_report report{};
    report.struct_size = sizeof(report);
    check(moec_session_report(handle.get(), &report));
    return report;
  }
  moec_session *get() const { return handle.get(); }

private:
  struct Destroy {
    void operator()(moec_session *session) const { moec_session_destroy(session); }
  };
  /// No exception may cross the C ABI: it is kept here meanwhile.
  template <typename Lookup> struct Bridge {
    const Lookup &lookup;
    std::exception_ptr exception;
    static moec_status *call(void *user, const char *name, moec_tensor *tensor) {
      Bridge *self = static_cast<Bridge *>(user);
      try {
        *tensor = self->lookup(std::string(name));
        return nullptr;
      } catch (...) {
        self->exception = std::current_exception();
        return moec_status_make(MOEC_INVALID, "the lookup failed");
      }
    }
  };
  std::unique_ptr<moec_session, Destroy> handle;
  uint32_t ranks = 0;
};

} // namespace moec

#endif // MOEC_RUNTIME_INCLUDE_MOEC_MOEC_HPP
