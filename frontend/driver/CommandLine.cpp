//===- CommandLine.cpp - The syntax of moec's command line ----------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The only file of the driver that includes CLI11 (with OptionChecks.h and UsageError.h,
// parts of it): it costs four seconds.
//===----------------------------------------------------------------------===//

#include "frontend/driver/Commands.h"
#include "frontend/driver/Console.h"
#include "frontend/driver/OptionChecks.h"
#include "frontend/driver/UsageError.h"
#include "runtime/base/Text.h"
#include "runtime/formats/Export.h"
#include "runtime/tools/RunCommand.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <functional>

namespace moec::driver {
namespace {

/// A module is told by its name: a broken one must not be read as source.
bool isModule(const std::string &path) { return path.ends_with(".moex"); }

/// The subcommands, each with its options and what runs when it is named.
class CommandLine {
public:
  CommandLine() : app("Compile Mixture-of-Experts layers ahead of time.", "moec") {
    app.set_version_flag("--version", "moec " MOEC_VERSION);
    app.require_subcommand(1);
    app.footer("Example: moec import hf config.json -o layer.moe && moec run layer.moe --random 1\n"
               "Exit codes: 0 done, 1 the input is wrong, 2 unsupported here, 70 our bug.");
    addImport();
    addCheck();
    addFmt();
    addExplain();
    addCompile();
    addPlace();
    addInspect();
    addPlan();
    addDiff();
    addSimulate();
    addVerify();
    addBound();
    addTopo();
    addSweep();
    addWhatIf();
    addRun();
  }

  int run(int argc, char **argv) {
    std::vector<std::string> words(argv + 1, argv + argc);
    try {
      app.parse(argc, argv);
      run::refuseEmpty(words);
    } catch (const CLI::Success &request) { // --help and --version
      return app.exit(request);
    } catch (const CLI::ParseError &error) {
      bool json = std::find(words.begin(), words.end(), "--json") != words.end();
      return showFailure(rt::invalidError(describeUsageError(app, error, words)), json);
    }
    return chosen();
  }

private:
  CLI::App *add(const char *name, const char *what, const char *example, std::function<int()> body,
                CLI::App *parent = nullptr) {
    CLI::App *command = (parent ? parent : &app)->add_subcommand(name, what);
    command->footer(std::string("Example: ") + example);
    command->callback([this, body = std::move(body)] { chosen = body; });
    return command;
  }

  void addImport() {
    CLI::App *importing = app.add_subcommand("import", "Make a .moe file from another format");
    importing->require_subcommand(1);
    CLI::App *hf = add(
        "hf", "From a Hugging Face config.json",
        "moec import hf config.json --layer 3 -o layer.moe", [this] { return runImport(import); },
        importing);
    hf->add_option("config", import.config, "config.json of the model")->required();
    hf->add_option("--layer", import.layer, "Number of the layer (default: the first MoE layer)");
    hf->add_option("-o,--output", import.output, "The .moe file (default: standard output)");
    hf->add_flag("--json", import.json, "Diagnostics as JSON");
    CLI::App *traffic = add(
        "traffic", "Bytes between ranks from traces or a matrix of nccl-tests",
        "moec import traffic trace.et -o traffic.csv",
        [this] { return runImportTraffic(importTraffic); }, importing);
    traffic
        ->add_option("file", importTraffic.input,
                     "Chakra traces (PREFIX.et: PREFIX.0.et, PREFIX.1.et ..), else a\n"
                     "matrix of bytes, row = source")
        ->required();
    traffic->add_option("-o,--output", importTraffic.output,
                        "The CSV file (default: standard output)");
    traffic->add_flag("--json", importTraffic.json, "Diagnostics as JSON");
  }

  void addCheck() {
    CLI::App *command =
        add("check", "Report everything that is wrong with a file",
            "moec check layer.moe --emit=json -o layer.json", [this] { return runCheck(check); });
    command->add_option("input", check.input, ".moe file, or its JSON form")->required();
    command->add_option("--ranks", check.ranks, "Check for this many ranks instead of the mesh's")
        ->check(whole(1, 65535));
    command->add_option("--emit", check.emit, "Print another form of the file: json")
        ->check(oneOf({"json"}));
    command->add_option("-o,--output", check.output,
                        "Where --emit writes (default: standard output)");
    command->add_flag("--json", check.json, "Diagnostics as JSON");
  }

