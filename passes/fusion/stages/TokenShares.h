//===- TokenShares.h - Which warp has which tokens --------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The cut of a rank's tokens into shares, as code; RoutingSpaces.h says what it is.
//===----------------------------------------------------------------------===//

#ifndef MOEC_PASSES_FUSION_STAGES_TOKENSHARES_H
#define MOEC_PASSES_FUSION_STAGES_TOKENSHARES_H

#include "passes/fusion/stages/WarpCode.h"

namespace moec::fusion {

class TokenShares {
public:
  /// Reads the step's tokens where the builder stands.
  TokenShares(WarpCode &code, mlir::Value state);

  mlir::Value tokens;
  mlir::Value length; ///< tokens of a share, at least 1
  mlir::Value count;  ///< shares with tokens

  /// The share of a warp of this CTA.
  mlir::Value own(mlir::Value stageWarp);
  mlir::Value first(mlir::Value share) { return code.mul(share, length); }
  /// At least `first` only if the share has tokens.
  mlir::Value end(mlir::Value share) { return code.min(code.add(first(share), length), tokens); }

private:
  WarpCode &code;
  mlir::Value cta, ctas;
};

} // namespace moec::fusion

#endif // MOEC_PASSES_FUSION_STAGES_TOKENSHARES_H
