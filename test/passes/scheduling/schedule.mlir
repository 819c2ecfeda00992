// RUN: moe-opt %s | moe-opt | FileCheck %s

// The form that -moe-distribute makes, written by hand: one plan a layer, the exchanges abstract.

// CHECK-LABEL: comm.plan @olmoe ranks 8 topk 8
comm.plan @olmoe ranks 8 topk 8 depth 1 steps serial result rows
    topology #comm.topology<"hgx-h100", nodes = 1, gpusPerNode = 8, links = [
      <name = "nvlink", path = nvlink, megabytesPerSecond = 450000, latencyNanoseconds = 1000>]>
    schedule #comm.schedule<staggered_put, window = 4> {
  comm.task @route kind route
  comm.task @experts kind experts
  comm.task @shared kind shared
  comm.task @slot_sum kind slot_sum

  %x      = comm.buffer input  slot of 4096 bytes
  %route  = comm.buffer local  slot of 96 bytes
  %recv   = comm.buffer local  seq  [8] of 4096 bytes
  %meta   = comm.buffer local  seq  [8] of 40 bytes
  %y      = comm.buffer local  slot [8] of 8 x 8192 bytes
  %back   = comm.buffer local  slot of 8 x 8192 bytes
  %shared = comm.buffer local  slot of 8192 bytes
  %out    = comm.buffer output slot of 8192 bytes

  // CHECK: %rt = comm.compute @route reads %x{A(r)} writes %route{A(r)}
  %rt = comm.compute @route reads %x{A(r)} writes %route{A(r)}
  // CHECK: %di = comm.dispatch %x by %route to %recv, %meta after(%rt)
  %di = comm.dispatch %x by %route to %recv, %meta after(%rt)
  %sh = comm.compute @shared reads %x{A(r)} writes %shared{A(r)}
  // CHECK: %ex = comm.compute @experts reads %recv[s]{D(s,r)} each s in all, %meta[s]{D(s,r)} each s in all writes %y[s]{Y(s,r)} each s in all after(%di)
  %ex = comm.compute @experts reads %recv[s]{D(s,r)} each s in all, %meta[s]{D(s,r)} each s in all
                              writes %y[s]{Y(s,r)} each s in all after(%di)
  %co = comm.combine %y to %back after(%ex)
  // CHECK: %rd = comm.reduce @slot_sum reads %route{A(r)}, %back{Y(r,p)} each p in all, %shared{A(r)} writes %out{A(r)} after(%co, %sh)
  %rd = comm.reduce @slot_sum reads %route{A(r)}, %back{Y(r,p)} each p in all, %shared{A(r)}
                              writes %out{A(r)} after(%co, %sh)
}
