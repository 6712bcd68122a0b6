import {
  isPortable,
  type Layout,
  nodesOf,
  type PortableGraph,
  type PortableNode,
  type PortableOp,
  type PortableShape,
  permuted,
  type Size,
} from './graph.ts';

/** [N,H,W,C] -> [N,C,H,W], and [K,R,S,C] -> [K,C,R,S]. */
const TO_FIRST = [0, 3, 1, 2];
const TO_LAST = [0, 2, 3, 1];

/** How a network is rewritten. */
export interface ChannelsFirstOptions {
  /** Where the channels of the images are that go in and come out. */
  readonly ends: Layout;
  /** Whether each variable stays one array: filters are [K,C,R,S] then wherever they are read. Otherwise weights are there in each order in
   *  which they are read. */
  readonly keepsVariables?: boolean;
}

/** The same network with the channels of images before height and width, as most other programs have them. Where gannet's order matters,
 *  as behind a linear layer that makes maps, the axes are exchanged once. */
export function channelsFirst(graph: PortableGraph, options: ChannelsFirstOptions): PortableGraph {
  const { ends } = options;
  const rewriter = new Rewriter(options);
  for (const node of nodesOf(graph)) rewriter.add(node);
  const atEnd = (node: PortableNode) => (isImage(node) && ends === 'NCHW' ? rewriter.first(node) : rewriter.last(node));
  return {
    layout: 'NCHW',
    inputs: graph.inputs.map((input) => atEnd(input) as PortableNode<'input'>),
    outputs: Object.fromEntries(Object.entries(graph.outputs).map(([name, node]) => [name, atEnd(node)])),
  };
}

const isImage = ({ shape }: PortableNode): boolean => shape.length === 4;

const inOrder = <T>(values: readonly T[], permutation: readonly number[]): T[] =>
  permutation.map((axis) => values[axis] as T);

type Rule = (node: PortableNode, inputs: readonly PortableNode[]) => PortableNode;

class Rewriter {
  /** What stands for a node of the given graph, in either order; both once it was asked for. */
  private readonly lasts = new Map<PortableNode, PortableNode>();
  private readonly firsts = new Map<PortableNode, PortableNode>();
  /** Nodes that are computed with channels first. */
  private readonly madeFirst = new Set<PortableNode>();

  constructor(private readonly options: ChannelsFirstOptions) {}

  add(node: PortableNode): void {
    if (this.isVariable(node) && isImage(node)) {
      this.madeFirst.add(node);
      this.firsts.set(node, withOrder(node, TO_FIRST));
    } else if (this.isMadeFirst(node)) {
      const rule = FIRST_RULES[node.op] ?? FOLLOW;
      const inputs = node.inputs.map((input) => (isImage(input) ? this.first(input) : this.last(input)));
      const made = rule(node, inputs);
      if (isImage(node)) this.madeFirst.add(node);
      (isImage(node) ? this.firsts : this.lasts).set(node, made);
    } else {
      this.lasts.set(node, { ...node, inputs: node.inputs.map((input) => this.last(input)) });
    }
  }

  first(node: PortableNode): PortableNode {
    return this.version(node, this.firsts, this.lasts, TO_FIRST);
  }

  last(node: PortableNode): PortableNode {
    return this.version(node, this.lasts, this.firsts, TO_LAST);
  }

  private version(
    node: PortableNode,
    wanted: Map<PortableNode, PortableNode>,
    other: Map<PortableNode, PortableNode>,
    permutation: readonly number[],
  ): PortableNode {
    const known = wanted.get(node) ?? this.moved(other.get(node) as PortableNode, permutation);
    wanted.set(node, known);
    return known;
  }

