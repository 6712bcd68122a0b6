import type { DType, Shape } from './shape.ts';

/** A scalar function: how many arguments it takes, whether it carries an immediate value (a slope), and whether it is costly. */
interface ScalarFunctionRow {
  readonly arity: 1 | 2 | 3;
  readonly immediate?: true;
  readonly transcendental?: true;
}

const scalarFunctions = {
  neg: { arity: 1 },
  abs: { arity: 1 },
  sign: { arity: 1 },
  step: { arity: 1 },
  exp: { arity: 1, transcendental: true },
  log: { arity: 1, transcendental: true },
  sqrt: { arity: 1 },
  reciprocal: { arity: 1 },
  tanh: { arity: 1, transcendental: true },
  sigmoid: { arity: 1, transcendental: true },
  softplus: { arity: 1, transcendental: true },
  relu: { arity: 1 },
  leakyRelu: { arity: 1, immediate: true },
  elu: { arity: 1, immediate: true, transcendental: true },
  add: { arity: 2 },
  sub: { arity: 2 },
  mul: { arity: 2 },
  div: { arity: 2 },
  maximum: { arity: 2 },
  minimum: { arity: 2 },
  greater: { arity: 2 },
  equal: { arity: 2 },
  select: { arity: 3 },
} as const satisfies Record<string, ScalarFunctionRow>;

/** The vocabulary of elementwise ops and of fused expressions. */
export type ScalarFunction = keyof typeof scalarFunctions;

/** Every scalar function, in the order in which the native code numbers them. */
export const SCALAR_FUNCTIONS: Readonly<Record<ScalarFunction, ScalarFunctionRow>> = scalarFunctions;

/** What one kernel takes at most. */
export const LIMITS = {
  /** Tensors that one expression reads. */
  operands: 12,
  /** Instructions of one expression. */
  instructions: 32,
  /** Registers whose sums one reduction takes: as many as a kernel keeps at once. */
  sums: 3,
} as const;

/** Every arena slot, views too, starts at a multiple of this, a cache line and the widest vector load. */
export const ALIGNMENT_BYTES = 64;

/** One instruction of a fused expression. Registers are numbered: first the operands, then one result per instruction.
 *  `constant` takes no arguments and yields `value`; `leakyRelu` and `elu` take their slope from `value`. */
export interface Instruction {
  readonly fn: ScalarFunction | 'constant';
  readonly args: readonly number[];
  readonly value?: number;
}

/** How element i of an elementwise space of `total` elements reads an operand of `size` elements. `full`: element i
 *  (size = total). `channel`: element i mod size (broadcast along leading axes). `sample`: element i div (total / size)
 *  (broadcast along trailing axes). `scalar`: element 0 (size = 1). Shapes play no part, so reshapes fuse away. */
export const ACCESSES = ['full', 'channel', 'sample', 'scalar'] as const;

export type Access = (typeof ACCESSES)[number];

/** A small program evaluated once per element; its value is the last register. */
export interface Expression {
  readonly access: readonly Access[];
  readonly instructions: readonly Instruction[];
}

/** What an attribute holds, by the name of its kind. The addon refuses values outside these ranges. */
export interface AttributeTypes {
  readonly text: string;
  readonly flag: boolean;
  readonly number: number;
  /** An integer from 0, from 1, or of 32 bits. */
  readonly natural: number;
  readonly positive: number;
  readonly word: number;
  /** Lists of them. */
  readonly naturals: readonly number[];
  readonly positives: readonly number[];
  /** height, width, from 1 */
  readonly pair: readonly [number, number];
  /** top, bottom, left, right, from 0 */
  readonly sides: readonly [number, number, number, number];
  /** The operand space of a reduction as [outer, reduced, inner]; every result has outer * inner elements. */
  readonly extent: readonly [number, number, number];
  readonly shape: Shape;
  readonly expression: Expression;
  readonly reduction: 'sum' | 'max';
}

export type AttributeKind = keyof AttributeTypes;

/** All that TypeScript and the addon know of an op in common. */
export interface OpRow {
  /** Its inputs and its result, for an op that a device may execute (src/tensor/signature.ts): what else a device refuses. */
  readonly signature?: string;
  readonly attributes?: Readonly<Record<string, AttributeKind>>;
  /** How many of its first inputs, all variables, it overwrites. */
  readonly overwrites?: number;
}

const scalarRow = {};
const slopeRow = { attributes: { slope: 'number' } } as const;
type ScalarRows = {
  readonly [K in ScalarFunction]: (typeof scalarFunctions)[K] extends { readonly immediate: true }
    ? typeof slopeRow
    : typeof scalarRow;
};
const scalarRows = Object.fromEntries(
  Object.entries(SCALAR_FUNCTIONS).map(([name, { immediate }]) => [name, immediate ? slopeRow : scalarRow]),
) as ScalarRows;

