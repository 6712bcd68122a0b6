import { ConfigError } from '../../errors.ts';
import { isScalarOp } from '../../graph/expression.ts';
import { lower } from '../../graph/lower.ts';
import { simplify } from '../../graph/simplify.ts';
import { ancestors, roots } from '../../graph/walk.ts';
import { evaluate } from '../../oracle/evaluate.ts';
import { elements } from '../../tensor/shape.ts';
import { isOp, type Tensor } from '../../tensor/tensor.ts';
import type { Graph } from '../../tensor/trace.ts';
import {
  agree,
  BATCH,
  formatSizes,
  isPortable,
  type PortableAttributes,
  type PortableGraph,
  type PortableNode,
  type PortableOp,
  type PortableShape,
  type Size,
} from './graph.ts';

/** The values of variables by name. */
export type WeightSource = (name: string) => Promise<Float32Array>;

/** How a network is frozen. */
export interface FreezeOptions {
  /** Whether what depends on variables alone is computed now, by the float64 loops; otherwise it stays in the graph. */
  readonly fold: boolean;
}

/** Batches that a network is traced for: sizes that no axis of a network has by itself. */
const TRACED = [1009, 1013] as const;

/** A network with its weights, for any batch. It is traced for two batches; what differs between the traces is the batch.
 *  @param trace makes the graph for a batch; @throws ConfigError export_unsupported, with the op that has no counterpart elsewhere */
export async function freeze(
  trace: (batch: number) => Graph,
  weights: WeightSource,
  { fold }: FreezeOptions,
): Promise<PortableGraph> {
  const [graph, other] = TRACED.map((batch) => simplify(lower(trace(batch), new Set()))) as [Graph, Graph];
  const [nodes, others] = [ancestors(roots(graph)), ancestors(roots(other))];
  const pairs = nodes.map((node, i) => pairOf(node, others[i]));
  const values = await readWeights(nodes, weights);
  const fixed = fold ? fixedNodes(pairs) : new Set<Tensor>();
  const read = new Set([...roots(graph), ...pairs.flatMap(({ node }) => (fixed.has(node) ? [] : node.inputs))]);
  const folded = [...read].filter((node) => fixed.has(node) && node.inputs.length > 0);
  const freezer = new Freezer(values, fold ? foldConstants(folded, values) : undefined);
  for (const pair of pairs) {
    // What a folded value was computed from is not written.
    if (!fixed.has(pair.node) || read.has(pair.node)) freezer.add(pair);
  }
  return {
    layout: 'NHWC',
    inputs: graph.feeds.flatMap((feed) => freezer.frozen(feed) ?? []) as PortableNode<'input'>[],
    outputs: Object.fromEntries(
      Object.entries(graph.outputs).map(([name, tensor]) => [name, freezer.whole(tensor)] as const),
    ),
  };
}

/** A node of the traced graph, and its shape with the batch left open. */
interface Pair {
  readonly node: Tensor;
  readonly shape: PortableShape;
}

function pairOf(node: Tensor, other: Tensor | undefined): Pair {
  if (other?.op !== node.op || other.shape.length !== node.shape.length) throw dependsOnBatch(node);
  if (describeAttributes(node) !== describeAttributes(other)) throw dependsOnBatch(node);
  const shape = node.shape.map((size, axis): Size => {
    if (size === other.shape[axis]) return size;
    if (size === TRACED[0] && other.shape[axis] === TRACED[1]) return BATCH;
    throw dependsOnBatch(node);
  });
  return { node, shape };
}

/** The attributes of a node but those that are its own shape. */
function describeAttributes(node: Tensor): string {
  const own = isOp(node, 'slice') ? 'size' : isOp(node, 'reshape') || isOp(node, 'broadcast') ? 'shape' : '';
  return JSON.stringify({ ...node.attributes, ...(own && { [own]: undefined }) });
}

const unsupported = ({ op, scope }: Tensor, problem: string): ConfigError =>
  new ConfigError(
    'export_unsupported',
    `this network cannot be exported: the op ${op}${scope && ` in '${scope}'`} ${problem}`,
  );

const dependsOnBatch = (node: Tensor): ConfigError =>
  unsupported(node, 'depends on the number of images in another way than by having a row for each');

async function readWeights(
  nodes: readonly Tensor[],
  weights: WeightSource,
): Promise<ReadonlyMap<string, Float32Array>> {
  const values = new Map<string, Float32Array>();
  for (const node of nodes) {
    if (isOp(node, 'variable')) values.set(node.attributes.name, await weights(node.attributes.name));
  }
  return values;
}

/** What depends on variables alone. */
function fixedNodes(pairs: readonly Pair[]): ReadonlySet<Tensor> {
  const fixed = new Set<Tensor>();
  for (const { node, shape } of pairs) {
    const isFixed = isOp(node, 'feed') ? false : node.inputs.every((input) => fixed.has(input));
    if (isFixed && !shape.includes(BATCH)) fixed.add(node);
  }
  return fixed;
}

