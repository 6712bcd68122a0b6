import { lastSums, sumsBehind } from '../../src/graph/ranks/buckets.ts';
import { shareOut } from '../../src/graph/ranks/share.ts';
import { ancestors, roots } from '../../src/graph/walk.ts';
import { elements } from '../../src/tensor/shape.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import type { Graph } from '../../src/tensor/trace.ts';

/** What the ranks of a program sum. */
export interface ProgramSums {
  /** Bytes of each sum that the computation waits for: moments of a batch norm. */
  readonly awaited: readonly number[];
  /** Bytes of the buckets of gradients in their order. Those that others are made of are apart, such as those of a discriminator from whose
   *  new weights the generator learns within the program. */
  readonly buckets: readonly (readonly number[])[];
}

/** Counts what `ranks` processes sum in a program that was traced for the batch of all of them. */
export function countSums(graph: Graph, ranks: number, batch: number): ProgramSums {
  const nodes = ancestors(roots(shareOut(graph, { rank: 0, ranks, block: batch })));
  const last = lastSums(nodes);
  const behind = sumsBehind(nodes);
  const bytesOf = (sums: Iterable<Tensor>): number[] => [...sums].map(({ shape }) => 4 * elements(shape));
  const counts = [...new Set([...last].map((sum) => behind.get(sum)))];
  return {
    awaited: bytesOf(nodes.filter((node) => node.op === 'allReduce' && !last.has(node))),
    buckets: counts.map((count) => bytesOf([...last].filter((sum) => behind.get(sum) === count))),
  };
}
