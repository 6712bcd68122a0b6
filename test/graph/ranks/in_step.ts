import * as assert from 'uvu/assert';
import { shareOut } from '../../../src/graph/ranks/share.ts';
import { withInputs } from '../../../src/graph/rewrite.ts';
import { ancestors, roots } from '../../../src/graph/walk.ts';
import { add } from '../../../src/ops/index.ts';
import { evaluateAll } from '../../../src/oracle/evaluate.ts';
import { elements, type Shape } from '../../../src/tensor/shape.ts';
import { createTensor, isOp, type Tensor } from '../../../src/tensor/tensor.ts';
import type { Graph } from '../../../src/tensor/trace.ts';

/** What feeds and variables of the whole batch's graph hold, by name. */
export type Values = Readonly<Record<string, Float64Array>>;

/** What the ranks of a batch compute together. */
export interface InStep {
  /** Each rank's graph. */
  readonly graphs: readonly Graph[];
  /** The shapes of the sums over ranks, in their order. */
  readonly summed: readonly Shape[];
  /** By rank and name. */
  readonly outputs: readonly Values[];
  /** What variables hold afterwards, by rank and name. */
  readonly variables: readonly Values[];
}

/** Shares a graph out among ranks and computes all of their graphs in step, in float64 with the oracle's plain loops: each sum over ranks is
 *  the sum of what every rank brings to it. */
export function computeInStep(graph: Graph, values: Values, ranks: number, block: number): InStep {
  const graphs = Array.from({ length: ranks }, (_, rank) => shareOut(graph, { rank, ranks, block }));
  const { joined, summed } = join(graphs);
  const bindings = Object.fromEntries(graphs.flatMap((own, rank) => bindingsOf(own, rank, values, ranks, block)));
  const names = Object.keys(graph.outputs);
  const all = joined.flatMap((lookUp, rank) => roots(graphs[rank] as Graph).map(lookUp));
  const { outputs, variables } = evaluateAll(all, bindings);
  const perRank = outputs.length / ranks;
  return {
    graphs,
    summed,
    outputs: graphs.map((_, rank) =>
      Object.fromEntries(names.map((name, i) => [name, outputs[rank * perRank + i] as Float64Array])),
    ),
    variables: graphs.map((_, rank) =>
      Object.fromEntries(
        Object.entries(variables).flatMap(([name, data]) =>
          name.endsWith(nameOf('', rank)) ? [[name.slice(0, -nameOf('', rank).length), data]] : [],
        ),
      ),
    ),
  };
}

const nameOf = (name: string, rank: number): string => `${name}@${rank}`;

/** One graph of all ranks': the i-th sum over ranks of each becomes the sum of the operands of all i-th ones. Answers each rank's nodes in it. */
function join(graphs: readonly Graph[]) {
  const orders = graphs.map((graph) => ancestors(roots(graph)));
  const nodes = graphs.map(() => new Map<Tensor, Tensor>());
  const lookUps = nodes.map((own) => (tensor: Tensor) => own.get(tensor) as Tensor);
  const summed: Shape[] = [];
  /** Takes over a rank's nodes up to its next sum over ranks, which it answers. */
  const advance = (rank: number): Tensor | undefined => {
    const order = orders[rank] as Tensor[];
    for (let node = order.shift(); node; node = order.shift()) {
      if (node.op === 'allReduce') return node;
      const own = withInputs(node, node.inputs.map(lookUps[rank] as (tensor: Tensor) => Tensor));
      nodes[rank]?.set(node, renamed(own, rank));
    }
    return undefined;
  };
  for (;;) {
    const sums = graphs.map((_, rank) => advance(rank));
    if (sums.every((sum) => sum === undefined)) return { joined: lookUps, summed };
    assert.ok(
      sums.every((sum) => String(sum?.shape) === String(sums[0]?.shape)),
      'the ranks differ in what they sum',
    );
    const operands = (sums as Tensor[]).map(({ inputs }, rank) => lookUps[rank]?.(inputs[0] as Tensor) as Tensor);
    const total = operands.reduce((a, b) => add(a, b));
    for (const [rank, sum] of (sums as Tensor[]).entries()) nodes[rank]?.set(sum, total);
    summed.push(total.shape);
  }
}

function renamed(node: Tensor, rank: number): Tensor {
  if (!isOp(node, 'feed') && !isOp(node, 'variable')) return node;
  const { id: _, ...fields } = node;
  return createTensor({ ...fields, attributes: { name: nameOf(node.attributes.name, rank) } } as Omit<Tensor, 'id'>);
}

function bindingsOf({ feeds, variables }: Graph, rank: number, values: Values, ranks: number, block: number) {
  const own = feeds.map(({ attributes: { name }, shape }) => {
    const whole = values[name] as Float64Array;
    const isShared = whole.length === ranks * elements(shape);
    return [
      nameOf(name, rank),
      isShared ? rowsOf(whole, whole.length / ((shape[0] as number) * ranks), rank, ranks, block) : whole,
    ] as const;
  });
  return [...own, ...variables.map(({ name }) => [nameOf(name, rank), values[name] as Float64Array] as const)];
}

/** The rows of a rank: of each block of images, the ranks have equal parts in their order. */
function rowsOf(whole: Float64Array, width: number, rank: number, ranks: number, block: number): Float64Array {
  return whole.filter((_, i) => Math.floor(((Math.floor(i / width) % block) * ranks) / block) === rank);
}
