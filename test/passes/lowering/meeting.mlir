// CTAs that meet: each tells the next one a number, the last that arrives adds them up,
// and a warp waits for flags of which one never comes. EmulatedTest.cpp runs it.
//
// RUN: moe-opt %s --moe-phase-lower | FileCheck %s

// CHECK-LABEL: llvm.func @meeting
// CHECK-COUNT-2: tile.ptx.atom add acq_rel gpu
// CHECK: tile.ptx.atom inc acq_rel gpu
// CHECK: tile.ptx.ld_acquire sys
// CHECK-SAME: i64
tile.kernel @meeting(
    %numbers: !llvm.ptr<1> = <"numbers", pointer, workspace, 0>,
    %results: !llvm.ptr<1> = <"results", pointer, workspace, 1>,
    %arrived: !llvm.ptr<1> = <"arrived", pointer, workspace, 2>,
    %meeting: !llvm.ptr<1> = <"grid_counter", pointer, workspace, 3>,
    %flags: !llvm.ptr<1> = <"flags", pointer, flag, 0>,
    %state: !llvm.ptr<1> = <"state", pointer, state, 0>) attributes {gridCounter = 3 : i32} {
  // numbers[cta] = 10 + cta, by one thread of the CTA.
  tile.stage "tell" {
    tile.role "all" warps [0, 11] {
      %t = nvvm.read.ptx.sreg.tid.x : i32
      %cta = nvvm.read.ptx.sreg.ctaid.x : i32
      %last = arith.constant 383 : i32
      %ten = arith.constant 10 : i32
      %mine = arith.cmpi eq, %t, %last : i32
      scf.if %mine {
        %number = arith.addi %cta, %ten : i32
        %place = llvm.getelementptr %numbers[%cta] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, i32
        llvm.store %number, %place : i32, !llvm.ptr<1>
      }
    }
  }
  // results[cta] = numbers[cta + 1], by another warp.
  tile.stage "hear" {
    tile.role "one" warps [5, 5] {
      %t = nvvm.read.ptx.sreg.tid.x : i32
      %cta = nvvm.read.ptx.sreg.ctaid.x : i32
      %ctas = nvvm.read.ptx.sreg.nctaid.x : i32
      %one = arith.constant 1 : i32
      %first = arith.constant 160 : i32
      %next = arith.addi %cta, %one : i32
      %other = arith.remui %next, %ctas : i32
      %place = llvm.getelementptr %numbers[%other] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, i32
      %number = llvm.load %place : !llvm.ptr<1> -> i32
      %mine = arith.cmpi eq, %t, %first : i32
      scf.if %mine {
        %result = llvm.getelementptr %results[%cta] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, i32
        llvm.store %number, %result : i32, !llvm.ptr<1>
      }
    }
  }
  // The last CTA that has doubled its result adds all up behind them; all its warps know.
  tile.stage "add" {
    tile.role "all" warps [0, 11] {
      %zero = arith.constant 0 : i32
      %one = arith.constant 1 : i32
      %t = nvvm.read.ptx.sreg.tid.x : i32
      %cta = nvvm.read.ptx.sreg.ctaid.x : i32
      %ctas = nvvm.read.ptx.sreg.nctaid.x : i32
      %last = arith.constant 383 : i32
      %mine = arith.cmpi eq, %t, %last : i32
      scf.if %mine {
        %place = llvm.getelementptr %results[%cta] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, i32
        %number = llvm.load %place : !llvm.ptr<1> -> i32
        %double = arith.addi %number, %number : i32
        llvm.store %double, %place : i32, !llvm.ptr<1>
      }
      %over = tile.arrive %arrived total(%ctas)
      scf.if %over {
        %first = arith.cmpi eq, %t, %zero : i32
        scf.if %first {
          %sum = scf.for %i = %zero to %ctas step %one iter_args(%s = %zero) -> (i32) : i32 {
            %place = llvm.getelementptr %results[%i] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, i32
            %number = llvm.load %place : !llvm.ptr<1> -> i32
            %next = arith.addi %s, %number : i32
            scf.yield %next : i32
          }
          %place = llvm.getelementptr %results[%ctas] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, i32
          llvm.store %sum, %place : i32, !llvm.ptr<1>
        }
      }
    }
  }
  // Forty flags: two looks of a warp.
  tile.stage "wait" {
    tile.role "wait" warps [0, 0] {
      %count = arith.constant 40 : i32
      %epoch = arith.constant 7 : i32
      %limit = llvm.getelementptr %state[24] : (!llvm.ptr<1>) -> !llvm.ptr<1>, i8
      %deadline = llvm.load %limit : !llvm.ptr<1> -> i64
      %status = llvm.getelementptr %state[32] : (!llvm.ptr<1>) -> !llvm.ptr<1>, i8
      tile.flag_wait %flags count(%count) epoch(%epoch) deadline(%deadline) status(%status) flag 3
    }
  }
}
