//===- CommInterfaces.td - What all families of tasks share -*- tablegen -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_DIALECTS_COMM_COMMINTERFACES_TD
#define MOEC_DIALECTS_COMM_COMMINTERFACES_TD

include "mlir/IR/OpBase.td"

def Comm_FamilyOpInterface : OpInterface<"FamilyOp"> {
  let cppNamespace = "::moec::comm";
  let description = [{
    A family of tasks: one task for each rank, step and value of its domain
    variables, in that order of the domains.
  }];
  let methods = [
    InterfaceMethod<"Name of the family, unique in the plan", "::llvm::StringRef", "getLabel">,
    InterfaceMethod<"Domains of the family", "::mlir::ArrayAttr", "getDomains">,
    InterfaceMethod<"Tokens that a task runs after", "::mlir::OperandRange", "getAfter">,
    InterfaceMethod<"Which instances of each token: unit or a map from the op's scope",
                    "::mlir::ArrayAttr", "getAfterInstances">,
    InterfaceMethod<"Tokens that a task runs after, to change them", "::mlir::MutableOperandRange",
                    "getAfterMutable">,
    InterfaceMethod<"Sets which instances of each token", "void", "setAfterInstancesAttr",
                    (ins "::mlir::ArrayAttr":$instances)>,
    InterfaceMethod<"Completion of this family", "::mlir::Value", "getToken", (ins), "",
                    "return $_op->getResult(0);">,
    InterfaceMethod<"Regions that one task reads on its own rank",
                    "::llvm::SmallVector<::moec::comm::RegionUse>", "getReadUses", (ins), "",
                    "return {};">,
    InterfaceMethod<"Regions that one task writes: on rank `to` for a put, else on its own",
                    "::llvm::SmallVector<::moec::comm::RegionUse>", "getWriteUses", (ins), "",
                    "return {};">,
  ];
}

#endif // MOEC_DIALECTS_COMM_COMMINTERFACES_TD
