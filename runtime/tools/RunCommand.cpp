//===- RunCommand.cpp - What moe-run and moec run do ----------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/tools/RunCommand.h"

#include "runtime/base/File.h"
#include "runtime/module/Module.h"
#include "runtime/tools/OutputPaths.h"
#include "runtime/tools/Report.h"
#include "runtime/tools/Weights.h"

#include <algorithm>
#include <chrono>
#include <exception>
#include <new>
#include <nlohmann/json.hpp>
#include <ostream>
#include <system_error>
#include <thread>

namespace moec::run {

using namespace rt;

static Status checkOptions(const RunOptions &options, const std::string &module) {
  if (options.weights.empty() && !options.random)
    return invalidError("wanted --weights or --random, found neither");
  if (options.input.empty() && !options.random)
    return invalidError("wanted --input or --random, found neither");
  if (!options.weights.empty() && !options.input.empty() && options.random)
    return invalidError("--random makes what is not given, but --weights and --input are");
  if (!options.input.empty() && options.tokens)
    return invalidError("--tokens is the number of random tokens, but --input is given");
  return checkOutputPaths(options, module);
}

namespace {
/// One run, from the module's bytes to the report.
class Run {
public:
  Run(const RunOptions &options, const Terminal &terminal) : options(options), terminal(terminal) {}

  Status open(std::span<const uint8_t> bytes, const std::string &name);
  Status prepare();
  Status load();
  Status runSteps();
  Status finish();
  /// ": wanted 1.2 GiB of weights, .."; for a run that found no memory.
  std::string memoryNeeds() const;
  RunReport report;

private:
  Status step();
  void note(const moec_step_report &last);

