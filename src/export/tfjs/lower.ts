import {
  agree,
  BATCH,
  isPortable,
  nodesOf,
  type PortableAttributes,
  type PortableGraph,
  type PortableNode,
  type PortableOp,
  type PortableShape,
  permuted,
} from '../portable/graph.ts';
import { uniqueNames } from '../portable/names.ts';
import type { TfjsAttribute, TfjsModel, TfjsNode, TfjsWeight } from './model.ts';

/** Writes a network with channels last in the ops of a tfjs graph model. Convolutions run as 'valid' on what was padded before, which means the
 *  same in every backend. */
export function lowerToTfjs(graph: PortableGraph): TfjsModel {
  const builder = new Builder(graph);
  for (const node of nodesOf(graph)) builder.add(node);
  return builder.finish();
}

/** Adds nodes for one value of the graph. */
interface NodeBuilder {
  /** Adds a node and answers its name. */
  (op: string, inputs: readonly string[], attributes?: TfjsNode['attr']): string;
  /** The name of a constant of whole numbers; [count] where no shape is given. */
  wholes(values: readonly number[], shape?: readonly number[]): string;
  reals(values: readonly number[], shape: readonly number[]): string;
  /** The name of the shape of a value that has the batch of the inputs in front, [count]. */
  shape(rest: readonly number[]): string;
}

type Rule<K extends PortableOp> = (build: NodeBuilder, node: PortableNode<K>, inputs: readonly string[]) => string;

const FLOAT: TfjsAttribute = { type: 'DT_FLOAT' };
const INT: TfjsAttribute = { type: 'DT_INT32' };

class Builder {
  private readonly names = new Map<PortableNode, string>();
  /** Of weights as filters. */
  private readonly filters = new Map<PortableNode, string>();
  private readonly untaken = uniqueNames();
  private readonly nodes: TfjsNode[] = [];
  private readonly weights: TfjsWeight[] = [];
  private readonly data: (Float32Array | Int32Array)[] = [];
  private readonly known = new Map<string, string>();

  constructor(private readonly graph: PortableGraph) {
    for (const name of Object.keys(graph.outputs)) this.unique(name);
    // Ahead of the rest, since shapes are made of the batch of the first.
    for (const input of graph.inputs) this.addInput(input);
  }

  add(node: PortableNode): void {
    // Weights are written where they are read: as they are, or as a filter.
    if (isPortable(node, 'input') || isPortable(node, 'weights')) return;
    const build = this.builderOf(node);
    const inputs = node.inputs.map((input, i) =>
      i === 1 && isConvolution(node) ? this.filter(build, input) : this.nameOf(input),
    );
    const rule = RULES[node.op as keyof typeof RULES] as unknown as Rule<PortableOp>;
    this.names.set(node, rule(build, node, inputs));
  }

  finish(): TfjsModel {
    const outputs = Object.entries(this.graph.outputs).map(([name, node]) => {
      this.nodes.push({ name, op: 'Identity', input: [this.nameOf(node)], attr: { T: FLOAT } });
      return [name, signatureOf(name, node.shape)] as const;
    });
    const inputs = this.graph.inputs.map(
      ({ attributes: { name }, shape }) => [name, signatureOf(name, shape)] as const,
    );
    return {
      topology: { node: this.nodes, versions: {} },
      signature: { inputs: Object.fromEntries(inputs), outputs: Object.fromEntries(outputs) },
      weights: this.weights,
      data: this.data,
    };
  }

  private addInput(node: PortableNode<'input'>): void {
    const name = this.unique(node.attributes.name);
    this.nodes.push({ name, op: 'Placeholder', attr: { dtype: FLOAT, shape: { shape: dimensions(node.shape) } } });
    this.names.set(node, name);
  }

  private builderOf({ scope }: PortableNode): NodeBuilder {
    const prefix = scope.replaceAll('.', '/');
    const build = (op: string, input: readonly string[], attr: TfjsNode['attr'] = { T: FLOAT }): string => {
      const name = this.unique(`${prefix}/${op}`);
      this.nodes.push({ name, op, input, attr });
      return name;
    };
    return Object.assign(build, {
      wholes: (values: readonly number[], shape?: readonly number[]) => this.wholes(values, shape),
      reals: (values: readonly number[], shape: readonly number[]) =>
        this.constant(`${prefix}/numbers`, Float32Array.from(values), shape),
      shape: (rest: readonly number[]) => this.shape(rest),
    });
  }

