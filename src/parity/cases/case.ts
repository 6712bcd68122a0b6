import type { OpName } from '../../tensor/operators.ts';
import { type DType, elements, type Shape } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';

/** One input of a case: what it looks like and which values it takes. */
export interface InputSpec {
  readonly shape: Shape;
  readonly dtype?: DType;
  /** Range of the values; -2 to 2 unless given. */
  readonly low?: number;
  readonly high?: number;
  /** Exact values, where they matter. */
  readonly values?: readonly number[];
  /** State that an update op overwrites: a variable instead of a feed. */
  readonly state?: true;
}

/** One op with one shape and one set of attributes: its value, gradient and gradient of gradient are checked everywhere. */
export interface Case {
  readonly name: string;
  /** The op that the case is about; the function it builds may need others. */
  readonly op: OpName;
  /** What this case would find that no other case does. */
  readonly why: string;
  readonly inputs: Readonly<Record<string, InputSpec>>;
  /** Builds the op from tensors named as the inputs are, inside a trace. */
  readonly build: (inputs: Readonly<Record<string, Tensor>>) => Tensor;
  /** The inputs that derivatives are taken of, twice; empty where the op has none. */
  readonly differentiable: readonly string[];
  /** Products, or kernels with values between them, that follow one another, each rounding anew where a precision rounds; 1 unless
   *  given. */
  readonly products?: number;
}

/** A case with its inputs' names checked. Every float32 feed is differentiable unless `differentiable` says otherwise. */
export function row<const I extends Record<string, InputSpec>>(fields: {
  readonly op: OpName;
  readonly detail: string;
  readonly why: string;
  readonly inputs: I;
  readonly build: (inputs: { readonly [K in keyof I]: Tensor }) => Tensor;
  readonly differentiable?: readonly (keyof I & string)[];
  readonly products?: number;
}): Case {
  const { op, detail, why, inputs, build, products = 1 } = fields;
  const floats = Object.keys(inputs).filter((name) => (inputs[name] as InputSpec).dtype !== 'int32');
  return {
    name: `${op} ${detail}`,
    op,
    why,
    inputs,
    build: build as unknown as Case['build'],
    differentiable: fields.differentiable ?? floats,
    products,
  };
}

/** A sequence of whole numbers below 2^31 that looks random and is a function of its seed alone. */
function* scrambled(seed: number): Generator<number, never> {
  for (let state = seed >>> 0; ; ) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    yield state >>> 1;
  }
}

/** Values for an input: evenly spaced numbers in a scrambled order, each exact in float32. Every `position` shifts the grid,
 *  so that within an input and between inputs nothing ties, and nothing lies on a kink at 0 or at the middle of the range. */
export function inputValues({ shape, dtype, low = -2, high = 2, values }: InputSpec, position = 0): Float64Array {
  const count = elements(shape);
  if (values) return Float64Array.from(values, dtype === 'int32' ? Math.trunc : Math.fround);
  const random = scrambled(count * 31 + position);
  if (dtype === 'int32') {
    return new Float64Array(count).map(() => low + ((random.next().value >>> 8) % (high - low + 1)));
  }
  const shift = 0.15 + ((position * 0.11) % 0.3);
  const grid = Float64Array.from({ length: count }, (_, i) => Math.fround(low + ((i + shift) / count) * (high - low)));
  for (let i = count - 1; i > 0; i--) {
    const j = (random.next().value >>> 8) % (i + 1);
    [grid[i], grid[j]] = [grid[j] as number, grid[i] as number];
  }
  return grid;
}