/** Every one has a decomposition into simpler ops, which runs where a device has no kernel for it. */
const compositeRows = {
  // Several reductions in one pass over memory; their results are the rows of one tensor. Every sum is multiplied by `factor`.
  sums: { attributes: { axes: 'naturals', factor: 'number' } },
  moments: { attributes: { axes: 'naturals' } },

  batchNorm: { attributes: { epsilon: 'number' } },
  batchNormGradient: { attributes: { epsilon: 'number' } },
  layerNorm: { attributes: { epsilon: 'number' } },
  layerNormGradient: { attributes: { epsilon: 'number' } },

  batchSimilarity: { signature: 'rows float32 [N,B,C] -> float32 [N,B]' },
  batchSimilarityGradient: { signature: 'rows float32 [N,B,C], gradient float32 [N,B] -> float32 [N,B,C]' },

  // The sum over all ranks that train together; the operand itself on a device that computes alone.
  allReduce: { signature: 'x T [S...] -> T [S...]' },
} as const satisfies Record<string, OpRow>;

/** What the fusion pass makes: an expression per element, or reductions of one. */
const fusedRows = {
  elementwise: { signature: 'operands number* -> number', attributes: { expression: 'expression' } },
  reduce: {
    signature: 'operands number* -> float32',
    attributes: { expression: 'expression', kind: 'reduction', extent: 'extent' },
  },
  // `factor` times the sum of each register of `values`, one row each
  reduceSums: {
    signature: 'operands number* -> float32',
    attributes: { expression: 'expression', values: 'naturals', factor: 'number', extent: 'extent' },
  },
  // two rows: the mean and the (biased) variance
  reduceMoments: {
    signature: 'operands number* -> float32',
    attributes: { expression: 'expression', extent: 'extent' },
  },
} as const satisfies Record<string, OpRow>;

/** They store values in variables, and yield the new value of the first. */
const storeRows = {
  assign: { signature: 'variable T [S...], value T [S...] -> T [S...]', overwrites: 1 },
  // row indices[i] of the variable becomes rows[i]; of several rows with one index the last one counts
  assignRows: {
    signature: 'variable T [V,S...], indices int32 [N], rows T [N,S...] -> T [V,S...]',
    overwrites: 1,
  },
  advanceRandom: { signature: 'state int32 [2] -> int32 [2]', overwrites: 1 },
} as const satisfies Record<string, OpRow>;

/** Inputs: the weights w, the slots of each weight, the gradient and scalars. What is overwritten comes first. Every optimiser may clip
 *  the weights it has just updated to [-clip, clip]; Infinity leaves them alone. */
const optimizerRows = {
  sgd: {
    signature: 'w float32 [S...], gradient float32 [S...], rate float32 [] -> float32 [S...]',
    attributes: { clip: 'number' },
    overwrites: 1,
  },
  momentum: {
    signature: 'w float32 [S...], velocity float32 [S...], gradient float32 [S...], rate float32 [] -> float32 [S...]',
    attributes: { clip: 'number', momentum: 'number' },
    overwrites: 2,
  },
  adagrad: {
    signature: 'w float32 [S...], squares float32 [S...], gradient float32 [S...], rate float32 [] -> float32 [S...]',
    attributes: { clip: 'number', epsilon: 'number' },
    overwrites: 2,
  },
  adadelta: {
    signature:
      'w float32 [S...], squares float32 [S...], deltas float32 [S...], gradient float32 [S...], rate float32 [] -> float32 [S...]',
    attributes: { clip: 'number', decay: 'number', epsilon: 'number' },
    overwrites: 3,
  },
  rmsprop: {
    signature: 'w float32 [S...], squares float32 [S...], gradient float32 [S...], rate float32 [] -> float32 [S...]',
    attributes: { clip: 'number', decay: 'number', epsilon: 'number' },
    overwrites: 2,
  },
  // `step` is 1 for the first update
  adam: {
    signature:
      'w float32 [S...], first float32 [S...], second float32 [S...], gradient float32 [S...], rate float32 [], step float32 [] -> float32 [S...]',
    attributes: { clip: 'number', beta1: 'number', beta2: 'number', epsilon: 'number' },
    overwrites: 3,
  },
} as const satisfies Record<string, OpRow>;

const windowed = { stride: 'pair', padding: 'sides' } as const;
const pooled = { size: 'pair', ...windowed } as const;

