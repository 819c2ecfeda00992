//===- CompileKernels.cpp - Every kernel of a module, side by side --------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// MLIR's part runs here, one kernel after the other, since the context may be one
// without locks; it is a small part of the time. Long kernels go first. As soon as a
// kernel is LLVM IR, in a context of its own, a worker takes it. Workers report by
// value; diagnostics are made at the end, in the order of the kernels.
//===----------------------------------------------------------------------===//

#include "codegen/nvptx/Assemble.h"
#include "codegen/nvptx/EmitPtx.h"
#include "codegen/nvptx/KernelModule.h"
#include "codegen/nvptx/Nvptx.h"
#include "codegen/nvptx/PtxasLog.h"
#include "codegen/nvptx/lint/Lint.h"
#include "dialects/tile/TileOps.h"

#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/NVVM/NVVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/ThreadPool.h"

#include <chrono>

namespace moec::codegen {
using namespace mlir;

void registerNvptxTranslations(DialectRegistry &registry) {
  registerBuiltinDialectTranslation(registry);
  registerLLVMDialectTranslation(registry);
  registerNVVMDialectTranslation(registry);
}

namespace {

/// Adds the wall time of its life to `seconds`.
class Stopwatch {
public:
  explicit Stopwatch(double &seconds) : seconds(seconds) {}
  ~Stopwatch() {
    seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  }

private:
  double &seconds;
  std::chrono::steady_clock::time_point start = std::chrono::steady_clock::now();
};

/// One kernel on its way. The module is declared after its context.
struct Job {
  LLVM::LLVMFuncOp kernel;
  unsigned share = 0; ///< registers a thread that it deals out by setmaxnreg; 0: it does not
  llvm::LLVMContext context;
  std::unique_ptr<llvm::Module> module;
  AlignedCounts aligned{};
  CompiledKernel result;
  bool leftAsPtx = false;        ///< the assembler does not understand it
  std::vector<Finding> findings; ///< of the lint
  std::vector<std::string> errors;
  std::string noAssembler; ///< why the assembler does not run; no fault of the kernel
  std::vector<std::string> warnings;
};

} // namespace

/// What the roles of a kernel share out: the registers of a thread at launch. With fewer of
/// them the CTA's pool is too small, and the roles that ask for more wait for ever (PTX ISA,
/// setmaxnreg).
static unsigned findShare(LLVM::LLVMFuncOp kernel) {
  auto threads = kernel->getAttrOfType<DenseI32ArrayAttr>("nvvm.reqntid");
  bool deals =
      kernel.walk([](NVVM::SetMaxRegisterOp) { return WalkResult::interrupt(); }).wasInterrupted();
  return deals && threads ? tile::getRegistersPerThread(threads[0]) : 0;
}

/// MLIR's part. False after a diagnostic.
static bool translate(Job &job) {
  Stopwatch watch(job.result.seconds.translate);
  job.result.name = job.kernel.getName().str();
  job.share = findShare(job.kernel);
  OwningOpRef<ModuleOp> module = isolateKernel(job.kernel);
  if (!module)
    return false;
  job.module = translateModuleToLLVMIR(*module, job.context, job.result.name);
  return job.module != nullptr;
}

/// What an assembly says of itself, against the rules.
static void judgeAssembly(Job &job, const PtxasReport &report, const NvptxOptions &options) {
  CompiledKernel &kernel = job.result;
  kernel.registers = report.registers;
  kernel.barriers = report.barriers;
  kernel.stackBytes = report.stackBytes;
  kernel.sharedStatic = report.sharedBytes;
  kernel.spillBytes = report.spillStoreBytes + report.spillLoadBytes;
  std::vector<std::string> found = report.remarks;
  if (kernel.spillBytes && options.mindSpills)
    found.push_back(rt::concat("spills: ", report.spillStoreBytes, " bytes of stores, ",
                               report.spillLoadBytes, " bytes of loads"));
  if (job.share && report.registers != job.share)
    found.push_back(rt::concat("wanted ", job.share,
                               " registers a thread, of which setmaxnreg "
                               "deals out, found ",
                               report.registers));
  for (std::string &text : found)
    (options.strict ? job.errors : job.warnings).push_back(std::move(text));
}

static void assemble(Job &job, const ChosenAssembler &assembler, const NvptxOptions &options) {
  Stopwatch watch(job.result.seconds.assemble);
  auto made = assembler.assemble(job.result.ptx, options.arch);
  if (!made.ok()) {
    bool isOurs = made.status().code() == rt::Code::Internal;
    if (isOurs)
      job.errors.push_back(made.status().message());
    else
      job.noAssembler = made.status().message();
    return;
  }
  job.result.cubin = std::move(made->cubin);
  job.result.log = std::move(made->log);
  job.result.codeBytes = codeBytes(job.result.cubin, job.result.name);
  judgeAssembly(job, parsePtxasLog(job.result.log), options);
}

static void lint(Job &job) {
  Stopwatch watch(job.result.seconds.lint);
  auto findings = lintPtx(job.result.ptx, {.aligned = job.aligned});
  if (findings.ok())
    job.findings = std::move(*findings);
  else
    job.errors.push_back(findings.status().message());
}

/// How long it will take, roughly and without unit: to ptxas every operand of wgmma,
/// a register each, is a value to place.
static size_t estimateWork(LLVM::LLVMFuncOp kernel) {
  size_t work = 0;
  kernel.walk([&](Operation *op) { work += 1 + op->getNumOperands(); });
  return work;
}

/// The kernels, longest work first: a long one that begins last would run alone.
static std::vector<Job *> sortByWork(const std::vector<std::unique_ptr<Job>> &jobs) {
  std::vector<std::pair<size_t, Job *>> order;
  for (const std::unique_ptr<Job> &job : jobs)
    order.emplace_back(estimateWork(job->kernel), job.get());
  llvm::stable_sort(order, [](const auto &a, const auto &b) { return a.first > b.first; });
  std::vector<Job *> sorted;
  for (auto &[work, job] : order)
    sorted.push_back(job);
  return sorted;
}

/// A worker's part.
static void finish(Job &job, const ChosenAssembler &assembler, const NvptxOptions &options) {
  auto emitter = PtxEmitter::create(options.arch);
  if (!emitter.ok()) {
    job.errors.push_back(emitter.status().message());
    return;
  }
  {
    Stopwatch watch(job.result.seconds.optimize);
    job.aligned = protectModule(*job.module);
    if (rt::Status status = emitter->optimize(*job.module); !status.ok()) {
      job.errors.push_back(status.message());
      return;
    }
    hoistBarrierAddresses(*job.module);
  }
  {
    Stopwatch watch(job.result.seconds.emit);
    auto ptx = emitter->emit(*job.module);
    if (!ptx.ok()) {
      job.errors.push_back(ptx.status().message());
      return;
    }
    job.result.ptx = std::move(*ptx);
    job.module.reset();
  }
  if (options.lint)
    lint(job);
  job.leftAsPtx = assembler.exists() && !assembler.understands(job.result.ptx);
  if (assembler.exists() && !job.leftAsPtx)
    assemble(job, assembler, options);
}

/// Says once what no job can: that nvJitLink was not up to some. False if it was insisted on.
static bool reportLeft(ModuleOp module, const std::vector<std::unique_ptr<Job>> &jobs,
                       const NvptxOptions &options) {
  size_t left = llvm::count_if(jobs, [](const auto &job) { return job->leftAsPtx; });
  if (left == 0)
    return true;
  bool insisted = options.assembler == Assembler::NvJitLink;
  auto diagnostic =
      insisted ? emitError(module.getLoc()) << "unsupported here: " : emitWarning(module.getLoc());
  diagnostic << "libnvJitLink.so ignores the registers that roles of kernels ask for (setmaxnreg), "
             << left << " kernels have such roles";
  if (!insisted)
    diagnostic << ": they are left as PTX, and the driver will assemble them when they are loaded";
  return !insisted;
}

/// Says once what no job can: that there is an assembler which does not run.
static bool reportNoAssembler(ModuleOp module, const std::vector<std::unique_ptr<Job>> &jobs) {
  auto hasNone = [](const auto &job) { return !job->noAssembler.empty(); };
  auto job = llvm::find_if(jobs, hasNone);
  if (job == jobs.end())
    return true;
  emitError(module.getLoc()) << (*job)->noAssembler;
  return false;
}

/// The diagnostics of a job. False if there are errors among them.
static bool report(Job &job) {
  for (const std::string &text : job.warnings)
    emitWarning(job.kernel.getLoc()) << "kernel '" << job.result.name << "': " << text;
  for (const std::string &text : job.errors)
    emitError(job.kernel.getLoc())
        << "internal error: kernel '" << job.result.name << "': " << text;
  for (const Finding &finding : job.findings) {
    Location place = job.kernel.getLoc();
    if (finding.sourceLine != 0)
      place = FileLineColLoc::get(place.getContext(), finding.sourceFile, finding.sourceLine,
                                  finding.sourceColumn);
    emitError(place) << "internal error: kernel '" << job.result.name << "': " << finding.rule
                     << ": " << finding.message;
  }
  return job.errors.empty() && job.findings.empty();
}

FailureOr<std::vector<CompiledKernel>> compileKernels(ModuleOp module,
                                                      const NvptxOptions &options) {
  if (options.arch != "sm_90a")
    return emitError(module.getLoc())
           << "unsupported here: kernels for " << options.arch << ", wanted sm_90a";
  auto assembler = ChosenAssembler::choose(options);
  if (!assembler.ok())
    return emitError(module.getLoc()) << "unsupported here: " << assembler.status().message();
  if (!assembler->exists() && options.assembler == Assembler::Any)
    emitWarning(module.getLoc())
        << "neither ptxas nor libnvJitLink.so was found: the kernels are left as "
           "PTX, and the driver will assemble them when they are loaded";

  std::vector<std::unique_ptr<Job>> jobs;
  llvm::DefaultThreadPool pool(llvm::hardware_concurrency(options.threads));
  bool failed = false;
  for (LLVM::LLVMFuncOp kernel : kernelsOf(module))
    jobs.emplace_back(std::make_unique<Job>())->kernel = kernel;
  for (Job *job : sortByWork(jobs))
    if (translate(*job))
      pool.async([job, &assembler, &options] { finish(*job, *assembler, options); });
    else
      failed = true; // and go on: the errors of all kernels are wanted
  if (options.meanwhile)
    options.meanwhile();
  pool.wait();

  failed |= !reportLeft(module, jobs, options) || !reportNoAssembler(module, jobs);
  std::vector<CompiledKernel> kernels;
  for (std::unique_ptr<Job> &job : jobs) {
    failed |= !report(*job);
    kernels.push_back(std::move(job->result));
  }
  if (failed)
    return failure();
  return kernels;
}

} // namespace moec::codegen
