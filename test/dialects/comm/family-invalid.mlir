// RUN: moe-opt %s -verify-diagnostics -split-input-file

// Constraints of every family of tasks, by id; comm.copy and comm.wait stand for all.

comm.plan @not_a_buffer ranks 2 topk 1 depth 1 steps serial result rows {
  %x = comm.buffer local slot of 8 bytes
  %c = builtin.unrealized_conversion_cast to !comm.buffer
  // region-c0
  // expected-error @+1 {{buffer operand must be the result of comm.buffer}}
  %cp = comm.copy : %c{A(r)} from %x{A(r)}
}

// -----

comm.plan @not_a_flag ranks 2 topk 1 depth 1 steps serial result rows {
  %c = builtin.unrealized_conversion_cast to !comm.flag
  // region-c0
  // expected-error @+1 {{flag operand must be the result of comm.flag}}
  %w = comm.wait : %c at n
}

// -----

comm.plan @one_name_twice ranks 2 topk 1 depth 1 steps serial result rows {
  %x = comm.buffer local slot [2] of 8 bytes
  %z = comm.buffer local slot [2] of 8 bytes
  // domain-c1
  // expected-error @+1 {{declares the variable 'p' twice}}
  %cp = comm.copy for p in all, p in all : %z[p]{A(r)} from %x[p]{A(r)}
}

// -----

comm.plan @each_hides_a_domain ranks 2 topk 2 depth 1 steps serial result rows {
  comm.task @experts kind experts
  %x = comm.buffer local slot [2] of 8 bytes
  %y = comm.buffer local slot [2] of 8 bytes
  // domain-c1
  // expected-error @+1 {{declares the variable 's' twice}}
  %ex = comm.compute @experts for s in all reads %x[s]{D(s,r)} each s in all writes %y[s]{D(s,r)}
}

// -----

comm.plan @step_as_domain ranks 2 topk 1 depth 1 steps serial result rows {
  %x = comm.buffer local slot of 8 bytes
  %z = comm.buffer local slot of 8 bytes
  // domain-c1
  // expected-error @+1 {{domain variable 'r' already names the rank}}
  %cp = comm.copy for r in all : %z{A(r)} from %x{A(r)}
}

// -----

comm.plan @unknown_domain ranks 2 topk 1 depth 1 steps serial result rows {
  %x = comm.buffer local slot of 8 bytes
  // expected-error @+1 {{unknown domain 'some': expected all, stagger, nodes, stagger_nodes, other_nodes, lanes or stagger_lanes}}
  %cp = comm.copy for p in some : %x{A(r)} from %x{A(r)}
}

// -----

comm.plan @unknown_variable ranks 2 topk 1 depth 1 steps serial result rows {
  %x = comm.buffer local slot [2] of 8 bytes
  // region-c2
  // expected-error @+1 {{no variable 'q' in scope, only r, n, p}}
  %cp = comm.copy for p in all : %x[q]{A(r)} from %x[p]{A(r)}
}

// -----

comm.plan @unknown_set ranks 2 topk 1 depth 1 steps serial result rows {
  %x = comm.buffer local slot of 8 bytes
  // expected-error @+1 {{unknown item set 'B': expected A, D, M, P, Q, S or Y}}
  %cp = comm.copy : %x{B(r)} from %x{A(r)}
}

// -----

comm.plan @set_of_three ranks 2 topk 1 depth 1 steps serial result rows {
  %x = comm.buffer local slot of 8 bytes
  // set-c1
  // expected-error @+1 {{item set A takes 1 rank, not 3}}
  %cp = comm.copy : %x{A(r, r, r)} from %x{A(r)}
}

// -----

comm.plan @product_of_variables ranks 2 topk 1 depth 1 steps serial result rows {
  %x = comm.buffer local slot [2] of 8 bytes
  // region-c2
  // expected-error @+1 {{one side of a product must be a constant}}
  %cp = comm.copy : %x[r * n]{A(r)} from %x[r]{A(r)}
}

