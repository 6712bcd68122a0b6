import type { DType, Shape } from './shape.ts';

/** Scalar functions of one, two or three arguments: the vocabulary of elementwise ops and of fused expressions. */
export type ScalarFunction =
  | 'neg'
  | 'abs'
  | 'sign'
  | 'step'
  | 'exp'
  | 'log'
  | 'sqrt'
  | 'reciprocal'
  | 'tanh'
  | 'sigmoid'
  | 'softplus'
  | 'relu'
  | 'leakyRelu'
  | 'elu'
  | 'add'
  | 'sub'
  | 'mul'
  | 'div'
  | 'maximum'
  | 'minimum'
  | 'greater'
  | 'equal'
  | 'select';

/** How many arguments each scalar function takes, and whether it carries an immediate value (a slope). */
export const SCALAR_FUNCTIONS: Record<ScalarFunction, { arity: 1 | 2 | 3; immediate?: true; transcendental?: true }> = {
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
};

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
export type Access = 'full' | 'channel' | 'sample' | 'scalar';

/** A small program evaluated once per element; its value is the last register. */
export interface Expression {
  readonly access: readonly Access[];
  readonly instructions: readonly Instruction[];
}

/** Geometry of a two-dimensional window: stride, and zeros (or nothing, for pooling) around the input. */
export interface Window {
  readonly stride: readonly [number, number];
  /** top, bottom, left, right */
  readonly padding: readonly [number, number, number, number];
}

export interface PoolAttributes extends Window {
  readonly size: readonly [number, number];
}

type None = Record<never, never>;
type Slope = { readonly slope: number };
/** Every optimiser may clip the weights it has just updated to [-clip, clip]; Infinity leaves them alone. */
type Clip = { readonly clip: number };

interface ScalarOps
  extends Record<Exclude<ScalarFunction, 'leakyRelu' | 'elu'>, None>,
    Record<'leakyRelu' | 'elu', Slope> {}

/** Every one has a decomposition into simpler ops, which runs where a device has no kernel for it. */
interface CompositeOps {
  // several reductions in one pass over memory; their results are the rows of one tensor
  sums: {
    readonly axes: readonly number[];
    /** What every sum is multiplied by. */
    readonly factor: number;
  };
  moments: { readonly axes: readonly number[] };

  batchNorm: { readonly epsilon: number };
  batchNormGradient: { readonly epsilon: number };
  layerNorm: { readonly epsilon: number };
  layerNormGradient: { readonly epsilon: number };

  batchSimilarity: None;
  batchSimilarityGradient: None;

  /** The sum over all ranks that train together; the operand itself on a device that computes alone. */
  allReduce: None;
}

interface Reduction {
  readonly expression: Expression;
  /** The operand space as [outer, reduced, inner]; every result has outer * inner elements. */
  readonly extent: readonly [number, number, number];
}

/** What the fusion pass makes: an expression per element, or reductions of one. */
interface FusedOps {
  elementwise: { readonly expression: Expression };
  reduce: Reduction & { readonly kind: 'sum' | 'max' };
  /** `factor` times the sum of each register of `values`, one row each. */
  reduceSums: Reduction & { readonly values: readonly number[]; readonly factor: number };
  /** Two rows: the mean and the (biased) variance. */
  reduceMoments: Reduction;
}

export type CompositeOp = keyof CompositeOps;
export type FusedOp = keyof FusedOps;

/** The closed set of ops: name -> attributes. An op that is missing a rule anywhere does not compile. */
export interface OpAttributes extends ScalarOps, CompositeOps, FusedOps {
  // leaves
  feed: { readonly name: string };
  variable: { readonly name: string };
  constant: { readonly value: number };

  // reductions and movement; reduceSum drops `axes`, broadcast inserts them: each is the other's adjoint
  reduceSum: { readonly axes: readonly number[] };
  reduceMax: { readonly axes: readonly number[] };
  broadcast: { readonly axes: readonly number[]; readonly shape: Shape };
  reshape: { readonly shape: Shape };
  transpose: { readonly permutation: readonly number[] };
  concat: { readonly axis: number };
  slice: { readonly begin: readonly number[]; readonly size: readonly number[] };
  pad: { readonly before: readonly number[]; readonly after: readonly number[] };

  // linear algebra and windows
  matmul: { readonly transposeA: boolean; readonly transposeB: boolean };
  cholesky: None;
  conv2d: Window;
  conv2dInputGradient: Window & { readonly inputSize: readonly [number, number] };
  conv2dFilterGradient: Window & { readonly filterSize: readonly [number, number] };
  maxPool: PoolAttributes;
  maxPoolGradient: PoolAttributes;
  maxPoolGather: PoolAttributes;
  averagePool: PoolAttributes;
  averagePoolGradient: PoolAttributes & { readonly inputSize: readonly [number, number] };
  upsampleNearest: { readonly scale: number };

  // lookups and random numbers
  gather: None;
  scatterAdd: { readonly rows: number };
  oneHot: { readonly depth: number };
  randomUniform: { readonly shape: Shape; readonly stream: number; readonly low: number; readonly high: number };
  randomNormal: { readonly shape: Shape; readonly stream: number; readonly mean: number; readonly deviation: number };

  // updates: they overwrite the variables they consume, and yield the new value of the first
  assign: None;
  advanceRandom: None;
  sgd: Clip;
  momentum: Clip & { readonly momentum: number };
  adagrad: Clip & { readonly epsilon: number };
  adadelta: Clip & { readonly decay: number; readonly epsilon: number };
  rmsprop: Clip & { readonly decay: number; readonly epsilon: number };
  adam: Clip & { readonly beta1: number; readonly beta2: number; readonly epsilon: number };
}

export type OpName = keyof OpAttributes;

/** The shape and type of one op's result. */
export interface ResultType {
  readonly shape: Shape;
  readonly dtype: DType;
}