  private nameOf(node: PortableNode): string {
    const known = this.names.get(node);
    if (known !== undefined || !isPortable(node, 'weights')) return known as string;
    const { name, data } = node.attributes;
    const label = name === '' ? `${node.scope}.constant` : name;
    const made = this.constant(label, data, node.shape as readonly number[]);
    this.names.set(node, made);
    return made;
  }

  /** The name of a filter [K,R,S,C] as [R,S,C,K]. */
  private filter(build: NodeBuilder, node: PortableNode): string {
    if (!isPortable(node, 'weights')) return build('Transpose', [this.nameOf(node), this.wholes(TO_TFJS_FILTER)]);
    const { name, data } = node.attributes;
    const shape = node.shape as readonly number[];
    const order = TO_TFJS_FILTER.map((axis) => shape[axis] as number);
    const filter = this.filters.get(node) ?? this.constant(name, permuted(data, shape, TO_TFJS_FILTER), order);
    this.filters.set(node, filter);
    return filter;
  }

  private shape(rest: readonly number[]): string {
    const batch = this.once('batch', () => this.batch());
    return this.once(`shape ${rest}`, () => {
      const name = this.unique(`shape/${rest.join('x')}`);
      const input = [batch, ...rest.map((size) => this.wholes([size], []))];
      this.nodes.push({ name, op: 'Pack', input, attr: { T: INT, N: whole(input.length), axis: whole(0) } });
      return name;
    });
  }

  /** A scalar: how many images the first input is for. */
  private batch(): string {
    const input = this.graph.inputs[0]?.attributes.name as string;
    const [shape, name] = [this.unique('shape/input'), this.unique('shape/batch')];
    this.nodes.push(
      { name: shape, op: 'Shape', input: [input], attr: { T: FLOAT, out_type: INT } },
      {
        name,
        op: 'StridedSlice',
        input: [shape, ...[0, 1, 1].map((at) => this.wholes([at]))],
        attr: { T: INT, Index: INT, shrink_axis_mask: whole(1) },
      },
    );
    return name;
  }

  private wholes(values: readonly number[], shape: readonly number[] = [values.length]): string {
    const label = `wholes/${shape.join('x') || 'scalar'}/${values.join('_')}`;
    return this.once(label, () => this.constant(label, Int32Array.from(values), shape));
  }

  private constant(label: string, data: Float32Array | Int32Array, shape: readonly number[]): string {
    const name = this.unique(label);
    const isReal = data instanceof Float32Array;
    this.nodes.push({ name, op: 'Const', attr: { dtype: isReal ? FLOAT : INT } });
    this.weights.push({ name, shape, dtype: isReal ? 'float32' : 'int32' });
    this.data.push(data);
    return name;
  }

  private once(key: string, make: () => string): string {
    const name = this.known.get(key) ?? make();
    this.known.set(key, name);
    return name;
  }

  /** @param wanted of which `:` and `^` would mean something else to tfjs */
  private unique(wanted: string): string {
    return this.untaken(wanted.replaceAll(/[:^]/g, '_'));
  }
}

const isConvolution = ({ op }: PortableNode): boolean => op === 'conv2d' || op === 'conv2dInputGradient';

/** [K,R,S,C] -> [R,S,C,K]; a transposed convolution's [in,R,S,out] -> [R,S,out,in], as tfjs has it. */
const TO_TFJS_FILTER = [1, 2, 3, 0];

const whole = (value: number): TfjsAttribute => ({ i: String(value) });
const wholeList = (values: readonly number[]): TfjsAttribute => ({ list: { i: values.map(String) } });
const text = (value: string): TfjsAttribute => ({ s: Buffer.from(value).toString('base64') });
const dimensions = (shape: PortableShape) => ({
  dim: shape.map((size) => ({ size: String(size === BATCH ? -1 : size) })),
});
const signatureOf = (name: string, shape: PortableShape) => ({
  name: `${name}:0`,
  dtype: 'DT_FLOAT' as const,
  tensorShape: dimensions(shape),
});