const rows = {
  // leaves
  feed: { attributes: { name: 'text' } },
  variable: { attributes: { name: 'text' } },
  constant: { signature: '-> T', attributes: { value: 'number' } },

  // reductions and movement; reduceSum drops `axes`, broadcast inserts them: each is the other's adjoint
  reduceSum: { attributes: { axes: 'naturals' } },
  reduceMax: { attributes: { axes: 'naturals' } },
  broadcast: { signature: 'x T -> T [shape...]', attributes: { axes: 'naturals', shape: 'shape' } },
  reshape: { signature: 'x T -> T [shape...]', attributes: { shape: 'shape' } },
  transpose: { signature: 'x T -> T', attributes: { permutation: 'naturals' } },
  concat: { signature: 'parts T+ -> T', attributes: { axis: 'natural' } },
  slice: { signature: 'x T -> T [size...]', attributes: { begin: 'naturals', size: 'positives' } },
  pad: { signature: 'x T -> T', attributes: { before: 'naturals', after: 'naturals' } },

  // linear algebra and windows
  matmul: {
    signature: 'a number [A,B], b number [C,D] -> number [M,N]',
    attributes: { transposeA: 'flag', transposeB: 'flag' },
  },
  cholesky: { signature: 'matrix float32 [N,N] -> float32 [N,N]' },
  conv2d: {
    signature: 'image number [N,H,W,C], filter number [K,R,S,C] -> number [N,P,Q,K]',
    attributes: windowed,
  },
  conv2dInputGradient: {
    signature: 'gradient number [N,P,Q,K], filter number [K,R,S,C] -> number [N,inputSize...,C]',
    attributes: { ...windowed, inputSize: 'pair' },
  },
  conv2dFilterGradient: {
    signature: 'image number [N,H,W,C], gradient number [N,P,Q,K] -> number [K,filterSize...,C]',
    attributes: { ...windowed, filterSize: 'pair' },
  },
  maxPool: { signature: 'image float32 [N,H,W,C] -> float32 [N,P,Q,C]', attributes: pooled },
  maxPoolGradient: {
    signature: 'image float32 [N,H,W,C], gradient float32 [N,P,Q,C] -> float32 [N,H,W,C]',
    attributes: pooled,
  },
  maxPoolGather: {
    signature: 'image float32 [N,H,W,C], values float32 [N,H,W,C] -> float32 [N,P,Q,C]',
    attributes: pooled,
  },
  averagePool: { signature: 'image float32 [N,H,W,C] -> float32 [N,P,Q,C]', attributes: pooled },
  averagePoolGradient: {
    signature: 'gradient float32 [N,P,Q,C] -> float32 [N,inputSize...,C]',
    attributes: { ...pooled, inputSize: 'pair' },
  },
  // T: pixels are moved as bits, from and to the same type
  upsampleNearest: {
    signature: 'image T [N,H,W,C] -> T [N,H*scale,W*scale,C]',
    attributes: { scale: 'positive' },
  },

  // lookups and random numbers
  gather: { signature: 'table float32 [V,D], indices int32 [I...] -> float32 [I...,D]' },
  scatterAdd: {
    signature: 'indices int32 [I...], gradient float32 [I...,D] -> float32 [rows,D]',
    attributes: { rows: 'positive' },
  },
  // float32 -> int32, towards zero: no number is 0, and what int32 does not hold is the nearest that it does
  truncate: { signature: 'x float32 [S...] -> int32 [S...]' },
  oneHot: { signature: 'indices int32 [I...] -> float32 [I...,depth]', attributes: { depth: 'positive' } },
  randomUniform: {
    signature: 'state int32 [2] -> float32 [shape...]',
    attributes: { shape: 'shape', stream: 'word', low: 'number', high: 'number' },
  },
  randomNormal: {
    signature: 'state int32 [2] -> float32 [shape...]',
    attributes: { shape: 'shape', stream: 'word', mean: 'number', deviation: 'number' },
  },
} as const satisfies Record<string, OpRow>;

const table = {
  ...scalarRows,
  ...compositeRows,
  ...fusedRows,
  ...rows,
  ...storeRows,
  ...optimizerRows,
};

export type CompositeOp = keyof typeof compositeRows;
export type FusedOp = keyof typeof fusedRows;
export type OptimizerOp = keyof typeof optimizerRows;
/** Ops that overwrite the variables they consume. */
export type UpdateOp = keyof typeof storeRows | OptimizerOp;

type AttributesOf<Row> = Row extends { readonly attributes: infer Kinds extends Record<string, AttributeKind> }
  ? { readonly [Name in keyof Kinds]: AttributeTypes[Kinds[Name]] }
  : Record<never, never>;

type TableAttributes = { readonly [K in keyof typeof table]: AttributesOf<(typeof table)[K]> };

/** The closed set of ops: name -> attributes. An op that is missing a rule anywhere does not compile. */
export interface OpAttributes extends TableAttributes {}

export type OpName = keyof OpAttributes;

/** Geometry of a two-dimensional window: stride, and zeros (or nothing, for pooling) around the input. */
export type Window = AttributesOf<{ readonly attributes: typeof windowed }>;
export type PoolAttributes = AttributesOf<{ readonly attributes: typeof pooled }>;

/** The one table of ops, of which `npm run generate` makes what the addon knows of them (binding/generated/ops.h). */
export const OPS: Readonly<Record<OpName, OpRow>> = table;

export const isOptimizerOp = (name: OpName): name is OptimizerOp => Object.hasOwn(optimizerRows, name);

/** The shape and type of one op's result. */
export interface ResultType {
  readonly shape: Shape;
  readonly dtype: DType;
}