  const RunOptions &options;
  const Terminal &terminal;
  std::optional<Module> module; ///< what the C ABI does not tell: router, plan
  ModuleHandle handle;
  SessionHandle session;
  std::vector<NeededWeight> needed;
  std::unique_ptr<WeightSource> weights;
  Tokens tokens;
  std::optional<ResultsFile> file;
  Results results;
};
} // namespace

Status Run::open(std::span<const uint8_t> bytes, const std::string &name) {
  MOEC_ASSIGN_OR_RETURN(Module read, Module::openMemory(bytes, name));
  module = std::move(read);
  moec_module *opened = nullptr;
  MOEC_RETURN_IF_ERROR(
      take(moec_module_open_memory(bytes.data(), bytes.size(), name.c_str(), &opened)));
  handle.reset(opened);
  report.module = name;
  report.manifest = &module->manifest();
  return {};
}

/// All that can be wrong with the files, before anything takes long.
Status Run::prepare() {
  const Manifest &manifest = module->manifest();
  MOEC_ASSIGN_OR_RETURN(needed, neededWeights(handle.get()));
  MOEC_ASSIGN_OR_RETURN(weights, openWeights(options, manifest, needed));
  MOEC_RETURN_IF_ERROR(checkOutputsAreNoShards(options, *weights, needed));
  MOEC_ASSIGN_OR_RETURN(tokens, readTokens(options, manifest));
  if (!options.output.empty()) {
    MOEC_ASSIGN_OR_RETURN(ResultsFile created,
                          ResultsFile::create(options.output, manifest.layer, tokens.count));
    file.emplace(std::move(created));
  }
  if (!options.saveInput.empty())
    MOEC_RETURN_IF_ERROR(saveTokens(options.saveInput, tokens, manifest.layer.hidden));
  if (!options.saveWeights.empty())
    MOEC_RETURN_IF_ERROR(saveWeights(options.saveWeights, *weights, needed, terminal));
  results.output.resize(tokens.count * manifest.layer.hidden);
  results.indices.resize(tokens.count * manifest.layer.router.topK);
  results.weights.resize(tokens.count * manifest.layer.router.topK);

  report.backend = options.backend;
  report.threads = options.threads.value_or(std::max(1u, std::thread::hardware_concurrency()));
  report.weightsPlace = options.weights.empty() ? weights->placeOf("") : options.weights;
  report.weights = needed.size();
  report.tokensPlace = tokens.place;
  report.tokens = tokens.count;
  report.tokensPerRank = tokens.perRank;
  return {};
}

static double secondsSince(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

Status Run::load() {
  moec_session_options sessionOptions{};
  sessionOptions.struct_size = sizeof(sessionOptions);
  sessionOptions.backend = options.backend.c_str();
  sessionOptions.threads = options.threads.value_or(0);
  sessionOptions.max_tokens_per_rank =
      static_cast<uint32_t>(std::max<int64_t>(1, tokens.perRank[0]));
  sessionOptions.test_seed = options.testSeed;
  moec_session *created = nullptr;
  auto start = std::chrono::steady_clock::now();
  {
    Progress progress(terminal, concat("preparing the ", options.backend, " backend"));
    MOEC_RETURN_IF_ERROR(take(moec_session_create(handle.get(), &sessionOptions, &created)));
  }
  session.reset(created);
  report.prepareSeconds = secondsSince(start);
  start = std::chrono::steady_clock::now();
  WeightLookup lookup(*weights, needed.size(), terminal);
  MOEC_RETURN_IF_ERROR(take(moec_session_load_weights(session.get(), WeightLookup::call, &lookup)));
  report.loadSeconds = secondsSince(start);
  return {};
}

Status Run::step() {
  const Layer &layer = module->manifest().layer;
  size_t bytesPerToken = layer.hidden * bitsOf(tokens.type) / 8, first = 0;
  std::vector<moec_rank_io> io;
  for (int64_t count : tokens.perRank) {
    moec_rank_io rank{};
    rank.input = tokens.bytes.data() + first * bytesPerToken;
    rank.input_dtype = tokens.type == ElementType::BF16 ? MOEC_BF16 : MOEC_F32;
    rank.tokens = count;
    rank.output = results.output.data() + first * layer.hidden;
    rank.topk_indices = results.indices.data() + first * layer.router.topK;
    rank.topk_weights = results.weights.data() + first * layer.router.topK;
    io.push_back(rank);
    first += static_cast<size_t>(count);
  }
  return take(moec_session_step(session.get(), io.data()));
}

/// Adds what the last step says of itself.
void Run::note(const moec_step_report &last) {
  const Manifest &manifest = module->manifest();
  report.stepSeconds.push_back(last.seconds);
  report.phases.resize(last.phases);
  for (size_t i = 0; i < last.phases; ++i) {
    Phase &phase = report.phases[i];
    if (phase.name.empty()) {
      phase.name = last.phase_names[i];
      phase.description = describeOp(module->plan(), phase.name);
    }
    phase.seconds += last.phase_seconds[i];
  }
  size_t cells = size_t(manifest.ranks) * manifest.ranks;
  report.dispatchBytes.assign(last.dispatch_bytes, last.dispatch_bytes + cells);
  report.combineBytes.assign(last.combine_bytes, last.combine_bytes + cells);
  report.expertTokens.assign(last.expert_tokens, last.expert_tokens + manifest.layer.experts);
}

Status Run::runSteps() {
  report.warmupSteps = options.repeat ? 1 : 0;
  uint32_t timed = options.repeat.value_or(1);
  Progress progress(terminal, "running steps");
  progress.update(0, timed);
  for (uint32_t i = 0; i < report.warmupSteps; ++i)
    MOEC_RETURN_IF_ERROR(step());
  for (uint32_t i = 0; i < timed; ++i) {
    MOEC_RETURN_IF_ERROR(step());
    moec_step_report last{};
    last.struct_size = sizeof(last);
    MOEC_RETURN_IF_ERROR(take(moec_session_report(session.get(), &last)));
    note(last);
    progress.update(i + 1, timed);
  }
  for (Phase &phase : report.phases)
    phase.seconds /= timed;
  return {};
}

Status Run::finish() {
  session.reset(); // its copy of the weights is not needed for the check
  if (file) {
    MOEC_RETURN_IF_ERROR(file->commit(results));
    report.output = options.output;
  }
  if (options.check) {
    MOEC_ASSIGN_OR_RETURN(report.check, checkResults(*module, tokens, *weights, results, terminal));
  }
  return {};
}

std::string Run::memoryNeeds() const {
  if (!module)
    return "";
  const Layer &layer = module->manifest().layer;
  double weightBytes = 0;
  for (const NeededWeight &weight : needed) {
    double elements = 1;
    for (uint64_t size : weight.shape)
      elements *= static_cast<double>(size);
    weightBytes += elements * (layer.weightsType == DType::BF16 ? 2 : 4);
  }
  uint64_t resultBytes = tokens.count * (4 * uint64_t(layer.hidden) + 12 * layer.router.topK);
  std::string text = concat(": wanted ", formatBytes(static_cast<uint64_t>(weightBytes)), " for ",
                            needed.size(), " weights");
  if (tokens.count)
    text += concat(", ", formatBytes(tokens.bytes.size() + resultBytes), " for ", tokens.count,
                   " tokens and their results");
  return text + ", and the ranks' buffers";
}

static Status runAll(Run &run, std::span<const uint8_t> bytes, const std::string &name) {
  MOEC_RETURN_IF_ERROR(run.open(bytes, name));
  MOEC_RETURN_IF_ERROR(run.prepare());
  MOEC_RETURN_IF_ERROR(run.load());
  MOEC_RETURN_IF_ERROR(run.runSteps());
  return run.finish();
}

static int fail(const Status &status, const RunOptions &options, const Terminal &terminal) {
  terminal.error << "error: " << status.message() << "\n";
  if (options.json) {
    nlohmann::ordered_json json = {
        {"error", {{"code", status.exitCode()}, {"message", status.message()}}}};
    terminal.out << json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace)
                 << "\n";
  }
  return status.exitCode();
}

/// Says what was asked for where memory ran out, here or behind the C ABI.
static Status withNeeds(const Status &status, const Run &run) {
  if (!status.message().starts_with("out of memory"))
    return status;
  return unsupportedError(status.message(), run.memoryNeeds());
}

int runModule(std::span<const uint8_t> module, const std::string &name, const RunOptions &options,
              const Terminal &terminal) {
  Run run(options, terminal);
  Status status = checkOptions(options, name);
  try {
    if (status.ok())
      status = withNeeds(runAll(run, module, name), run);
    if (!status.ok())
      return fail(status, options, terminal);
  } catch (const std::bad_alloc &) {
    return fail(withNeeds(unsupportedError("out of memory"), run), options, terminal);
  } catch (const std::system_error &error) { // no thread to be had, say
    return fail(unsupportedError("the system refused: ", error.what()), options, terminal);
  } catch (const std::exception &error) {
    return fail(internalError("the run failed: ", error.what()), options, terminal);
  }
  options.json ? printReportAsJson(run.report, terminal) : printReport(run.report, terminal);
  terminal.out.flush();
  if (!terminal.out)
    return fail(invalidError("cannot write the report to standard output"), options, terminal);
  return run.report.check && !run.report.check->passed() ? 1 : 0;
}

int runFile(const std::string &path, const RunOptions &options, const Terminal &terminal) {
  if (Status status = checkOptions(options, path); !status.ok())
    return fail(status, options, terminal);
  Result<MappedFile> file = MappedFile::open(path);
  if (!file)
    return fail(file.status(), options, terminal);
  return runModule(file->bytes(), path, options, terminal);
}

} // namespace moec::run