  void addFmt() {
    CLI::App *command = add("fmt", "Rewrite files in the canonical form", "moec fmt layer.moe",
                            [this] { return runFmt(fmt); });
    command->add_option("inputs", fmt.inputs, ".moe files")->required();
    command->add_flag("--check", fmt.check, "Change nothing; exit 1 when a file would change");
    command->add_flag("--stdout", fmt.toStdout, "Print instead of rewriting");
    command->add_flag("--json", fmt.json, "Diagnostics as JSON");
  }

  void addExplain() {
    CLI::App *command = add("explain", "Explain a diagnostic", "moec explain MOE0412",
                            [this] { return runExplain(explain); });
    command->add_option("id", explain.id, "Id of the diagnostic (default: list all)");
    command->add_flag("--json", explain.json, "As JSON");
  }

  void addCompile() {
    CLI::App *command = add("compile", "Compile a layer to a module",
                            "moec compile layer.moe --ranks 8 -o layer.moex",
                            [this] { return runCompile(compile); });
    command->add_option("input", compile.input, ".moe file, or IR with --from")->required();
    command->add_option("-o,--output", compile.output,
                        "The module (default: the input's path with .moex), or the IR of\n"
                        "--emit (default: standard output)");
    command->add_option("--ranks", compile.ranks, "Number of GPUs instead of the mesh's")
        ->check(whole(1, 65535));
    command->add_option("--emit", compile.emit,
                        "Stop after this phase and print its IR: import, check, place,\n"
                        "distribute, schedule, form-kernels, lower, emit (default)");
    command->add_option("--from", compile.from, "The input is IR that this phase printed");
    addPlanFile(command, compile.plan);
    command
        ->add_option("--target", compile.target,
                     "What the module holds kernels for: sm_90a, or cpu (default)\n"
                     "for the plan alone; a list is separated by commas")
        ->check([](const std::string &targets) {
          return targets.empty() ? "wanted cpu or sm_90a, found ''" : "";
        });
    command->add_flag("--timing", compile.timing, "Print where the time goes");
    command->add_flag("--json", compile.json, "Summary and diagnostics as JSON");
  }

  void addPlace() {
    CLI::App *command = add("place", "Place experts by how often each is chosen, in modelled time",
                            "moec place layer.moe --load counts.csv --replicas 8 -o placed.moe",
                            [this] { return runPlace(place); });
    command->add_option("input", place.input, ".moe file")->required();
    command->add_option("--load", place.loads,
                        "Counts or traces of experts as --traffic takes them: a file, or\n"
                        "lognormal:SIGMA:SEED, ..; several are several periods (default: the\n"
                        "file's own `auto load`)");
    command->add_option("--layer", place.layer, "Number of the layer in files that hold several");
    command->add_option("--from", place.from,
                        "What is in force, a map (EPLB, SGLang) or .moe: moves from it cost, and\n"
                        "without --slots and --replicas there will be as many copies");
    command->add_option("-o,--output", place.output,
                        "The placement, as a .moe file that compiles (default: standard output)");
    command->add_option("--export", place.exportForm, "Write a map instead: eplb, sglang")
        ->check(oneOf({"eplb", "sglang"}));
    command->add_option("--slots", place.slots, "Experts that a GPU has room for")
        ->check(whole(1, 65536));
    command->add_option("--replicas", place.replicas, "Copies beyond one of each expert")
        ->check(whole(0, 1048576));
    command->add_option("--at-most", place.most, "Copies of one expert")->check(whole(1, 65536));
    command->add_flag("--keep-groups", place.keepGroups,
                      "A router's group of experts stays on one node");
    command->add_option("--tokens", place.tokens, "Tokens of a GPU in a step")
        ->check(whole(1, 16777216));
    command->add_option("--steps", place.steps, "Steps until experts are placed again")
        ->check(between(1, 1e12, "from 1 to 1e12"))
        ->capture_default_str();
    command->add_option("--ranks", place.ranks, "Number of GPUs instead of the mesh's")
        ->check(whole(1, 65535));
    command->add_flag("--json", place.json, "Figures and diagnostics as JSON");
  }

