// RUN: moe-opt %s --comm-print-plan -verify-diagnostics -split-input-file -o /dev/null

// What a module cannot hold.

comm.plan @abstract ranks 2 topk 1 depth 1 steps serial result rows {
  %y    = comm.buffer local slot [2] of 4 bytes
  %back = comm.buffer local slot of 4 bytes
  // expected-error @+1 {{has no form in a module: run --comm-schedule first}}
  %co = comm.combine %y to %back
}

// -----

comm.plan @packed ranks 2 topk 1 depth 1 steps serial result rows {
  // expected-error @+1 {{unsupported here: buffer 'y' has layout packed, modules hold only seq and slot}}
  %y = comm.buffer local packed [2] of 4 bytes
}

// -----

// expected-error @+1 {{has no form in a module: wanted one input buffer, found 0}}
comm.plan @no_input ranks 2 topk 1 depth 1 steps serial result rows {}
