// RUN: sed -e 's/RANKS/1/' %s | moe-opt --comm-schedule --comm-verify-scheduled | FileCheck %s
// RUN: sed -e 's/RANKS/3/' %s | moe-opt --comm-schedule --comm-verify-scheduled | FileCheck %s
// RUN: sed -e 's/RANKS/64/' %s | moe-opt --comm-schedule --comm-verify-scheduled | FileCheck %s
// RUN: sed -e 's/RANKS/1024/' %s | moe-opt --comm-schedule --comm-verify-scheduled | FileCheck %s

// A plan has as many ops for 1024 ranks as for one: families are parametric.

// CHECK-COUNT-3: = comm.put for
// CHECK-NOT:     = comm.put for
comm.plan @any ranks RANKS topk 2 depth 1 steps serial result rows {
  comm.task @route kind route
  comm.task @experts kind experts
  comm.task @slot_sum kind slot_sum
  %x     = comm.buffer input  slot of 4 bytes
  %route = comm.buffer local  slot of 24 bytes
  %recv  = comm.buffer local  seq  [RANKS] of 4 bytes
  %meta  = comm.buffer local  seq  [RANKS] of 24 bytes
  %y     = comm.buffer local  slot [RANKS] of 2 x 4 bytes
  %back  = comm.buffer local  slot of 2 x 4 bytes
  %out   = comm.buffer output slot of 4 bytes
  %rt = comm.compute @route reads %x{A(r)} writes %route{A(r)}
  %di = comm.dispatch %x by %route to %recv, %meta after(%rt)
  %ex = comm.compute @experts reads %recv[s]{D(s,r)} each s in all, %meta[s]{D(s,r)} each s in all
                              writes %y[s]{Y(s,r)} each s in all after(%di)
  %co = comm.combine %y to %back after(%ex)
  %rd = comm.reduce @slot_sum reads %route{A(r)}, %back{Y(r,p)} each p in all writes %out{A(r)} after(%co)
}
