import {
  agree,
  BATCH,
  nodesOf,
  type PortableAttributes,
  type PortableGraph,
  type PortableNode,
  type PortableOp,
  type PortableShape,
} from '../portable/graph.ts';
import { uniqueNames } from '../portable/names.ts';
import { cropOf } from '../portable/transposed.ts';
import type { OnnxAttribute, OnnxGraph, OnnxNode, OnnxTensor, OnnxValue } from './model.ts';

/** Writes a network with channels first in the ops of ONNX. Padding is explicit everywhere: what `auto_pad` means, runtimes do not agree on.
 *  @param name of the graph */
export function lowerToOnnx(graph: PortableGraph, name: string): OnnxGraph {
  const builder = new Builder(graph);
  for (const node of nodesOf(graph)) builder.add(node);
  return { name, ...builder.finish() };
}

/** How an op is written: adds the nodes of a value and answers the name of the last. */
type Rule<K extends PortableOp> = (build: NodeBuilder, node: PortableNode<K>, inputs: readonly string[]) => string;

/** Adds nodes for one value of the graph. */
interface NodeBuilder {
  /** Adds a node and answers the name of its result. */
  (operator: string, inputs: readonly string[], attributes?: Readonly<Record<string, OnnxAttribute>>): string;
  /** The name of a constant of whole numbers. */
  wholes(values: readonly number[]): string;
  reals(values: readonly number[]): string;
}

class Builder {
  private readonly names = new Map<PortableNode, string>();
  private readonly unique = uniqueNames();
  private readonly nodes: OnnxNode[] = [];
  private readonly tensors: OnnxTensor[] = [];
  private readonly constants = new Map<string, string>();
  private readonly outputs: ReadonlyMap<PortableNode, string>;

  constructor(private readonly graph: PortableGraph) {
    this.outputs = new Map(Object.entries(graph.outputs).map(([name, node]) => [node, name]));
    for (const { attributes } of graph.inputs) this.unique(attributes.name);
    for (const output of this.outputs.values()) this.unique(output);
  }

  add(node: PortableNode): void {
    const inputs = node.inputs.map((input) => this.names.get(input) as string);
    const rule = RULES[node.op] as Rule<PortableOp>;
    if (node.op === 'input') this.names.set(node, (node as PortableNode<'input'>).attributes.name);
    else if (node.op === 'weights') this.names.set(node, this.tensor(node as PortableNode<'weights'>));
    else this.names.set(node, rule(this.builderOf(node), node, inputs));
    const output = this.outputs.get(node);
    if (output !== undefined) this.name(node, output);
  }

  finish(): Omit<OnnxGraph, 'name'> {
    const outputs = Object.entries(this.graph.outputs).map(([name, node]) => endOf(name, node));
    const inputs = this.graph.inputs.map((node) => endOf(node.attributes.name, node));
    return { nodes: this.nodes, tensors: this.tensors, inputs, outputs };
  }

  /** Gives the value that was added last the name of an output. */
  private name(node: PortableNode, output: string): void {
    const last = this.nodes.at(-1);
    const value = this.names.get(node) as string;
    if (last?.output === value) this.nodes.splice(-1, 1, { ...last, output });
    else this.nodes.push({ operator: 'Identity', inputs: [value], output });
    this.names.set(node, output);
  }

  private builderOf({ scope }: PortableNode): NodeBuilder {
    const prefix = scope.replaceAll('.', '/');
    const build = (operator: string, inputs: readonly string[], attributes?: OnnxNode['attributes']): string => {
      const output = this.unique(`${prefix}/${operator}`);
      this.nodes.push({ operator, inputs, output, ...(attributes && { attributes }) });
      return output;
    };
    return Object.assign(build, {
      wholes: (values: readonly number[]) => this.constant(BigInt64Array.from(values, BigInt)),
      reals: (values: readonly number[]) => this.constant(Float32Array.from(values)),
    });
  }

  private tensor({ attributes: { name, data }, shape, scope }: PortableNode<'weights'>): string {
    const unique = this.unique(name === '' ? `${scope}.constant` : name);
    this.tensors.push({ name: unique, shape: shape as readonly number[], data });
    return unique;
  }

  /** The name of a vector; equal ones are one. */
  private constant(data: OnnxTensor['data']): string {
    const key = `${data instanceof Float32Array ? 'reals' : 'wholes'}.${[...data].join('_')}`;
    const known = this.constants.get(key) ?? this.unique(key);
    if (!this.constants.has(key)) this.tensors.push({ name: known, shape: [data.length], data });
    this.constants.set(key, known);
    return known;
  }
}

const endOf = (name: string, { shape }: PortableNode): OnnxValue => ({ name, shape });

/** An op that is one node without attributes. */
const plain =
  (operator: string): Rule<PortableOp> =>
  (build, _, inputs) =>
    build(operator, inputs);

/** The type of float32 in ONNX. */
const FLOAT = 1;

/** A comparison as 1 and 0. */
const comparison =
  (operator: string): Rule<PortableOp> =>
  (build, _, inputs) =>
    build('Cast', [build(operator, inputs)], { to: FLOAT });

const isPositive = (build: NodeBuilder, x: string): string => build('Greater', [x, build.reals([0])]);

