import type { OpName } from '../tensor/operators.ts';
import type { Graph } from '../tensor/trace.ts';
import { fuse } from './fuse.ts';
import { lower } from './lower.ts';
import { plan } from './plan.ts';
import type { Program } from './program.ts';
import { simplify } from './simplify.ts';

/** How many tensors one expression may read. A GPU is held up by memory, so it had better compute a value twice than write it; a CPU
 *  is held up as much by computing (on two cores a critic's step took a sixth longer with twelve). Devices that take several sums in
 *  one pass are of the first kind. */
const OPERANDS_OF_GPU = 12;
const OPERANDS_OF_CPU = 8;

/** Makes a traced graph ready for a device that executes the composites of `claims` itself: lowered, simplified, fused, planned. */
export const compile = (graph: Graph, claims: ReadonlySet<OpName>): Program => plan(optimize(graph, claims));

/** The graph that `compile` plans. */
export const optimize = (graph: Graph, claims: ReadonlySet<OpName>): Graph =>
  fuse(simplify(lower(graph, claims)), claims.has('reduceSums') ? OPERANDS_OF_GPU : OPERANDS_OF_CPU);
