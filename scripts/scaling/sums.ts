import { shareOut } from '../../src/graph/ranks/share.ts';
import { ancestors, roots } from '../../src/graph/walk.ts';
import { elements } from '../../src/tensor/shape.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import type { Graph } from '../../src/tensor/trace.ts';

/** What the ranks of a program sum. */
export interface ProgramSums {
  /** Bytes of each sum that another one waits for: moments of a batch norm, gradients of a discriminator that the generator then learns from. */
  readonly awaited: readonly number[];
  /** Bytes of each other sum in its order: buckets of gradients. */
  readonly last: readonly number[];
}

/** Counts what `ranks` processes sum in a program that was traced for the batch of all of them. */
export function countSums(graph: Graph, ranks: number, batch: number): ProgramSums {
  const nodes = ancestors(roots(shareOut(graph, { rank: 0, ranks, block: batch })));
  const isNeeded = new Set<Tensor>();
  for (const node of nodes.toReversed()) {
    if (node.op === 'allReduce' || isNeeded.has(node)) for (const input of node.inputs) isNeeded.add(input);
  }
  const sums = nodes.filter(({ op }) => op === 'allReduce');
  const bytesOf = (isAwaited: boolean): number[] =>
    sums.filter((sum) => isNeeded.has(sum) === isAwaited).map(({ shape }) => 4 * elements(shape));
  return { awaited: bytesOf(true), last: bytesOf(false) };
}
