// RUN: moe-opt %s --comm-schedule -verify-diagnostics -split-input-file

// What the source may not ask for, and what is not implemented.

// Nothing comes back, so nobody knows when a region is free again.
// expected-error @+1 {{depth 1 lets a rank overwrite rows that a peer still reads: nothing comes back that says so, and 2 copies are needed}}
comm.plan @dispatch_alone_needs_two_copies ranks 2 topk 1 depth 1 steps serial result rows
    schedule #comm.schedule<staggered_put, depth = 1> {
  %x     = comm.buffer input slot of 4 bytes
  %route = comm.buffer local slot of 12 bytes
  %recv  = comm.buffer local seq [2] of 4 bytes
  %meta  = comm.buffer local seq [2] of 16 bytes
  %di = comm.dispatch %x by %route to %recv, %meta
}

// -----

// expected-error @+1 {{depth must be 1 to 64, not 65}}
comm.plan @far_too_deep ranks 2 topk 1 depth 1 steps serial result rows
    schedule #comm.schedule<staggered_put, depth = 65> {
  %x     = comm.buffer input slot of 4 bytes
  %route = comm.buffer local slot of 12 bytes
  %recv  = comm.buffer local seq [2] of 4 bytes
  %meta  = comm.buffer local seq [2] of 16 bytes
  %di = comm.dispatch %x by %route to %recv, %meta
}

// -----

comm.plan @two_dispatches ranks 2 topk 1 depth 1 steps serial result rows {
  %x     = comm.buffer input slot of 4 bytes
  %route = comm.buffer local slot of 12 bytes
  %recv  = comm.buffer local seq [2] of 4 bytes
  %meta  = comm.buffer local seq [2] of 16 bytes
  %di = comm.dispatch %x by %route to %recv, %meta
  // expected-error @+1 {{unsupported here: a second comm.dispatch in one plan}}
  %dj = comm.dispatch %x by %route to %recv, %meta
}

// -----

comm.plan @two_combines ranks 2 topk 1 depth 1 steps serial result rows {
  %y    = comm.buffer local slot [2] of 4 bytes
  %back = comm.buffer local slot of 4 bytes
  %co = comm.combine %y to %back
  // expected-error @+1 {{unsupported here: a second comm.combine in one plan}}
  %cp = comm.combine %y to %back
}

// -----

comm.plan @nothing_was_dispatched ranks 2 topk 1 depth 1 steps serial result rows {
  %y    = comm.buffer local slot [2] of 4 bytes
  %back = comm.buffer local slot of 4 bytes
  // expected-error @+1 {{unsupported here: a comm.combine without a comm.dispatch}}
  %co = comm.combine %y to %back
}

// -----

// expected-error @+1 {{unsupported here: steps free, wanted serial}}
comm.plan @steps_in_flight ranks 2 topk 1 depth 1 steps free result rows {
  %x     = comm.buffer input slot of 4 bytes
  %route = comm.buffer local slot of 12 bytes
  %recv  = comm.buffer local seq [2] of 4 bytes
  %meta  = comm.buffer local seq [2] of 16 bytes
  %di = comm.dispatch %x by %route to %recv, %meta
}

// -----

// expected-error @+1 {{unsupported here: result rank_partial, wanted rows}}
comm.plan @partial_sums ranks 2 topk 1 depth 1 steps serial result rank_partial {
  %x     = comm.buffer input slot of 4 bytes
  %route = comm.buffer local slot of 12 bytes
  %recv  = comm.buffer local seq [2] of 4 bytes
  %meta  = comm.buffer local seq [2] of 16 bytes
  %di = comm.dispatch %x by %route to %recv, %meta
}

// -----

// expected-error @+1 {{two_tier needs a mesh whose first axis counts nodes over a link, and more than one}}
comm.plan @two_tiers_of_one_node ranks 2 topk 1 depth 1 steps serial result rows
    schedule #comm.schedule<two_tier> {
  %x     = comm.buffer input slot of 4 bytes
  %route = comm.buffer local slot of 12 bytes
  %recv  = comm.buffer local seq [2] of 4 bytes
  %meta  = comm.buffer local seq [2] of 16 bytes
  %y     = comm.buffer local slot [2] of 4 bytes
  %back  = comm.buffer local slot of 4 bytes
  %di = comm.dispatch %x by %route to %recv, %meta
  %co = comm.combine %y to %back
}

// -----

// expected-error @+1 {{multicast needs one node: a switch joins the GPUs of one, not of 2}}
comm.plan @multicast_over_nodes ranks 2 nodes 2 topk 1 depth 1 steps serial result rows
    schedule #comm.schedule<multicast> {
  %x     = comm.buffer input slot of 4 bytes
  %route = comm.buffer local slot of 12 bytes
  %recv  = comm.buffer local seq [2] of 4 bytes
  %meta  = comm.buffer local seq [2] of 16 bytes
  %y     = comm.buffer local slot [2] of 4 bytes
  %back  = comm.buffer local slot of 4 bytes
  %di = comm.dispatch %x by %route to %recv, %meta
  %co = comm.combine %y to %back after(%di)
}

// -----

#link = #comm.link<name = "nvlink", path = nvlink, megabytesPerSecond = 1000, latencyNanoseconds = 1>
// expected-error @+1 {{multicast needs a link whose switch multicasts, and machine 'bridged' has none}}
comm.plan @multicast_without_a_switch ranks 2 topk 1 depth 1 steps serial result rows
    topology #comm.topology<"bridged", nodes = 1, gpusPerNode = 2, links = [#link]>
    schedule #comm.schedule<multicast> {
  %x     = comm.buffer input slot of 4 bytes
  %route = comm.buffer local slot of 12 bytes
  %recv  = comm.buffer local seq [2] of 4 bytes
  %meta  = comm.buffer local seq [2] of 16 bytes
  %y     = comm.buffer local slot [2] of 4 bytes
  %back  = comm.buffer local slot of 4 bytes
  %di = comm.dispatch %x by %route to %recv, %meta
  %co = comm.combine %y to %back after(%di)
}

// -----

// expected-error @+1 {{combine switch needs algorithm multicast: each rank must have a sum, zero or not, for every token}}
comm.plan @switch_without_all_tokens ranks 2 topk 1 depth 1 steps serial result rows
    schedule #comm.schedule<staggered_put, combine = switch> {
  %x     = comm.buffer input slot of 4 bytes
  %route = comm.buffer local slot of 12 bytes
  %recv  = comm.buffer local seq [2] of 4 bytes
  %meta  = comm.buffer local seq [2] of 16 bytes
  %y     = comm.buffer local slot [2] of 4 bytes
  %back  = comm.buffer local slot of 4 bytes
  %di = comm.dispatch %x by %route to %recv, %meta
  %co = comm.combine %y to %back after(%di)
}
