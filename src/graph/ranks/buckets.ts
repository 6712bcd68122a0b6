import { allReduceSum } from '../../ops/all_reduce.ts';
import { concat, reshape, slice } from '../../ops/movement.ts';
import { elements } from '../../tensor/shape.ts';
import { isOp, type Tensor } from '../../tensor/tensor.ts';
import type { Graph, GraphOutputs } from '../../tensor/trace.ts';
import { withInputs, withRoots } from '../rewrite.ts';
import { ancestors, roots } from '../walk.ts';

/** Numbers at which a bucket is full: enough for the time of a message to be that of its bytes, and few beside those of a network. */
const BUCKET_ELEMENTS = 1 << 20;

/** The same graph with fewer, larger sums over ranks: those that no other one waits for, such as the gradients of weights, are made in
 *  buckets, in the order in which they are computed. */
export function bucketed<O extends GraphOutputs>(graph: Graph<O>): Graph<O> {
  const buckets = bucketsOf(lastSums(graph));
  const bucketOf = new Map(buckets.flatMap((bucket) => bucket.map((sum) => [sum, bucket] as const)));
  const replaced = new Map<Tensor, Tensor>();
  const lookUp = (tensor: Tensor): Tensor => replaced.get(tensor) as Tensor;
  const othersOperands = (node: Tensor): Tensor[] => bucketOf.get(node)?.flatMap(({ inputs }) => inputs) ?? [];
  for (const node of ancestors(roots(graph), othersOperands)) {
    if (replaced.has(node)) continue;
    const bucket = bucketOf.get(node);
    if (!bucket) {
      replaced.set(node, withInputs(node, node.inputs.map(lookUp)));
      continue;
    }
    const sums = reduceTogether(bucket.map(({ inputs }) => lookUp(inputs[0] as Tensor)));
    for (const [i, sum] of sums.entries()) replaced.set(bucket[i] as Tensor, sum);
  }
  return withRoots(graph, lookUp);
}

/** Sums over ranks that no other such sum is made of, in the order of computation. None of them depends on another. */
function lastSums(graph: Graph): Tensor[] {
  const order = ancestors(roots(graph));
  const leadsToSum = new Set<Tensor>();
  for (const node of order.toReversed()) {
    if (node.op === 'allReduce' || leadsToSum.has(node)) for (const input of node.inputs) leadsToSum.add(input);
  }
  return order.filter((node) => isOp(node, 'allReduce') && node.dtype === 'float32' && !leadsToSum.has(node));
}

function bucketsOf(sums: readonly Tensor[]): Tensor[][] {
  const buckets: Tensor[][] = [];
  let filled = BUCKET_ELEMENTS;
  for (const sum of sums) {
    if (filled >= BUCKET_ELEMENTS) {
      buckets.push([]);
      filled = 0;
    }
    (buckets.at(-1) as Tensor[]).push(sum);
    filled += elements(sum.shape);
  }
  return buckets.filter(({ length }) => length > 1);
}

/** The sums over ranks of tensors, as the parts of one. */
function reduceTogether(operands: readonly Tensor[]): Tensor[] {
  const all = allReduceSum(
    concat(
      operands.map((operand) => reshape(operand, [elements(operand.shape)])),
      0,
    ),
  );
  let begin = 0;
  return operands.map(({ shape }) => {
    const part = slice(all, [begin], [elements(shape)]);
    begin += elements(shape);
    return reshape(part, shape);
  });
}