  void addInspect() {
    CLI::App *command = add("inspect", "Show what is in a module", "moec inspect layer.moex",
                            [this] { return runInspect(inspect); });
    command->add_option("module", inspect.module, ".moex file")->required();
    CLI::Option *kernels =
        command->add_flag("--kernels", inspect.kernels, "The generated kernels alone");
    CLI::Option *ptx = command->add_flag("--ptx", inspect.ptx, "Their PTX");
    CLI::Option *sass =
        command->add_flag("--sass", inspect.sass, "Their machine code (nvdisasm)")->excludes(ptx);
    CLI::Option *kernel = command->add_option("--kernel", inspect.kernel, "Of this kernel alone");
    command
        ->add_option("--extract", inspect.extract,
                     "Write every part of the module into this folder, which must be new")
        ->type_name("FOLDER")
        ->excludes(kernels)
        ->excludes(ptx)
        ->excludes(sass)
        ->excludes(kernel);
    command->add_flag("--json", inspect.json, "As JSON");
  }

  void addPlan() {
    CLI::App *command = add("plan", "Show what a layer's plan moves, export it to other tools",
                            "moec plan layer.moe --traffic uniform --export goal -o layer.goal",
                            [this] { return runPlan(plan); });
    command->add_option("input", plan.input, ".moe file or .moex module")->required();
    command->add_option("--ranks", plan.ranks, "Number of GPUs instead of the mesh's (source only)")
        ->check(whole(1, 65535));
    command->add_option("--traffic", plan.traffic,
                        "As of simulate (uniform, zipf:A:SEED, a file ..), or Chakra\n"
                        "traces (PREFIX.et) of what the dispatch moves (default: uniform)");
    plan.traffic.clear(); // nobody has said it yet
    addTrafficLayer(command, plan.trafficLayer);
    command
        ->add_option("--tokens", plan.tokens,
                     "Tokens a rank, where traffic does not say (default: the layer's\n"
                     "limit, or 4096)")
        ->check(whole(1, 1u << 24));
    command->add_option("--algorithm", plan.algorithm,
                        "In place of the schedule block's (source only): staggered, two_tier,\n"
                        "staged, multicast, birkhoff, or auto: costs all that fit, for --traffic\n"
                        "or for no to severe skew, and takes the best. Chunks, spray and pipeline\n"
                        "of the block go with its algorithm");
    std::vector<std::string_view> formats = formats::allFormatNames();
    CLI::Option *format =
        command
            ->add_option("--export", plan.format,
                         "Write the plan for another tool: " + frontend::listOf(formats))
            ->check(oneOf(formats));
    command
        ->add_option("--phase", plan.phase,
                     "What to export: step (default of chakra and goal), dispatch\n"
                     "(default of the others) or combine")
        ->check(oneOf({"step", "dispatch", "combine"}))
        ->needs(format);
    command
        ->add_option("-o,--output", plan.output,
                     "The exported file, of chakra the prefix of PREFIX.RANK.et")
        ->needs(format);
    command
        ->add_option("--report", plan.report,
                     "Write a page about the plan: timeline, links, traffic, bound, other\n"
                     "schedules; one HTML file that needs no other")
        ->type_name("FILE");
    addMachine(command, plan.machine);
    command->add_flag("--json", plan.json, "Summary and diagnostics as JSON");
  }

  void addDiff() {
    CLI::App *command = add("diff", "Compare two modules field by field", "moec diff a.moex b.moex",
                            [this] { return runDiff(diff); });
    command->add_option("left", diff.left, ".moex file")->required();
    command->add_option("right", diff.right, ".moex file")->required();
    command->add_flag("--json", diff.json, "As JSON");
  }

