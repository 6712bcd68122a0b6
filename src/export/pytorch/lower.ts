import { ConfigError } from '../../errors.ts';
import {
  agree,
  BATCH,
  isPortable,
  nodesOf,
  type PortableGraph,
  type PortableNode,
  type PortableOp,
  type PortableShape,
  permuted,
} from '../portable/graph.ts';
import { cropOf } from '../portable/transposed.ts';
import { RESERVED } from './reserved.ts';

/** A tensor that a module holds: its name there, as `layer1.weight`, and the variable of gannet's that it is. */
export interface HeldTensor {
  readonly name: string;
  readonly variable: string;
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** The body of a module's `forward`, and what it reads of `self`. */
export interface TorchForward {
  readonly lines: readonly string[];
  readonly held: readonly HeldTensor[];
}

/** The name of a variable in a module: `average.generator.layer1.weight` -> `layer1.weight`. Parts that Python or a module would not take are
 *  written in another way: `generator.0.half` -> `own_0.own_half`. */
export const heldName = (variable: string): string =>
  variable
    .replace(/^average\./, '')
    .replace(/^(generator|discriminator)\./, '')
    .split('.')
    .map(attributeName)
    .join('.');

/** A name as one that an attribute of a module may have; no two names become one. */
function attributeName(name: string): string {
  if (/^[a-zA-Z]\w*$/.test(name) && !name.startsWith('own_') && !RESERVED.has(name)) return name;
  return `own_${name.replace(/[^a-zA-Z0-9]/g, (letter) => `_${letter.charCodeAt(0).toString(16)}_`)}`;
}

/** Writes a network with channels first, its variables kept, as lines of Python: one for each op, with a comment for each layer. Linear weights
 *  are [out,in]. */
export function lowerToTorch(graph: PortableGraph): TorchForward {
  const writer = new Writer(graph);
  for (const node of nodesOf(graph)) writer.add(node);
  return writer.finish();
}

/** An expression of Python. */
interface Expression {
  readonly text: string;
  /** Of a number: the shape, all 1, of the tensor that it stands for. */
  readonly shape?: PortableShape;
}

/** What an op's expression is made of. */
interface Operands {
  readonly inputs: readonly string[];
  /** The same with numbers as tensors, on the device of the inputs, for functions that take no numbers. */
  readonly tensors: readonly string[];
}

type Rule<K extends PortableOp> = (node: PortableNode<K>, operands: Operands) => string;

class Writer {
  private readonly expressions = new Map<PortableNode, Expression>();
  private readonly held = new Map<string, HeldTensor>();
  private readonly lines: string[] = [];
  private scope = '';
  private count = 0;

  private readonly anyInput: string | undefined;

  constructor(private readonly graph: PortableGraph) {
    this.anyInput = graph.inputs[0]?.attributes.name;
  }

  add(node: PortableNode): void {
    this.expressions.set(node, this.express(node));
  }

  finish(): TorchForward {
    const [output] = Object.values(this.graph.outputs) as [PortableNode];
    return { lines: [...this.lines, `return ${this.expressions.get(output)?.text}`], held: [...this.held.values()] };
  }

  private express(node: PortableNode): Expression {
    if (isPortable(node, 'input')) return { text: node.attributes.name };
    if (isPortable(node, 'weights')) return this.weights(node);
    const rule = RULES[node.op as keyof typeof RULES] as unknown as Rule<PortableOp>;
    const given = node.inputs.map((input) => this.expressions.get(input) as Expression);
    const tensors = given.map(({ text, shape }) =>
      shape ? `${this.anyInput}.new_full(${tuple(shape)}, ${text})` : text,
    );
    // An op on numbers alone would give a number.
    const inputs = given.every(({ shape }) => shape) ? tensors : given.map(({ text }) => text);
    const text = isTransposedWeight(node)
      ? `F.linear(${inputs[0]}, ${this.heldAs(node.inputs[1] as PortableNode<'weights'>)})`
      : rule(node, { inputs, tensors });
    return isView(node) ? { text } : { text: this.assign(text, node.scope) };
  }

  private weights(node: PortableNode<'weights'>): Expression {
    const { name, data } = node.attributes;
    if (name === '') return { text: shortest(data[0] as number), shape: node.shape };
    const text = this.heldAs(node);
    return { text: node.shape.length === 2 ? `${text}.t()` : text };
  }