/** An op that is one node without attributes. */
const plain =
  (op: string): Rule<PortableOp> =>
  (build, _, inputs) =>
    build(op, inputs);

const cast = (build: NodeBuilder, truth: string): string =>
  build('Cast', [truth], { SrcT: { type: 'DT_BOOL' }, DstT: FLOAT });

const comparison =
  (op: string): Rule<PortableOp> =>
  (build, _, inputs) =>
    cast(build, build(op, inputs));

const isPositive = (build: NodeBuilder, x: string): string => build('Greater', [x, build.reals([0], [])]);

const reduction =
  (op: string): Rule<'reduceSum' | 'reduceMax'> =>
  (build, { attributes: { axes } }, [x]) =>
    build(op, [x as string, build.wholes(axes)], { T: FLOAT, Tidx: INT, keep_dims: { b: false } });

/** A shape of which one axis is worked out. */
const withUnknown = (shape: PortableShape): number[] => shape.map((size) => (size === BATCH ? -1 : size));

type Sides = readonly [number, number, number, number];

/** An image with a border. */
function padded(build: NodeBuilder, x: string, [top, bottom, left, right]: Sides, value = 0): string {
  if (top + bottom + left + right === 0) return x;
  const amounts = build.wholes([0, 0, top, bottom, left, right, 0, 0], [4, 2]);
  return build('PadV2', [x, amounts, build.reals([value], [])], { T: FLOAT, Tpaddings: INT });
}

const windowAttributes = (stride: readonly [number, number]): NonNullable<TfjsNode['attr']> => ({
  T: FLOAT,
  strides: wholeList([1, ...stride, 1]),
  padding: text('VALID'),
  data_format: text('NHWC'),
  dilations: wholeList([1, 1, 1, 1]),
});

function pooled(build: NodeBuilder, op: string, x: string, { size, stride }: PortableAttributes['maxPool']): string {
  return build(op, [x], { ...windowAttributes(stride), ksize: wholeList([1, ...size, 1]) });
}

/** Below every float32 that a network could hold, so that a border never wins a maximum. */
const LOWEST = -3.4e38;

/** The share of each window that lies on an image of [height, width], [1,P,Q,1]. */
function coverage(build: NodeBuilder, node: PortableNode<'averagePool'>): string {
  const { size, stride, padding } = node.attributes;
  const [, height, width] = (node.inputs[0] as PortableNode).shape as [unknown, number, number];
  const [, rows, columns] = node.shape as [unknown, number, number];
  const along = (place: number, axis: 0 | 1, length: number) => {
    const begin = place * stride[axis] - (padding[2 * axis] as number);
    return Math.min(begin + size[axis], length) - Math.max(begin, 0);
  };
  const shares = Array.from({ length: rows * columns }, (_, at) => {
    const [down, across] = [along(Math.floor(at / columns), 0, height), along(at % columns, 1, width)];
    return (down * across) / (size[0] * size[1]);
  });
  return build.reals(shares, [1, rows, columns, 1]);
}

/** Cuts a block out of x. */
const sliced = (build: NodeBuilder, x: string, begin: readonly number[], to: PortableShape): string =>
  build('Slice', [x, build.wholes(begin), build.wholes(withUnknown(to))], { T: FLOAT, Index: INT });