  void addSimulate() {
    CLI::App *command =
        add("simulate", "Tell how long a step takes on a machine, and what limits it",
            "moec simulate layer.moex --traffic lognormal:0.6:1 --trace out.json",
            [this] { return runSimulate(simulate); });
    command
        ->add_option("input", simulate.input,
                     ".moex module, .moe source, or .mlir with a plan of phase schedule")
        ->required();
    command
        ->add_option("--traffic", simulate.traffic,
                     "uniform, lognormal:SIGMA:SEED, zipf:A:SEED, or a file: loads of\n"
                     "experts, a trace, or bytes by source and destination")
        ->capture_default_str();
    addMachine(command, simulate.machine);
    command
        ->add_option("--tokens", simulate.tokens,
                     "Tokens of each rank (default: the most that the input allows, or 4096)")
        ->check(whole(0, 1u << 24));
    addTrafficLayer(command, simulate.layer);
    command->add_option("--steps", simulate.steps, "Steps, one after the other")
        ->check(whole(1, 1000))
        ->capture_default_str();
    command->add_flag("--rates-by-size", simulate.ratesBySize,
                      "Transfers that meet share in proportion to their sizes");
    command
        ->add_option("--kernel-times", simulate.kernelTimes,
                     "Measured ones, lines task,rows,seconds (default: a roofline)")
        ->type_name("FILE");
    command->add_option("--trace", simulate.trace, "Write a trace for ui.perfetto.dev")
        ->type_name("FILE");
    command->add_flag("--json", simulate.json, "As JSON");
  }

  void addVerify() {
    CLI::App *command =
        add("verify", "Prove that a plan neither hangs, races nor loses a row",
            "moec verify layer.moex --all-counts-upto 2", [this] { return runVerify(verify); });
    command
        ->add_option("input", verify.input,
                     ".moex module, .moe source, or .mlir with plans of phase schedule")
        ->required();
    command
        ->add_option("--max-ranks", verify.maxRanks,
                     "Judge plans of more ranks for fewer: for 3, or for 2 or 3 of their\n"
                     "nodes (default: their own as far as tasks can be held). Tasks grow with\n"
                     "the square of ranks and with chunks; a million take a minute and 5 GB")
        ->check(whole(3, 65535));
    command
        ->add_option("--all-counts-upto", verify.allCountsUpTo,
                     "Run the plan too, on few ranks or one node, with all counts of tokens up\n"
                     "to this, or a thousand of them, and stores that land late: minutes for a\n"
                     "node of 8")
        ->check(whole(1, 64));
    command->add_option("--traffic", verify.traffic,
                        "Or on its own ranks, with counts that have this shape: see\n"
                        "moec simulate --help");
    addTrafficLayer(command, verify.trafficLayer);
    command->add_flag("--json", verify.json, "As JSON");
  }

  void addBound() {
    CLI::App *command = add("bound", "Tell what no schedule can beat on a machine, and why",
                            "moec bound --machine hgx-h100 --ranks 8 --traffic bytes.csv --json",
                            [this] { return runBound(bound); });
    addMachine(command, bound.machine);
    command
        ->add_option("--ranks", bound.ranks,
                     "Number of GPUs (default: those of the matrix, or of the layer)")
        ->check(whole(1, 65535));
    command
        ->add_option("--traffic", bound.traffic,
                     "Bytes by source and destination, as CSV or for nccl-tests; with a\n"
                     "layer also uniform, lognormal:SIGMA:SEED, zipf:A:SEED, loads of experts\n"
                     "or a trace")
        ->capture_default_str();
    CLI::Option *layer = command->add_option("--layer", bound.layer,
                                             "Dispatch, experts and combine of this .moe or .moex");
    command
        ->add_option("--tokens", bound.tokens,
                     "Tokens of each rank (default: the most that the layer allows, or 4096)")
        ->check(whole(0, 1u << 24))
        ->needs(layer);
    command
        ->add_option("--traffic-layer", bound.trafficLayer,
                     "Layer of a traffic file that has several")
        ->needs(layer);
    command
        ->add_option("--copies", bound.copies,
                     "What a token needs to send: one of a slot (rows), of a rank (ranks), or\n"
                     "of a rank and between nodes of a node (nodes)")
        ->check(oneOf({"rows", "ranks", "nodes"}))
        ->needs(layer)
        ->capture_default_str();
    command->add_flag("--json", bound.json, "As JSON");
  }

