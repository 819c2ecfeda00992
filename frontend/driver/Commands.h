//===- Commands.h - What moec's subcommands do ------------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One struct of options and one function a subcommand. The functions print their
// result to standard output, diagnostics to standard error, and return the
// process's exit code: 0 done, 1 the input is wrong, 2 unsupported here, 70 our
// bug. They know nothing of the command line's syntax (CommandLine.cpp).
//===----------------------------------------------------------------------===//

#ifndef MOEC_FRONTEND_DRIVER_COMMANDS_H
#define MOEC_FRONTEND_DRIVER_COMMANDS_H

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace moec::driver {

/// `moec import hf CONFIG`: a .moe file from a Hugging Face config.json.
struct ImportOptions {
  std::string config;
  std::optional<uint32_t> layer; ///< the first MoE layer when absent
  std::string output;            ///< standard output when empty
  bool json = false;
};
int runImport(const ImportOptions &options);

/// `moec import traffic FILE`: bytes from rank to rank as a CSV.
struct ImportTrafficOptions {
  std::string input;  ///< CSV, matrix of nccl-tests, or Chakra traces (.et)
  std::string output; ///< standard output when empty
  bool json = false;
};
int runImportTraffic(const ImportTrafficOptions &options);

/// `moec check FILE`: reads a .moe (or its JSON twin) and reports all errors.
struct CheckOptions {
  std::string input;
  std::optional<uint32_t> ranks;
  std::string emit;   ///< "" or "json": print the JSON twin
  std::string output; ///< of --emit; standard output when empty
  bool json = false;  ///< diagnostics as JSON
};
int runCheck(const CheckOptions &options);

/// `moec fmt FILES`: rewrites files in the canonical form.
struct FmtOptions {
  std::vector<std::string> inputs;
  bool check = false;    ///< change nothing, exit 1 when a file would change
  bool toStdout = false; ///< print instead of rewriting
  bool json = false;
};
int runFmt(const FmtOptions &options);

/// `moec explain [ID]`: what a diagnostic means and how to mend it.
struct ExplainOptions {
  std::string id; ///< all, one line each, when empty
  bool json = false;
};
int runExplain(const ExplainOptions &options);

/// `moec compile FILE`: source or IR to a module, or to the IR of a phase.
struct CompileOptions {
  std::string input;
  std::string output; ///< standard output when empty (IR phases only)
  std::optional<uint32_t> ranks;
  std::string emit;    ///< phase to stop after; "" = emit (the module)
  std::string from;    ///< phase whose output `input` holds; "" = source
  std::string machine; ///< whose nodes the source's ranks fill; "" = those of its mesh
  std::string plan;    ///< file with the source's plan, of phase schedule; "" = made by moec
  std::string target;  ///< "" = what the IR of `from` is made for, else cpu
  /// The kernels are for the emulator: what the machine's GPUs are does not matter.
  bool emulated = false;
  bool timing = false;
  bool json = false;
};
int runCompile(const CompileOptions &options);
/// Compiles the source of `options` to the bytes of a module, printing nothing but
/// diagnostics; of the others `ranks`, `machine`, `plan`, `target`, `emulated` and
/// `json` count.
int compileToMemory(const CompileOptions &options, std::vector<uint8_t> &module);

/// `moec place FILE --load H`: a placement for how often experts are chosen, as a
/// source or as a map of another system, beside what the field's balancer answers.
struct PlaceOptions {
  std::string input;
  std::vector<std::string> loads; ///< each a period of time; the source's own when empty
  std::optional<uint32_t> layer;  ///< of files that hold several
  std::string from;               ///< in force now: a map, or a .moe file; empty: moving is free
  std::string output;             ///< standard output when empty
  std::string exportForm;         ///< "" (a .moe file), "eplb" or "sglang"
  std::optional<uint32_t> ranks, slots, replicas, most, tokens;
  bool keepGroups = false;
  double steps = 1000; ///< over which a move is spread
  bool json = false;
};
int runPlace(const PlaceOptions &options);

/// `moec inspect MODULE`: all of it, its kernels, or its parts as files.
struct InspectOptions {
  std::string module;
  bool kernels = false; ///< a table of them
  bool ptx = false;     ///< their PTX
  bool sass = false;    ///< their machine code, disassembled
  std::string kernel;   ///< of one alone
  std::string extract;  ///< folder to make; empty: none
  bool json = false;
};
int runInspect(const InspectOptions &options);

/// `moec simulate INPUT`: a step with time instead of data.
struct SimulateOptions {
  std::string input; ///< .moe, .moex, or .mlir of phase schedule
  std::string traffic = "uniform";
  std::string machine;            ///< name or file; empty: the input's
  std::optional<uint32_t> tokens; ///< of a rank; the input's most, or 4096
  std::optional<uint32_t> layer;  ///< of a traffic file with several
  uint32_t steps = 1;
  bool ratesBySize = false;
  std::string kernelTimes; ///< file of measured ones; empty: a roofline
  std::string trace;       ///< file for Perfetto; empty: none
  bool json = false;
};
int runSimulate(const SimulateOptions &options);

/// `moec verify INPUT`: proves that no plan in it hangs, races or loses a row.
struct VerifyOptions {
  std::string input;                     ///< .moe, .moex, or .mlir of phase schedule
  std::optional<uint32_t> maxRanks;      ///< judge plans of more for fewer
  std::optional<uint32_t> allCountsUpTo; ///< run it too, with counts up to this
  std::string traffic;                   ///< or with these; empty: none
  std::optional<uint32_t> trafficLayer;  ///< of a traffic file with several
  bool json = false;
};
int runVerify(const VerifyOptions &options);

/// `moec plan FILE`: what the layer's plan moves, and the plan in other formats.
struct PlanOptions {
  std::string input; ///< source or module
  std::optional<uint32_t> ranks;
  std::string traffic = "uniform";      ///< as moec simulate reads it, or Chakra traces (.et)
  std::optional<uint32_t> tokens;       ///< a rank; the layer's limit when absent
  std::string algorithm;                ///< "" or "auto": as the schedule block says
  std::string format;                   ///< to export; "": none
  std::string phase;                    ///< of the step; "": as the format has it
  std::string output;                   ///< of the export
  std::string machine;                  ///< of the report: name or file; "": the input's
  std::string report;                   ///< file of the page to write; "": none
  std::optional<uint32_t> trafficLayer; ///< of a traffic file with several
  bool json = false;
};
int runPlan(const PlanOptions &options);

/// `moec diff A B`: exit code 0 when equal, 1 when not.
struct DiffOptions {
  std::string left, right;
  bool json = false;
};
int runDiff(const DiffOptions &options);

/// `moec bound`: what no schedule can beat, for a matrix of bytes or a layer's step.
struct BoundOptions {
  std::string machine; ///< name or file; empty: the layer's
  std::optional<uint32_t> ranks;
  std::string traffic = "uniform";
  std::string layer;                    ///< .moe or .moex; empty: a matrix alone
  std::optional<uint32_t> tokens;       ///< of a rank; the layer's most, or 4096
  std::optional<uint32_t> trafficLayer; ///< of a traffic file with several
  std::string copies = "nodes";         ///< "rows", "ranks", "nodes"
  bool json = false;
};
int runBound(const BoundOptions &options);

/// `moec sweep FILE`: every combination of what is named, simulated; a table.
struct SweepOptions {
  std::string input;                    ///< source
  std::vector<std::string> machines;    ///< names or files; empty: the source's
  std::vector<uint32_t> ranks;          ///< empty: the mesh's
  std::vector<uint32_t> tokens;         ///< of a rank; empty: the source's most, or 4096
  std::optional<uint32_t> trafficLayer; ///< of a traffic file with several
  std::vector<std::string> traffics = {"uniform"};
  std::vector<std::string> algorithms; ///< these two empty: as the schedule block says
  std::vector<std::string> combines;
  bool phases = false;       ///< each exchange by itself too, beside its bound
  std::string format = "md"; ///< md, csv, jsonl
  std::string output;        ///< standard output when empty
  std::optional<uint32_t> threads;
};
int runSweep(const SweepOptions &options);

/// `moec whatif FILE`: one layer on several machines, and what their links are worth.
struct WhatIfOptions {
  std::string input;                 ///< source
  std::vector<std::string> machines; ///< names or files; factors are over the first
  std::optional<uint32_t> ranks;     ///< of each; the mesh's when absent
  std::vector<uint32_t> tokens;      ///< of a rank; empty: 32 and 4096, or the source's most
  std::vector<std::string> traffics = {"uniform"};
  std::vector<std::string> algorithms = {"staggered", "two_tier", "two_tier; chunks 8"};
  std::vector<std::string> combines = {"rows", "partial"};
  double restMicroseconds = 0; ///< of a layer, for all that is neither
  std::optional<uint32_t> threads;
  std::optional<uint32_t> trafficLayer; ///< of a traffic file with several
  bool json = false;
};
int runWhatIf(const WhatIfOptions &options);

/// `moec topo`: shows, draws and converts a machine.
struct TopoOptions {
  std::string machine; ///< name or file
  std::string nccl;    ///< topology XML of NCCL
  std::string smi;     ///< text of `nvidia-smi topo -m`
  std::string output;  ///< .moe to write; "-": standard output
  std::string svg;     ///< picture to write
  bool json = false;
};
int runTopo(const TopoOptions &options);

/// Parses the command line and runs the subcommand it names.
int runCommandLine(int argc, char **argv);

} // namespace moec::driver

#endif // MOEC_FRONTEND_DRIVER_COMMANDS_H