// -----

comm.plan @remainder_by_zero ranks 2 topk 1 depth 1 steps serial result rows {
  %x = comm.buffer local slot [2] of 8 bytes
  // region-c2
  // expected-error @+1 {{divisor must be a positive constant}}
  %cp = comm.copy : %x[r mod 0]{A(r)} from %x[r]{A(r)}
}

// -----

comm.plan @huge_number ranks 2 topk 1 depth 1 steps serial result rows {
  %x = comm.buffer local slot [2] of 8 bytes
  // region-c2
  // expected-error @+1 {{number in an expression must fit 32 bits}}
  %cp = comm.copy : %x[r mod 99999999999]{A(r)} from %x[r]{A(r)}
}

// -----

comm.plan @quotient_rounded_up ranks 2 topk 1 depth 1 steps serial result rows {
  %x = comm.buffer local slot [2] of 8 bytes
  // region-c2
  // expected-error @+1 {{index 'r ceildiv 2' has a product, quotient or remainder by something other than a constant}}
  %cp = "comm.copy"(%x, %x) <{label = "cp", domains = [], afterInstances = [],
    targetRegion = #comm.region<(d0, d1) -> (d0 ceildiv 2), <A, (d0, d1) -> (d0)>>,
    sourceRegion = #comm.region<(d0, d1) -> (d0), <A, (d0, d1) -> (d0)>>}> : (!comm.buffer, !comm.buffer) -> !comm.token
}

// -----

comm.plan @map_of_another_scope ranks 2 topk 1 depth 1 steps serial result rows {
  %x = comm.buffer local slot [2] of 8 bytes
  // region-c2
  // expected-error @+1 {{index must be an expression in r, n, not over 3 variables and 0 symbols}}
  %cp = "comm.copy"(%x, %x) <{label = "cp", domains = [], afterInstances = [],
    targetRegion = #comm.region<(d0, d1, d2) -> (d2), <A, (d0, d1) -> (d0)>>,
    sourceRegion = #comm.region<(d0, d1) -> (d0), <A, (d0, d1) -> (d0)>>}> : (!comm.buffer, !comm.buffer) -> !comm.token
}

// -----

comm.plan @too_few_indices ranks 2 topk 1 depth 1 steps serial result rows {
  %x = comm.buffer local slot [1, 2] of 8 bytes
  // region-c1
  // expected-error @+1 {{'x' takes 2 indices, not 1}}
  %cp = comm.copy : %x[0]{A(r)} from %x[0, r]{A(r)}
}

// -----

comm.plan @index_beyond_its_extent ranks 3 topk 1 depth 1 steps serial result rows {
  %x = comm.buffer local slot [2] of 8 bytes
  // region-c1
  // expected-error @+1 {{index 'r' of 'x' must stay below its extent 2}}
  %cp = comm.copy : %x[r]{A(r)} from %x[0]{A(r)}
}

// -----

comm.plan @step_without_remainder ranks 3 topk 1 depth 1 steps serial result rows {
  %x = comm.buffer local slot [2] of 8 bytes
  // region-c1
  // expected-error @+1 {{index 'n' of 'x' must stay below its extent 2}}
  %cp = comm.copy : %x[n]{A(r)} from %x[0]{A(r)}
}

// -----

comm.plan @rows_in_a_buffer_of_tokens ranks 3 topk 2 depth 1 steps serial result rows {
  %x = comm.buffer local slot of 8 bytes
  %z = comm.buffer local slot of 2 x 8 bytes
  // region-c3
  // expected-error @+1 {{'x' must have 2 records a token to hold Y(r,p), not 1}}
  %cp = comm.copy for p in all : %x{Y(r,p)} from %z{Y(r,p)}
}

// -----

comm.plan @tokens_of_no_rank ranks 3 topk 1 depth 1 steps serial result rows {
  %x = comm.buffer local slot of 8 bytes
  %z = comm.buffer local slot of 8 bytes
  // region-c4
  // expected-error @+1 {{argument of a set 'r + 1' must be a rank, 0 to 2, for every value of its variables}}
  %cp = comm.copy : %x{A(r + 1)} from %z{A(r + 1)}
}

// -----

comm.plan @write_to_the_input ranks 3 topk 1 depth 1 steps serial result rows {
  %x = comm.buffer input slot of 8 bytes
  %z = comm.buffer local slot of 8 bytes
  // region-c5
  // expected-error @+1 {{writes the input 'x'}}
  %cp = comm.copy : %x{A(r)} from %z{A(r)}
}

// -----

comm.plan @read_of_the_output ranks 3 topk 1 depth 1 steps serial result rows {
  %x = comm.buffer output slot of 8 bytes
  %z = comm.buffer local slot of 8 bytes
  // region-c5
  // expected-error @+1 {{reads the output 'x'}}
  %cp = comm.copy : %z{A(r)} from %x{A(r)}
}

// -----

comm.plan @after_a_later_op ranks 3 topk 1 depth 1 steps serial result rows {
  %f = comm.flag by r
  // after-c1
  // expected-error @+1 {{operand #1 does not dominate this use}}
  %a = comm.wait : %f at n after(%b)
  // expected-note @+1 {{operand defined here}}
  %b = comm.wait : %f at n
}

// -----

comm.plan @wrong_number_of_values ranks 3 topk 1 depth 1 steps serial result rows {
  %f = comm.flag [3] by i0
  // expected-note @+1 {{'a' is here}}
  %a = comm.wait for p in all : %f[p] at n
  // after-c1
  // expected-error @+1 {{names 2 values of 'a', which has 1 domain variables}}
  %b = comm.wait : %f[r] at n after(%a(r, r))
}

// -----

comm.plan @instance_of_no_rank ranks 3 topk 1 depth 1 steps serial result rows {
  %f = comm.flag [3] by i0
  %a = comm.wait for p in all : %f[p] at n
  // after-c1
  // expected-error @+1 {{instance 'r - 1' must be a value of 'p', 0 to 2, for every value of its variables}}
  %b = comm.wait : %f[r] at n after(%a(r - 1))
}

// -----

comm.plan @token_from_elsewhere ranks 3 topk 1 depth 1 steps serial result rows {
  %f = comm.flag by r
  %c = builtin.unrealized_conversion_cast to !comm.token
  // after-c1
  // expected-error @+1 {{token must be the result of a family of tasks}}
  %b = comm.wait : %f at n after(%c)
}

// -----

comm.plan @instances_are_missing ranks 3 topk 1 depth 1 steps serial result rows {
  %f = comm.flag by r
  %a = comm.wait : %f at n
  // after-c1
  // expected-error @+1 {{names 0 instances for 1 tokens}}
  %b = "comm.wait"(%f, %a) <{label = "b", domains = [], afterInstances = [], index = affine_map<(d0, d1) -> ()>,
    value = affine_map<(d0, d1) -> (d1)>}> : (!comm.flag, !comm.token) -> !comm.token
}

// -----

comm.plan @any_value_of_every_variable ranks 3 topk 1 depth 1 steps serial result rows {
  %f = comm.flag [3] by i0
  %a = comm.wait for p in all : %f[p] at n
  // after-c1
  // expected-error @+1 {{names any value of every variable of 'a': write the token alone}}
  %b = comm.wait : %f[r] at n after(%a(*))
}

// -----

comm.plan @a_lane_beyond_the_node ranks 6 nodes 2 topk 1 depth 1 steps serial result rows {
  %f = comm.flag [3] by r
  %a = comm.wait for m in lanes : %f[m] at n
  // after-c1
  // expected-error @+1 {{instance 'r' must be a value of 'm', 0 to 2, for every value of its variables}}
  %b = comm.wait : %f[0] at n after(%a(r))
}

// -----

comm.plan @a_rank_for_a_node ranks 6 nodes 2 topk 1 depth 1 steps serial result rows {
  %x = comm.buffer local seq [6] of 8 bytes
  %z = comm.buffer local seq [6] of 8 bytes
  // region-c4
  // expected-error @+1 {{second argument of M 'r' must be a node, 0 to 1, for every value of its variables}}
  %cp = comm.copy : %x[r]{M(r, r)} from %z[r]{M(r, r)}
}

// -----

comm.plan @a_frame_of_other_tokens ranks 6 nodes 2 topk 1 depth 1 steps serial result rows {
  %x = comm.buffer sym seq [6] of 8 bytes
  %z = comm.buffer local seq [6] of 8 bytes
  // region-c6
  // expected-error @+1 {{D(r,p) is no part of M(p,0): a frame is M around D or Q of the same rank, or around S or P of it and the same node, or D around Q of it and the same peer}}
  %pd = comm.put for p in all to p : %x[r]{D(r,p)} from %z[p]{D(r,p) in M(p,0)}
}

// -----

comm.plan @a_frame_in_a_copy ranks 6 nodes 2 topk 1 depth 1 steps serial result rows {
  %x = comm.buffer local seq [6] of 8 bytes
  %z = comm.buffer local seq [6] of 8 bytes
  // region-c6
  // expected-error @+1 {{has a frame, which only the source of a put may have, or a put or reduce around pieces}}
  %cp = comm.copy for p in all : %x[p]{D(r,p)} from %z[p]{D(r,p) in M(r,0)}
}

// -----

comm.plan @a_stage_without_frame ranks 6 nodes 2 stages 4 topk 1 depth 1 steps serial result rows {
  %x = comm.buffer sym seq [6] of 8 bytes
  %z = comm.buffer local slot of 8 bytes
  // region-c6
  // expected-error @+1 {{holds S(r,0,k,0) in 'x' of layout seq without M around it}}
  %pd = comm.put for k in stages to 0 : %x[r]{S(r,0,k,0)} from %z{S(r,0,k,0)}
}

// -----

comm.plan @a_stage_of_another_node ranks 6 nodes 2 stages 4 topk 1 depth 1 steps serial result rows {
  %x = comm.buffer sym seq [6] of 8 bytes
  %z = comm.buffer local slot of 8 bytes
  // region-c6
  // expected-error @+1 {{S(r,0,k,0) is no part of M(r,1): a frame is M around D or Q of the same rank, or around S or P of it and the same node, or D around Q of it and the same peer}}
  %pd = comm.put for k in stages to 0 : %x[r]{S(r,0,k,0) in M(r,1)} from %z{S(r,0,k,0)}
}

// -----

comm.plan @a_piece_without_frame ranks 6 nodes 2 stages 4 topk 1 depth 1 steps serial result rows {
  %x = comm.buffer sym seq [6] of 8 bytes
  %z = comm.buffer local slot of 8 bytes
  // region-c6
  // expected-error @+1 {{holds Q(r,0,k) in 'x' of layout seq without D around it}}
  %pd = comm.put for k in stages to 0 : %x[r]{Q(r,0,k)} from %z{Q(r,0,k)}
}

// -----

comm.plan @a_piece_of_another_rank ranks 6 nodes 2 stages 4 topk 1 depth 1 steps serial result rows {
  %x = comm.buffer sym seq [6] of 8 bytes
  %z = comm.buffer local slot of 8 bytes
  // region-c6
  // expected-error @+1 {{Q(r,0,k) is no part of D(r,1): a frame is M around D or Q of the same rank, or around S or P of it and the same node, or D around Q of it and the same peer}}
  %pd = comm.put for k in stages to 0 : %x[r]{Q(r,0,k) in D(r,1)} from %z{Q(r,0,k)}
}

// -----

comm.plan @a_share_put_into_the_whole_of_a_node ranks 6 nodes 2 stages 4 topk 1 depth 1 steps serial result rows {
  %x = comm.buffer sym seq [6] of 8 bytes
  %z = comm.buffer local slot of 8 bytes
  // region-c6
  // expected-error @+1 {{has a frame, which only the source of a put may have, or a put or reduce around pieces}}
  %pd = comm.put for k in stages to 0 : %x[r]{Q(r,0,k) in M(r,0)} from %z{Q(r,0,k)}
}

// -----

comm.plan @a_piece_of_a_node_that_is_none ranks 6 nodes 2 stages 4 topk 1 depth 1 steps serial result rows {
  %x = comm.buffer sym seq [6] of 8 bytes
  %z = comm.buffer local slot of 8 bytes
  // region-c4
  // expected-error @+1 {{second argument of P 'r' must be a node, 0 to 1, for every value of its variables}}
  %pd = comm.put for k in stages to 0 : %x[r]{P(r,r,k) in M(r,r)} from %z{P(r,r,k)}
}

// -----

comm.plan @other_pieces_of_parts_and_sums ranks 4 nodes 2 stages 2 topk 1 depth 1 steps serial result node_partial {
  comm.task @node_sum kind node_sum
  %nm = comm.buffer local seq [2] of 20 bytes
  %c = comm.buffer local seq [2, 2] of 8 bytes
  %z = comm.buffer local seq [2] of 8 bytes
  // compute-c6
  // expected-error @+1 {{task of kind node_sum takes one piece of all its sets, or none}}
  %rn = comm.reduce @node_sum for k in stages, b in nodes reads %nm[b]{P(b * 2 + r mod 2,r floordiv 2,k) in M(b * 2 + r mod 2,r floordiv 2)},
        %c[b, m]{Q(b * 2 + r mod 2,r floordiv 2 * 2 + m,0) in D(b * 2 + r mod 2,r floordiv 2 * 2 + m)} each m in lanes
        writes %z[b]{P(b * 2 + r mod 2,r floordiv 2,k) in M(b * 2 + r mod 2,r floordiv 2)}
}

// -----

comm.plan @pieces_of_a_split ranks 4 nodes 2 stages 2 topk 1 depth 1 steps serial result rows {
  comm.task @pack_nodes kind pack_nodes
  %route = comm.buffer local slot of 12 bytes
  %packed = comm.buffer local slot [2] of 20 bytes
  // compute-c6
  // expected-error @+1 {{task of kind pack_nodes takes no pieces}}
  %pk = comm.compute @pack_nodes for k in stages, b in nodes reads %route{A(r)} writes %packed[b]{P(r,b,k)}
}

// -----

comm.plan @a_stage_that_is_none ranks 6 nodes 2 stages 4 topk 1 depth 1 steps serial result rows {
  %x = comm.buffer sym seq [6] of 8 bytes
  %z = comm.buffer local slot of 8 bytes
  // region-c4
  // expected-error @+1 {{third argument of S 'r' must be a stage, 0 to 3, for every value of its variables}}
  %pd = comm.put to 0 : %x[r]{S(r,0,r,0) in M(r,0)} from %z{S(r,0,r,0)}
}

// -----

comm.plan @a_frame_in_slots ranks 6 nodes 2 topk 1 depth 1 steps serial result rows {
  %x = comm.buffer sym seq [6] of 8 bytes
  %z = comm.buffer local slot of 8 bytes
  // region-c6
  // expected-error @+1 {{takes a part of 'z', which must have layout seq}}
  %pd = comm.put for p in all to p : %x[r]{D(r,p)} from %z{D(r,p) in M(r,0)}
}

// -----

comm.plan @own_node_of_other_nodes ranks 4 nodes 2 topk 1 depth 1 steps serial result rows {
  %x = comm.buffer local slot [2] of 8 bytes
  %z = comm.buffer local slot [2] of 8 bytes
  %a = comm.copy for b in other_nodes : %z[b]{A(r)} from %x[b]{A(r)}
  // after-c1
  // expected-error @+1 {{value of 'b' must be a variable of its own that runs through other_nodes}}
  %c = comm.copy for b in nodes : %x[b]{A(r)} from %z[b]{A(r)} after(%a(b))
}