  void addTopo() {
    CLI::App *command =
        add("topo", "Show a machine, draw it, or read one from NCCL or nvidia-smi",
            "moec topo --from-smi topo.txt -o box.moe", [this] { return runTopo(topo); });
    CLI::Option *machine = command->add_option(
        "machine", topo.machine, "A machine that comes with moec, or a .moe file with one");
    CLI::Option *nccl =
        command->add_option("--from-nccl", topo.nccl, "NCCL's topology, of NCCL_TOPO_DUMP_FILE")
            ->type_name("XML")
            ->excludes(machine);
    command->add_option("--from-smi", topo.smi, "What `nvidia-smi topo -m` prints")
        ->type_name("TEXT")
        ->excludes(machine)
        ->excludes(nccl);
    command->add_option("-o,--output", topo.output, "Write the machine as a .moe file")
        ->type_name("FILE");
    command->add_option("--svg", topo.svg, "Draw it into this file")->type_name("FILE");
    command->add_flag("--json", topo.json, "As JSON");
  }

  void addSweep() {
    CLI::App *command =
        add("sweep", "Simulate every combination of sizes, traffic, machines and schedules",
            "moec sweep layer.moe --tokens 128,4096 --ranks 8,16 --machine hgx-h100,pcie5-8gpu",
            [this] { return runSweep(sweep); });
    command->add_option("input", sweep.input, ".moe file")->required();
    addList(command, "--machine", sweep.machines,
            "Machines that come with moec, or files: ranks fill their nodes\n"
            "(default: the input's, nodes as its mesh has them)");
    addList(command, "--ranks", sweep.ranks, "Numbers of GPUs (default: the mesh's)")
        ->check(whole(1, 65535));
    addList(command, "--tokens", sweep.tokens,
            "Tokens of each rank (default: the most that the input allows, or 4096)")
        ->check(whole(1, 1u << 24));
    addList(command, "--traffic", sweep.traffics,
            "As of simulate; traces and matrices bring their own tokens")
        ->capture_default_str();
    addTrafficLayer(command, sweep.trafficLayer);
    addList(command, "--algorithm", sweep.algorithms,
            "Algorithms of the schedule block in place of the input's, with more\n"
            "statements behind them if they have any: 'staggered; window 0'. Chunks,\n"
            "spray and pipeline of the input go with its algorithm");
    addList(command, "--combine", sweep.combines, "Its `combine`: rows, partial, switch");
    command->add_flag("--phases", sweep.phases,
                      "Dispatch and combine by themselves too, without kernels, over what no\n"
                      "schedule can beat");
    command->add_option("--format", sweep.format, "md, csv or jsonl")
        ->check(oneOf({"md", "csv", "jsonl"}))
        ->capture_default_str();
    command->add_option("-o,--output", sweep.output, "The table (default: standard output)");
    command->add_option("-j,--threads", sweep.threads, "Threads (default: one for each core)")
        ->check(whole(1, 1024));
  }

  void addWhatIf() {
    CLI::App *command =
        add("whatif", "Tell what the links of other machines are worth to a layer",
            "moec whatif layer.moe --machines hgx-h200,gb200-nvl72 --tokens 32,4096",
            [this] { return runWhatIf(whatIf); });
    command->add_option("input", whatIf.input, ".moe file")->required();
    addList(command, "--machines", whatIf.machines,
            "Machines that come with moec, or files: ranks fill their nodes; factors\n"
            "are over the first that has a step")
        ->required();
    command->add_option("--ranks", whatIf.ranks, "GPUs on each of them (default: the mesh's)")
        ->check(whole(1, 65535));
    addList(command, "--tokens", whatIf.tokens,
            "Tokens of each rank (default: 32,4096, or up to the most that the\n"
            "input allows)")
        ->check(whole(1, 1u << 24));
    addList(command, "--traffic", whatIf.traffics, "As of sweep")->capture_default_str();
    addTrafficLayer(command, whatIf.trafficLayer);
    addList(command, "--algorithm", whatIf.algorithms,
            "Algorithms to choose from: each machine takes its fastest")
        ->capture_default_str();
    addList(command, "--combine", whatIf.combines, "The same of `combine`")->capture_default_str();
    command
        ->add_option("--rest", whatIf.restMicroseconds,
                     "Microseconds of a layer that are neither links nor this layer's\n"
                     "kernels (attention), on every machine")
        ->check(between(0, 1e9, "from 0 to 1e9"))
        ->capture_default_str();
    command->add_option("-j,--threads", whatIf.threads, "Threads (default: one for each core)")
        ->check(whole(1, 1024));
    command->add_flag("--json", whatIf.json, "As JSON");
  }

