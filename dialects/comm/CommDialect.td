//===- CommDialect.td - The comm dialect and its types -----*- tablegen -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_DIALECTS_COMM_COMMDIALECT_TD
#define MOEC_DIALECTS_COMM_COMMDIALECT_TD

include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/EnumAttr.td"
include "mlir/IR/OpBase.td"

def Comm_Dialect : Dialect {
  let name = "comm";
  let cppNamespace = "::moec::comm";
  let summary = "Who sends what to whom and when";
  let description = [{
    One step of an MoE layer over N ranks as one task graph that every rank
    runs: buffers, single-writer flags, puts, signals, waits and compute tasks,
    parametric in the rank and in counts that only the device knows. The memory
    model, the protocol and the reasons are in dialects/comm/README.md.
  }];
  let useDefaultAttributePrinterParser = 1;
  let useDefaultTypePrinterParser = 1;
  let hasCanonicalizer = 1;
}

//===----------------------------------------------------------------------===//
// Types: handles. What a buffer or a flag looks like is said once, by the op
// that makes it, so that its uses read as in a plan written by hand.
//===----------------------------------------------------------------------===//

class Comm_Type<string name, string typeMnemonic> : TypeDef<Comm_Dialect, name> {
  let mnemonic = typeMnemonic;
}

def Comm_BufferType : Comm_Type<"Buffer", "buffer">,
    BuildableType<"::moec::comm::BufferType::get($_builder.getContext())"> {
  let summary = "Handle of a buffer family: one buffer on every rank";
  let description = [{
    Made by `comm.buffer` only. Space, layout, extents and record size are
    attributes of that op.
  }];
}

def Comm_FlagType : Comm_Type<"Flag", "flag">,
    BuildableType<"::moec::comm::FlagType::get($_builder.getContext())"> {
  let summary = "Handle of a family of flag words, in the waiter's memory";
  let description = "Made by `comm.flag` only.";
}

def Comm_TokenType : Comm_Type<"Token", "token">,
    BuildableType<"::moec::comm::TokenType::get($_builder.getContext())"> {
  let summary = "Completion of a family of tasks, one for each instance on this rank";
  let description = [{
    Order and visibility inside one rank and one step: a task runs after the
    instances it names in `after`, and sees what they wrote.
  }];
}

#endif // MOEC_DIALECTS_COMM_COMMDIALECT_TD