/** [top, bottom, left, right] -> ONNX's order: all beginnings, then all ends. */
const pads = ([top, bottom, left, right]: readonly [number, number, number, number]): number[] => [
  top,
  left,
  bottom,
  right,
];

const poolAttributes = ({ size, stride, padding }: PortableAttributes['maxPool']) => ({
  kernel_shape: size,
  strides: stride,
  pads: pads(padding),
});

/** Cuts a block out of x along the axes that it does not take whole. */
function slice(
  build: NodeBuilder,
  x: string,
  from: PortableShape,
  begin: readonly number[],
  to: PortableShape,
): string {
  const axes = from.flatMap((size, axis) => (size === to[axis] ? [] : [axis]));
  if (axes.length === 0) return x;
  const starts = axes.map((axis) => begin[axis] as number);
  const ends = axes.map((axis) => (begin[axis] as number) + (to[axis] as number));
  return build('Slice', [x, build.wholes(starts), build.wholes(ends), build.wholes(axes)]);
}

const inputShape = (node: PortableNode, i = 0): PortableShape => (node.inputs[i] as PortableNode).shape;

/** Every portable op in the ops of ONNX. */
const RULES: { readonly [K in Exclude<PortableOp, 'input' | 'weights'>]: Rule<K> } & {
  readonly input?: never;
  readonly weights?: never;
} = {
  neg: plain('Neg'),
  abs: plain('Abs'),
  sign: plain('Sign'),
  step: (build, _, [x]) => build('Cast', [isPositive(build, x as string)], { to: FLOAT }),
  exp: plain('Exp'),
  log: plain('Log'),
  sqrt: plain('Sqrt'),
  reciprocal: plain('Reciprocal'),
  tanh: plain('Tanh'),
  sigmoid: plain('Sigmoid'),
  softplus: plain('Softplus'),
  relu: plain('Relu'),
  leakyRelu: (build, { attributes: { slope } }, inputs) => build('LeakyRelu', inputs, { alpha: { real: slope } }),
  elu: (build, { attributes: { slope } }, inputs) => build('Elu', inputs, { alpha: { real: slope } }),
  add: plain('Add'),
  sub: plain('Sub'),
  mul: plain('Mul'),
  div: plain('Div'),
  maximum: plain('Max'),
  minimum: plain('Min'),
  greater: comparison('Greater'),
  equal: comparison('Equal'),
  select: (build, _, [condition, a, b]) =>
    build('Where', [isPositive(build, condition as string), a as string, b as string]),

  reduceSum: (build, { attributes: { axes } }, [x]) =>
    build('ReduceSum', [x as string, build.wholes(axes)], { keepdims: 0 }),
  reduceMax: (build, { attributes: { axes } }, inputs) => build('ReduceMax', inputs, { axes, keepdims: 0 }),
  reshape: (build, { shape }, [x]) =>
    build('Reshape', [x as string, build.wholes(shape.map((size) => (size === BATCH ? -1 : size)))]),
  expand: (build, { shape }, [x]) =>
    build('Expand', [x as string, build.wholes(shape.map((size) => (size === BATCH ? 1 : size)))]),
  transpose: (build, { attributes: { permutation } }, inputs) => build('Transpose', inputs, { perm: permutation }),
  concat: (build, { attributes: { axis } }, inputs) => build('Concat', inputs, { axis }),
  slice: (build, node, [x]) => slice(build, x as string, inputShape(node), node.attributes.begin, node.shape),
  pad: (build, { attributes: { before, after } }, [x]) =>
    build('Pad', [x as string, build.wholes([...before, ...after])], { mode: 'constant' }),

  matmul: (build, { attributes: { transposeA, transposeB } }, inputs) =>
    build('Gemm', inputs, { transA: Number(transposeA), transB: Number(transposeB) }),
  conv2d: (build, node, inputs) => {
    const { stride, padding } = node.attributes;
    return build('Conv', inputs, { kernel_shape: windowOf(node), strides: stride, pads: pads(padding) });
  },
  conv2dInputGradient: (build, node, inputs) => {
    const { padding, outputPadding, begin, size } = cropOf(node);
    const image = build('ConvTranspose', inputs, {
      kernel_shape: windowOf(node),
      strides: node.attributes.stride,
      pads: [...padding, ...padding],
      output_padding: outputPadding,
    });
    const uncropped = [...node.shape.slice(0, 2), ...size];
    if (agree(uncropped, node.shape)) return image;
    return slice(build, image, uncropped, [0, 0, ...begin], node.shape);
  },
  maxPool: (build, { attributes }, inputs) => build('MaxPool', inputs, poolAttributes(attributes)),
  averagePool: (build, { attributes }, inputs) =>
    build('AveragePool', inputs, { ...poolAttributes(attributes), count_include_pad: 0 }),
  upsampleNearest: (build, { attributes: { scale } }, [x]) =>
    build('Resize', [x as string, '', build.reals([1, 1, scale, scale])], {
      mode: 'nearest',
      coordinate_transformation_mode: 'asymmetric',
      nearest_mode: 'floor',
    }),
};

/** Height and width of a convolution's filter [K,C,R,S]. */
const windowOf = (node: PortableNode): number[] => inputShape(node, 1).slice(2) as number[];