  /// One rule for all commands: see README.md here.
  void addMachine(CLI::App *command, std::string &machine) {
    command->add_option("--machine", machine,
                        "A machine that comes with moec, or a file: ranks fill its nodes, where\n"
                        "no module has a plan for others (default: the input's, nodes as its\n"
                        "mesh has them)");
  }

  void addTrafficLayer(CLI::App *command, std::optional<uint32_t> &layer) {
    command->add_option("--layer", layer, "Layer of a traffic file that has several");
  }

  /// An option whose values stand at commas.
  template <typename T>
  CLI::Option *addList(CLI::App *command, const char *name, std::vector<T> &values,
                       const char *what) {
    return command->add_option(name, values, what)->delimiter(',')->type_name("LIST");
  }

  void addRun() {
    CLI::App *command =
        add("run", "Run a layer on virtual GPUs; compiles it first when given source",
            "moec run layer.moe --random 1 --tokens 512 --check", [this] { return runLayer(); });
    command->add_option("input", runInput, ".moe file or .moex module")->required();
    command->add_option("--ranks", runRanks, "Number of GPUs instead of the mesh's (source only)")
        ->check(whole(1, 65535));
    addPlanFile(command, runPlanFile);
    run::addRunOptions(*command, runOptions);
  }

  void addPlanFile(CLI::App *command, std::string &plan) {
    command
        ->add_option("--plan", plan,
                     "A plan of phase schedule, written by hand say, for the source's\n"
                     "layer in place of what its schedule block asks for")
        ->type_name("FILE");
  }

  int runLayer() {
    if (isModule(runInput)) {
      if (runRanks)
        return showFailure(
            rt::invalidError("--ranks: wanted a source to compile, found the module ", runInput,
                             ", whose ranks are fixed"),
            runOptions.json);
      if (!runPlanFile.empty())
        return showFailure(rt::invalidError("--plan: wanted a source to compile with it, found the "
                                            "module ",
                                            runInput, ", which has one"),
                           runOptions.json);
      return run::runFile(runInput, runOptions, run::Terminal::ofProcess());
    }
    std::vector<uint8_t> module;
    CompileOptions options;
    options.input = runInput;
    options.ranks = runRanks;
    options.plan = runPlanFile;
    options.json = runOptions.json;
    if (runOptions.backend != "cpu")
      options.target = "sm_90a"; // every other backend runs kernels
    options.emulated = runOptions.backend == "emulator";
    if (int code = compileToMemory(options, module))
      return code;
    return run::runModule(module, runInput, runOptions, run::Terminal::ofProcess());
  }

  CLI::App app;
  std::function<int()> chosen;
  ImportOptions import;
  CheckOptions check;
  FmtOptions fmt;
  ExplainOptions explain;
  CompileOptions compile;
  PlaceOptions place;
  InspectOptions inspect;
  ImportTrafficOptions importTraffic;
  PlanOptions plan;
  DiffOptions diff;
  SimulateOptions simulate;
  VerifyOptions verify;
  BoundOptions bound;
  TopoOptions topo;
  SweepOptions sweep;
  WhatIfOptions whatIf;
  std::string runInput, runPlanFile;
  std::optional<uint32_t> runRanks;
  run::RunOptions runOptions;
};

} // namespace

int runCommandLine(int argc, char **argv) { return CommandLine().run(argc, argv); }

} // namespace moec::driver
