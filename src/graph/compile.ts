import type { OpName } from '../tensor/operators.ts';
import type { Graph } from '../tensor/trace.ts';
import { type Bfloat16Storage, chooseBfloat16 } from './bfloat16.ts';
import { fuse } from './fuse.ts';
import { lower } from './lower.ts';
import { plan } from './plan.ts';
import type { Program } from './program.ts';
import { simplify } from './simplify.ts';

/** Reductions of several results in one pass, which every device of the addon has. */
export const NATIVE_REDUCTIONS: ReadonlySet<OpName> = new Set(['reduceSums', 'reduceMoments']);

/** Makes a traced graph ready for a device that executes the composites of `claims` itself: lowered, simplified, fused, planned.
 *  @param storage how the device keeps large values as bfloat16 between its kernels; by default it keeps none so */
export function compile(graph: Graph, claims: ReadonlySet<OpName>, storage?: Bfloat16Storage): Program {
  const stored = chooseBfloat16(optimize(graph, claims), storage);
  return plan(stored.graph, stored.inBfloat16);
}

/** The graph that `compile` plans. */
export const optimize = (graph: Graph, claims: ReadonlySet<OpName>): Graph => fuse(simplify(lower(graph, claims)));
