import type { OpAttributes, ScalarFunction } from '../../tensor/operators.ts';

/** The size of the batch, which a portable graph leaves open. */
export const BATCH = 'batch';

/** The size of an axis. */
export type Size = number | typeof BATCH;

/** Sizes of the axes, outermost first. */
export type PortableShape = readonly Size[];

/** The ops that are as they are in gannet's own graphs. */
type KeptOp =
  | ScalarFunction
  | 'reduceSum'
  | 'reduceMax'
  | 'transpose'
  | 'concat'
  | 'pad'
  | 'matmul'
  | 'conv2d'
  | 'conv2dInputGradient'
  | 'maxPool'
  | 'averagePool'
  | 'upsampleNearest';

type None = Record<never, never>;

/** The ops of a network that other programs are to run: name -> attributes. Operands of scalar functions have one rank and are broadcast
 *  along axes of size 1; shapes that an op aims at are those of its node. */
export interface PortableAttributes extends Pick<OpAttributes, KeptOp> {
  input: { readonly name: string };
  weights: { readonly name: string; readonly data: Float32Array };
  reshape: None;
  /** Repeats along axes of size 1, of which the batch is none. */
  expand: None;
  slice: { readonly begin: readonly number[] };
}

export type PortableOp = keyof PortableAttributes;

/** One value of a portable graph: the result of `op` on `inputs`. */
export interface PortableNode<K extends PortableOp = PortableOp> {
  readonly op: K;
  readonly attributes: PortableAttributes[K];
  readonly inputs: readonly PortableNode[];
  readonly shape: PortableShape;
  /** The layer that it belongs to, such as `generator.layer2`. */
  readonly scope: string;
}

/** Where the channels of images are: behind height and width, as gannet has them, or before. Filters of a graph NHWC are [K,R,S,C], of one
 *  NCHW they are [K,C,R,S]. */
export type Layout = 'NHWC' | 'NCHW';

/** A network for any batch, with its weights. */
export interface PortableGraph {
  readonly layout: Layout;
  readonly inputs: readonly PortableNode<'input'>[];
  /** By name. */
  readonly outputs: Readonly<Record<string, PortableNode>>;
}

/** Narrows a node to one op, so that its attributes are typed. */
export const isPortable = <K extends PortableOp>(node: PortableNode, op: K): node is PortableNode<K> => node.op === op;

/** Everything that the outputs of a graph depend on, each node after its inputs. */
export function nodesOf(graph: PortableGraph): PortableNode[] {
  const order = new Set<PortableNode>();
  const stack: PortableNode[] = [...Object.values(graph.outputs)].reverse();
  while (stack.length > 0) {
    const node = stack.at(-1) as PortableNode;
    const pending = node.inputs.filter((input) => !order.has(input));
    if (pending.length > 0) stack.push(...pending.reverse());
    else order.add(stack.pop() as PortableNode);
  }
  return [...order];
}

/** How many elements a shape without the batch has. */
export const sizeOf = (shape: PortableShape): number =>
  shape.reduce<number>((product, size) => product * (size === BATCH ? 1 : size), 1);

/** Whether two shapes agree. */
export const agree = (a: PortableShape, b: PortableShape): boolean =>
  a.length === b.length && a.every((size, axis) => size === b[axis]);

/** Lists a shape for messages: `[batch,4,4,64]`. */
export const formatSizes = (shape: PortableShape): string => `[${shape.join(',')}]`;

/** The elements of an array [shape] with its axes in another order, row-major. */
export function permuted(data: Float32Array, shape: readonly number[], permutation: readonly number[]): Float32Array {
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((product, size) => product * size, 1));
  const sizes = permutation.map((axis) => shape[axis] as number);
  const steps = permutation.map((axis) => strides[axis] as number);
  const result = new Float32Array(data.length);
  const index = sizes.map(() => 0);
  let from = 0;
  for (let to = 0; to < result.length; to++) {
    result[to] = data[from] as number;
    for (let axis = sizes.length - 1; axis >= 0; axis--) {
      from += steps[axis] as number;
      index[axis] = (index[axis] as number) + 1;
      if ((index[axis] as number) < (sizes[axis] as number)) break;
      from -= (index[axis] as number) * (steps[axis] as number);
      index[axis] = 0;
    }
  }
  return result;
}