/** Every portable op in the ops of tfjs. */
const RULES: { readonly [K in Exclude<PortableOp, 'input' | 'weights'>]: Rule<K> } = {
  neg: plain('Neg'),
  abs: plain('Abs'),
  sign: plain('Sign'),
  step: (build, _, [x]) => cast(build, isPositive(build, x as string)),
  exp: plain('Exp'),
  log: plain('Log'),
  sqrt: plain('Sqrt'),
  reciprocal: plain('Reciprocal'),
  tanh: plain('Tanh'),
  sigmoid: plain('Sigmoid'),
  softplus: plain('Softplus'),
  relu: plain('Relu'),
  leakyRelu: (build, { attributes: { slope } }, inputs) =>
    build('LeakyRelu', inputs, { T: FLOAT, alpha: { f: slope } }),
  elu: (build, { attributes: { slope } }, inputs) => {
    if (slope === 1) return build('Elu', inputs);
    const negative = build('Elu', [build('Minimum', [inputs[0] as string, build.reals([0], [])])]);
    return build('AddV2', [build('Relu', inputs), build('Mul', [negative, build.reals([slope], [])])]);
  },
  add: plain('AddV2'),
  sub: plain('Sub'),
  mul: plain('Mul'),
  div: plain('RealDiv'),
  maximum: plain('Maximum'),
  minimum: plain('Minimum'),
  greater: comparison('Greater'),
  equal: comparison('Equal'),
  select: (build, _, [condition, a, b]) =>
    build('SelectV2', [isPositive(build, condition as string), a as string, b as string]),

  reduceSum: reduction('Sum'),
  reduceMax: reduction('Max'),
  reshape: (build, { shape }, [x]) =>
    build('Reshape', [x as string, build.wholes(withUnknown(shape))], { T: FLOAT, Tshape: INT }),
  expand: (build, { shape, inputs }, [x]) => {
    const given = (inputs[0] as PortableNode).shape;
    const times = shape.map((size, axis) => (size === given[axis] || size === BATCH ? 1 : size));
    return build('Tile', [x as string, build.wholes(times)], { T: FLOAT, Tmultiples: INT });
  },
  transpose: (build, { attributes: { permutation } }, [x]) =>
    build('Transpose', [x as string, build.wholes(permutation)], { T: FLOAT, Tperm: INT }),
  concat: (build, { attributes: { axis } }, inputs) =>
    build('ConcatV2', [...inputs, build.wholes([axis], [])], { T: FLOAT, N: whole(inputs.length), Tidx: INT }),
  slice: (build, { attributes: { begin }, shape }, [x]) => sliced(build, x as string, begin, shape),
  pad: (build, { attributes: { before, after } }, [x]) => {
    const pairs = before.flatMap((amount, axis) => [amount, after[axis] as number]);
    const amounts = build.wholes(pairs, [before.length, 2]);
    return build('PadV2', [x as string, amounts, build.reals([0], [])], { T: FLOAT, Tpaddings: INT });
  },

  matmul: (build, { attributes: { transposeA, transposeB } }, inputs) =>
    build('MatMul', inputs, { T: FLOAT, transpose_a: { b: transposeA }, transpose_b: { b: transposeB } }),
  conv2d: (build, { attributes: { stride, padding } }, [x, filter]) =>
    build('Conv2D', [padded(build, x as string, padding), filter as string], windowAttributes(stride)),
  conv2dInputGradient: (build, node, [dy, filter]) => {
    const { stride, padding } = node.attributes;
    const [top, bottom, left, right] = padding;
    const [, height, width, channels] = node.shape as [unknown, number, number, number];
    const full = [height + top + bottom, width + left + right, channels];
    const image = build(
      'Conv2DBackpropInput',
      [build.shape(full), filter as string, dy as string],
      windowAttributes(stride),
    );
    if (agree([BATCH, ...full], node.shape)) return image;
    return sliced(build, image, [0, top, left, 0], node.shape);
  },
  maxPool: (build, { attributes }, [x]) =>
    pooled(build, 'MaxPool', padded(build, x as string, attributes.padding, LOWEST), attributes),
  averagePool: (build, node, [x]) => {
    const { padding } = node.attributes;
    const mean = pooled(build, 'AvgPool', padded(build, x as string, padding), node.attributes);
    return padding.every((amount) => amount === 0) ? mean : build('RealDiv', [mean, coverage(build, node)]);
  },
  upsampleNearest: (build, { shape: [, height, width] }, [x]) =>
    build('ResizeNearestNeighbor', [x as string, build.wholes([height as number, width as number])], {
      T: FLOAT,
      align_corners: { b: false },
      half_pixel_centers: { b: false },
    }),
};