  /** Notes that the module holds a variable. A linear weight is held transposed. */
  private heldAs({ attributes: { name: variable, data }, shape }: PortableNode<'weights'>): string {
    const name = heldName(variable);
    const sizes = shape as readonly number[];
    const [rows, columns] = sizes as [number, number];
    const tensor =
      sizes.length === 2 ? { shape: [columns, rows], data: permuted(data, sizes, [1, 0]) } : { shape: sizes, data };
    this.expectFree(name, variable);
    this.held.set(name, { name, variable, ...tensor });
    return `self.${name}`;
  }

  /** Holds a variable to a name that no other one has, and that none begins with: a module has one thing of a name. */
  private expectFree(name: string, variable: string): void {
    for (const other of this.held.values()) {
      if (other.variable === variable) continue;
      if (!`${name}.`.startsWith(`${other.name}.`) && !`${other.name}.`.startsWith(`${name}.`)) continue;
      throw new ConfigError(
        'export_unsupported',
        `this network cannot be exported: a module of PyTorch has no place for both '${other.variable}' and '${variable}'; name one of them differently`,
      );
    }
  }

  private assign(text: string, scope: string): string {
    const layer = heldName(scope);
    if (layer !== this.scope && layer !== '') this.lines.push(`# ${layer}`);
    if (layer !== '') this.scope = layer;
    this.count += 1;
    const name = `x${this.count}`;
    this.lines.push(`${name} = ${text}`);
    return name;
  }
}

/** The shortest number of Python that is a given one of float32. */
function shortest(value: number): string {
  if (!Number.isFinite(value)) return `float("${value}")`;
  for (let digits = 1; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return String(short);
  }
  return String(value);
}

const isVariable = (node: PortableNode): boolean => isPortable(node, 'weights') && node.attributes.name !== '';

/** Whether a product is of values and a linear weight as gannet has it, [in,out]. */
const isTransposedWeight = (node: PortableNode): boolean =>
  isPortable(node, 'matmul') &&
  !node.attributes.transposeA &&
  !node.attributes.transposeB &&
  isVariable(node.inputs[1] as PortableNode);

/** Whether a node only names the axes of a weight anew, which is written where it is read. */
const isView = (node: PortableNode): boolean =>
  node.op === 'reshape' && (isVariable(node.inputs[0] as PortableNode) || isView(node.inputs[0] as PortableNode));

const call =
  (name: string): Rule<PortableOp> =>
  (_, { tensors }) =>
    `${name}(${tensors.join(', ')})`;

const infix =
  (operator: string): Rule<PortableOp> =>
  (_, { inputs }) =>
    `${inputs[0]} ${operator} ${inputs[1]}`;

const comparison =
  (operator: string): Rule<PortableOp> =>
  (_, { inputs }) =>
    `(${inputs[0]} ${operator} ${inputs[1]}).float()`;

const tuple = (values: readonly (number | string)[]): string =>
  values.length === 1 ? `(${values[0]},)` : `(${values.join(', ')})`;

const inputShape = (node: PortableNode, i = 0): PortableShape => (node.inputs[i] as PortableNode).shape;

/** Cuts out the block of a shape that begins somewhere. */
function sliced(x: string, from: PortableShape, begin: readonly number[], to: PortableShape): string {
  if (agree(from, to)) return x;
  const ranges = to.map((size, axis) => {
    if (size === from[axis]) return ':';
    const first = begin[axis] as number;
    return `${first === 0 ? '' : first}:${first + (size as number)}`;
  });
  return `${x}[${ranges.join(', ')}]`;
}

type Sides = readonly [number, number, number, number];

const isEven = ([top, bottom, left, right]: Sides): boolean => top === bottom && left === right;

/** An image with a border, and the padding that is left to do on either side. */
function bordered(x: string, sides: Sides, value = ''): { readonly x: string; readonly padding: string } {
  const [top, bottom, left, right] = sides;
  if (isEven(sides)) return { x, padding: tuple([top, left]) };
  return { x: `F.pad(${x}, ${tuple([left, right, top, bottom])}${value})`, padding: '0' };
}

const range = (axes: readonly number[]): string => tuple(axes);

/** A reshape that another one behind it makes superfluous. */
const LAST_RESHAPE = /\.reshape\([^()]*\)$/;

/** Every portable op as an expression of Python. */
const RULES: { readonly [K in Exclude<PortableOp, 'input' | 'weights'>]: Rule<K> } = {
  neg: (_, { inputs: [x] }) => `-${x}`,
  abs: call('torch.abs'),
  sign: call('torch.sign'),
  step: (_, { inputs: [x] }) => `(${x} > 0).float()`,
  exp: call('torch.exp'),
  log: call('torch.log'),
  sqrt: call('torch.sqrt'),
  reciprocal: call('torch.reciprocal'),
  tanh: call('torch.tanh'),
  sigmoid: call('torch.sigmoid'),
  softplus: call('F.softplus'),
  relu: call('torch.relu'),
  leakyRelu: ({ attributes: { slope } }, { tensors: [x] }) => `F.leaky_relu(${x}, ${slope})`,
  elu: ({ attributes: { slope } }, { tensors: [x] }) => `F.elu(${x}, ${slope})`,
  add: infix('+'),
  sub: infix('-'),
  mul: infix('*'),
  div: infix('/'),
  maximum: call('torch.maximum'),
  minimum: call('torch.minimum'),
  greater: comparison('>'),
  equal: comparison('=='),
  select: (_, { tensors: [condition, a, b] }) => `torch.where(${condition} > 0, ${a}, ${b})`,

  reduceSum: ({ attributes: { axes } }, { inputs: [x] }) => `${x}.sum(dim=${range(axes)})`,
  reduceMax: ({ attributes: { axes } }, { inputs: [x] }) => `${x}.amax(dim=${range(axes)})`,
  reshape: (node, { inputs: [x] }) =>
    `${x?.replace(LAST_RESHAPE, '')}.reshape${tuple(node.shape.map((size) => (size === BATCH ? -1 : size)))}`,
  expand: (node, { inputs: [x] }) => {
    const sizes = node.shape.map((size, axis) => (size === BATCH || size === inputShape(node)[axis] ? -1 : size));
    return `${x}.expand${tuple(sizes)}`;
  },
  transpose: ({ attributes: { permutation } }, { inputs: [x] }) => `${x}.permute${tuple(permutation)}`,
  concat: ({ attributes: { axis } }, { tensors }) => `torch.cat([${tensors.join(', ')}], dim=${axis})`,
  slice: (node, { inputs: [x] }) => sliced(x as string, inputShape(node), node.attributes.begin, node.shape),
  pad: ({ attributes: { before, after } }, { inputs: [x] }) => {
    // PyTorch names the last axis first.
    const amounts = before.map((amount, axis) => [amount, after[axis] as number]).toReversed();
    return `F.pad(${x}, ${tuple(amounts.flat())})`;
  },

  matmul: ({ attributes: { transposeA, transposeB } }, { tensors: [a, b] }) =>
    `${a}${transposeA ? '.t()' : ''} @ ${b}${transposeB ? '.t()' : ''}`,
  conv2d: ({ attributes: { stride, padding } }, { tensors: [x, w] }) => {
    const border = bordered(x as string, padding);
    return `F.conv2d(${border.x}, ${w}, stride=${tuple(stride)}, padding=${border.padding})`;
  },
  conv2dInputGradient: (node, { tensors: [x, w] }) => {
    const { padding, outputPadding, begin, size } = cropOf(node);
    const how = `stride=${tuple(node.attributes.stride)}, padding=${tuple(padding)}, output_padding=${tuple(outputPadding)}`;
    const uncropped = [...node.shape.slice(0, 2), ...size];
    return sliced(`F.conv_transpose2d(${x}, ${w}, ${how})`, uncropped, [0, 0, ...begin], node.shape);
  },
  maxPool: ({ attributes: { size, stride, padding } }, { inputs: [x] }) => {
    const border = bordered(x as string, padding, ', value=float("-inf")');
    return `F.max_pool2d(${border.x}, ${tuple(size)}, stride=${tuple(stride)}, padding=${border.padding})`;
  },
  averagePool: ({ attributes: { size, stride, padding } }, { inputs: [x] }) => {
    const pooled = (image: string) => `F.avg_pool2d(${image}, ${tuple(size)}, stride=${tuple(stride)})`;
    if (padding.every((amount) => amount === 0)) return pooled(x as string);
    const border = (image: string) => `F.pad(${image}, ${tuple([padding[2], padding[3], padding[0], padding[1]])})`;
    return `${pooled(border(x as string))} / ${pooled(border(`torch.ones_like(${x})`))}`;
  },
  upsampleNearest: ({ attributes: { scale } }, { inputs: [x] }) =>
    `F.interpolate(${x}, scale_factor=${scale}, mode="nearest")`,
};
