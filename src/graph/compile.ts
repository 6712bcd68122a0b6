import type { OpName } from '../tensor/operators.ts';
import type { Graph } from '../tensor/trace.ts';
import { fuse } from './fuse.ts';
import { lower } from './lower.ts';
import { narrow } from './narrow.ts';
import { plan } from './plan.ts';
import type { Program } from './program.ts';
import { simplify } from './simplify.ts';

/** Reductions of several results in one pass, which every device of the addon has. */
export const NATIVE_REDUCTIONS: ReadonlySet<OpName> = new Set(['reduceSums', 'reduceMoments']);

/** Makes a traced graph ready for a device that executes the composites of `claims` itself: lowered, simplified, fused, planned.
 *  @param narrowFrom how many elements a value has at least that the device keeps as bfloat16 between its kernels; by default it keeps
 *  none so */
export function compile(graph: Graph, claims: ReadonlySet<OpName>, narrowFrom = Number.POSITIVE_INFINITY): Program {
  const narrowed = narrow(optimize(graph, claims), narrowFrom);
  return plan(narrowed.graph, narrowed.narrow);
}

/** The graph that `compile` plans. */
export const optimize = (graph: Graph, claims: ReadonlySet<OpName>): Graph => fuse(simplify(lower(graph, claims)));