  /** A value with its axes in another order: weights as other weights, the rest by a node, which moves nothing where axes of size 1 alone
   *  change places. */
  private moved(node: PortableNode, permutation: readonly number[]): PortableNode {
    if (isPortable(node, 'weights') && !this.isVariable(node)) return withOrder(node, permutation);
    const { scope } = node;
    const shape = inOrder(node.shape, permutation);
    if (keepsElements(node.shape, permutation)) return { op: 'reshape', attributes: {}, inputs: [node], shape, scope };
    return { op: 'transpose', attributes: { permutation }, inputs: [node], shape, scope };
  }

  /** Whether this is a variable that is to stay one array. */
  private isVariable(node: PortableNode): node is PortableNode<'weights'> {
    return this.options.keepsVariables === true && isPortable(node, 'weights') && node.attributes.name !== '';
  }

  /** Whether a node is computed with channels first: what slides a window is, and what follows such a node and can be. */
  private isMadeFirst(node: PortableNode): boolean {
    if (WINDOWED.has(node.op)) return true;
    if (node.op === 'input') return isImage(node) && this.options.ends === 'NCHW';
    if (IN_GANNETS_ORDER.has(node.op) || (isReduction(node) && !keepsOrder(node))) return false;
    return node.inputs.some((input) => this.madeFirst.has(input));
  }
}

const WINDOWED = new Set<PortableOp>(['conv2d', 'conv2dInputGradient', 'maxPool', 'averagePool', 'upsampleNearest']);
const IN_GANNETS_ORDER = new Set<PortableOp>(['reshape', 'transpose', 'matmul', 'weights']);

const isReduction = (node: PortableNode): node is PortableNode<'reduceSum' | 'reduceMax'> =>
  node.op === 'reduceSum' || node.op === 'reduceMax';

/** Whether the axes that a reduction of images keeps lie in the same order with channels first. */
function keepsOrder({ attributes: { axes } }: PortableNode<'reduceSum' | 'reduceMax'>): boolean {
  const kept = TO_FIRST.filter((axis) => !axes.includes(axis));
  return kept.every((axis, i) => axis > (kept[i - 1] ?? -1));
}

/** The same op on images with channels first. */
const FOLLOW: Rule = (node, inputs) => ({ ...node, inputs, shape: inOrder(node.shape, TO_FIRST) });

const reduced: Rule = (node, inputs) => {
  const { attributes } = node as PortableNode<'reduceSum'>;
  const axes = attributes.axes.map((axis) => TO_FIRST.indexOf(axis));
  return { ...node, attributes: { axes }, inputs };
};

/** Ops whose attributes name axes. */
const FIRST_RULES: Partial<Record<PortableOp, Rule>> = {
  reduceSum: reduced,
  reduceMax: reduced,
  concat: (node, inputs) => {
    const { axis } = (node as PortableNode<'concat'>).attributes;
    return { ...FOLLOW(node, inputs), attributes: { axis: TO_FIRST.indexOf(axis) } };
  },
  slice: (node, inputs) => {
    const { begin } = (node as PortableNode<'slice'>).attributes;
    return { ...FOLLOW(node, inputs), attributes: { begin: inOrder(begin, TO_FIRST) } };
  },
  pad: (node, inputs) => {
    const { before, after } = (node as PortableNode<'pad'>).attributes;
    const attributes = { before: inOrder(before, TO_FIRST), after: inOrder(after, TO_FIRST) };
    return { ...FOLLOW(node, inputs), attributes };
  },
};

/** Weights with their axes in another order. */
function withOrder(node: PortableNode<'weights'>, permutation: readonly number[]): PortableNode<'weights'> {
  const { name, data } = node.attributes;
  const sizes = node.shape as readonly number[];
  return {
    ...node,
    attributes: { name, data: permuted(data, sizes, permutation) },
    shape: inOrder(sizes, permutation),
  };
}

function keepsElements(shape: PortableShape, permutation: readonly number[]): boolean {
  const long = permutation.filter((axis) => (shape[axis] as Size) !== 1);
  return long.every((axis, i) => axis > (long[i - 1] ?? -1));
}