/** The values of nodes that depend on variables alone. */
function foldConstants(
  wanted: readonly Tensor[],
  values: ReadonlyMap<string, Float32Array>,
): ReadonlyMap<Tensor, Float32Array> {
  const needed = ancestors(wanted).filter((node) => isOp(node, 'variable'));
  const bindings = Object.fromEntries(
    needed.map(({ attributes: { name } }) => [name, Float64Array.from(values.get(name) as Float32Array)]),
  );
  const results = evaluate(wanted, bindings);
  return new Map(wanted.map((node, i) => [node, Float32Array.from(results[i] as Float64Array)]));
}

/** Other ops that there are elsewhere; the others have a rule of their own, or are refused. */
const KEPT = new Set<string>([
  'reduceSum',
  'reduceMax',
  'transpose',
  'concat',
  'pad',
  'matmul',
  'conv2d',
  'conv2dInputGradient',
  'maxPool',
  'averagePool',
  'upsampleNearest',
  'slice',
  'reshape',
] satisfies (PortableOp & Tensor['op'])[]);

/** Makes portable nodes of traced ones. A broadcast is a view whose repeated axes have size 1, until something needs it whole. */
class Freezer {
  private readonly made = new Map<Tensor, PortableNode>();
  private readonly shapes = new Map<Tensor, PortableShape>();

  constructor(
    private readonly values: ReadonlyMap<string, Float32Array>,
    /** Undefined where weights stay as they are. */
    private readonly folded: ReadonlyMap<Tensor, Float32Array> | undefined,
  ) {}

  add({ node, shape }: Pair): void {
    this.shapes.set(node, shape);
    this.made.set(node, this.make(node, shape));
  }

  frozen(tensor: Tensor): PortableNode | undefined {
    return this.made.get(tensor);
  }

  /** A value with all its elements. */
  whole(tensor: Tensor): PortableNode {
    const node = this.made.get(tensor) as PortableNode;
    const shape = this.shapes.get(tensor) as PortableShape;
    if (agree(node.shape, shape)) return node;
    if (shape.some((size, axis) => size === BATCH && node.shape[axis] !== BATCH))
      throw unsupported(tensor, `makes ${formatSizes(shape)} of what is the same for all images`);
    return { op: 'expand', attributes: {}, inputs: [node], shape, scope: tensor.scope };
  }

  private make(node: Tensor, shape: PortableShape): PortableNode {
    const { scope } = node;
    if (isOp(node, 'feed')) return { op: 'input', attributes: node.attributes, inputs: [], shape, scope };
    if (isOp(node, 'variable')) {
      const { name } = node.attributes;
      return leaf(name, this.values.get(name) as Float32Array, node.shape, scope);
    }
    if (isOp(node, 'constant'))
      return leaf(
        '',
        Float32Array.of(node.attributes.value),
        node.shape.map(() => 1),
        scope,
      );
    const folded = this.folded?.get(node);
    if (folded) return leaf(`${scope}.${node.op}`, folded, node.shape, scope);
    if (isOp(node, 'broadcast')) return this.broadcast(node, shape);
    const { op } = node as { readonly op: PortableOp };
    if (isScalarOp(node)) {
      const inputs = node.inputs.map((input) => this.made.get(input) as PortableNode);
      return {
        op,
        attributes: node.attributes as PortableAttributes[PortableOp],
        inputs,
        shape: widest(inputs),
        scope,
      };
    }
    if (!KEPT.has(op)) throw unsupported(node, 'has no counterpart in other programs');
    const attributes = node.attributes as PortableAttributes[PortableOp];
    return { op, attributes, inputs: node.inputs.map((input) => this.whole(input)), shape, scope };
  }

  private broadcast({ attributes: { axes }, inputs, scope }: Tensor<'broadcast'>, result: PortableShape): PortableNode {
    const input = this.made.get(inputs[0] as Tensor) as PortableNode;
    const kept = [...input.shape];
    const shape = result.map((_, axis) => (axes.includes(axis) ? 1 : (kept.shift() as Size)));
    const isView = isPortable(input, 'weights') && (this.folded !== undefined || input.attributes.name === '');
    if (!isView) return { op: 'reshape', attributes: {}, inputs: [input], shape, scope };
    return { ...input, shape };
  }
}

/** The shape that operands are broadcast to. */
const widest = (inputs: readonly PortableNode[]): PortableShape =>
  (inputs[0] as PortableNode).shape.map(
    (_, axis) => inputs.map(({ shape }) => shape[axis] as Size).find((size) => size !== 1) ?? 1,
  );

function leaf(name: string, data: Float32Array, shape: readonly number[], scope: string): PortableNode<'weights'> {
  if (data.length !== elements(shape)) throw new RangeError(`${name} holds ${data.length} numbers`);
  return { op: 'weights', attributes: { name, data }, inputs: [], shape, scope };
}
