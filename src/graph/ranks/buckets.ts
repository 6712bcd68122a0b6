import { allReduceSum } from '../../ops/all_reduce.ts';
import { concat, reshape, slice } from '../../ops/movement.ts';
import { overwrittenInputs } from '../../ops/update.ts';
import { elements } from '../../tensor/shape.ts';
import { isOp, type Tensor } from '../../tensor/tensor.ts';
import type { Graph, GraphOutputs } from '../../tensor/trace.ts';
import { withInputs, withRoots } from '../rewrite.ts';
import { ancestors, roots } from '../walk.ts';

/** Numbers at which a bucket is full: enough for the time of a message to be that of its bytes, and few beside those of a network. */
const BUCKET_ELEMENTS = 1 << 20;

/** The same graph with fewer, larger sums over ranks. Those of which a step makes no other sum, unless it reads a variable that they have
 *  updated, are made in buckets: the gradients of weights. Buckets are computed first, in the order in which what they sum can be
 *  ready, so that a bucket is summed while the gradients of the next are computed; what a bucket updates follows the next one. */
export function bucketed<O extends GraphOutputs>(graph: Graph<O>): Graph<O> {
  const buckets = bucketsOf(graph);
  const bucketOf = new Map(buckets.flatMap((bucket) => bucket.map((sum) => [sum, bucket] as const)));
  const replaced = new Map<Tensor, Tensor>();
  const lookUp = (tensor: Tensor): Tensor => replaced.get(tensor) as Tensor;
  const othersOperands = (node: Tensor): Tensor[] => bucketOf.get(node)?.flatMap(({ inputs }) => inputs) ?? [];
  const whole = new Map<readonly Tensor[], Tensor>();
  for (const node of ancestors(roots(graph), othersOperands)) {
    if (replaced.has(node)) continue;
    const bucket = bucketOf.get(node);
    if (!bucket) {
      replaced.set(node, withInputs(node, node.inputs.map(lookUp)));
      continue;
    }
    const { all, parts } = reduceTogether(bucket.map(({ inputs }) => lookUp(inputs[0] as Tensor)));
    whole.set(bucket, all);
    for (const [i, sum] of parts.entries()) replaced.set(bucket[i] as Tensor, sum);
  }
  const updates = updatesBy(graph, buckets);
  const first = buckets.flatMap((bucket, i) => [whole.get(bucket) as Tensor, ...(updates[i - 1] ?? []).map(lookUp)]);
  const shared = withRoots(graph, lookUp);
  return { ...shared, first: [...first, ...shared.first] };
}

/** For each bucket, the updates of which it is the last that they wait for. */
function updatesBy({ updates }: Graph, buckets: readonly (readonly Tensor[])[]): Tensor[][] {
  const latest = new Map(buckets.flatMap((bucket, i) => bucket.map((sum) => [sum, i] as const)));
  const latestOf = (node: Tensor): number => latest.get(node) ?? -1;
  for (const node of ancestors(updates)) latest.set(node, Math.max(latestOf(node), ...node.inputs.map(latestOf)));
  return buckets.map((_, i) => updates.filter((update) => latestOf(update) === i));
}

/** Sums that are made as one, each bucket after those that it depends on. What a graph wants first has buckets of its own. */
function bucketsOf(graph: Graph): Tensor[][] {
  const order = ancestors(roots(graph));
  const sums = lastSums(order);
  const wanted = new Set(ancestors(graph.first).filter((node) => sums.has(node)));
  const others = byDepth(order).filter((node) => sums.has(node) && !wanted.has(node));
  const behind = sumsBehind(order);
  const counts = [...new Set([...sums].map((sum) => behind.get(sum) as number))].sort((a, b) => b - a);
  return counts.flatMap((count) =>
    [[...wanted], others].flatMap((group) => filled(group.filter((sum) => behind.get(sum) === count))),
  );
}

/** Nodes by how many must be computed one after the other before them: what the way back through a network comes to first is first. */
function byDepth(order: readonly Tensor[]): Tensor[] {
  const depths = new Map<Tensor, number>();
  const depthOf = (node: Tensor): number => depths.get(node) as number;
  for (const node of order) depths.set(node, 1 + Math.max(0, ...node.inputs.map(depthOf)));
  return order.toSorted((a, b) => depthOf(a) - depthOf(b));
}

/** How many sums over ranks follow each node, one made of the other. Of sums that as many follow, none is made of another. */
export function sumsBehind(order: readonly Tensor[]): Map<Tensor, number> {
  const behind = new Map(order.map((node) => [node, 0]));
  const countOf = (node: Tensor): number => behind.get(node) as number;
  for (const node of order.toReversed()) {
    const count = countOf(node) + (node.op === 'allReduce' ? 1 : 0);
    for (const input of node.inputs) behind.set(input, Math.max(count, countOf(input)));
  }
  return behind;
}

/** Sums over ranks that no other such sum is made of before a variable is updated by them. */
export function lastSums(order: readonly Tensor[]): Set<Tensor> {
  const leadsToSum = new Set<Tensor>();
  for (const node of order.toReversed()) {
    if (overwrittenInputs(node).length > 0) continue;
    if (node.op === 'allReduce' || leadsToSum.has(node)) for (const input of node.inputs) leadsToSum.add(input);
  }
  return new Set(order.filter((node) => isOp(node, 'allReduce') && node.dtype === 'float32' && !leadsToSum.has(node)));
}

function filled(sums: readonly Tensor[]): Tensor[][] {
  const buckets: Tensor[][] = [];
  let numbers = BUCKET_ELEMENTS;
  for (const sum of sums) {
    if (numbers >= BUCKET_ELEMENTS) {
      buckets.push([]);
      numbers = 0;
    }
    (buckets.at(-1) as Tensor[]).push(sum);
    numbers += elements(sum.shape);
  }
  return buckets;
}

/** The sum over ranks of tensors as one, and that of each. */
function reduceTogether(operands: readonly Tensor[]): { readonly all: Tensor; readonly parts: readonly Tensor[] } {
  if (operands.length === 1) {
    const all = allReduceSum(operands[0] as Tensor);
    return { all, parts: [all] };
  }
  const all = allReduceSum(
    concat(
      operands.map((operand) => reshape(operand, [elements(operand.shape)])),
      0,
    ),
  );
  let begin = 0;
  const parts = operands.map(({ shape }) => {
    const part = slice(all, [begin], [elements(shape)]);
    begin += elements(shape);
    return reshape(part, shape);
  });
  return { all, parts };
}
