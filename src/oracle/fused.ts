import type { Access, Expression, FusedOp } from '../tensor/operators.ts';
import { elements } from '../tensor/shape.ts';
import type { Kernel, Value } from './kernel.ts';
import { scalarFunctions } from './scalar.ts';

/** Which element of an operand of `size` elements element i of a space of `total` reads. */
const readers: Record<Access, (i: number, size: number, total: number) => number> = {
  full: (i) => i,
  channel: (i, size) => i % size,
  sample: (i, size, total) => Math.floor(i / (total / size)),
  scalar: () => 0,
};

/** The registers of an expression at element i of a space of `total` elements. */
function registersAt(
  { access, instructions }: Expression,
  operands: readonly Value[],
  i: number,
  total: number,
): number[] {
  const registers = operands.map(({ data }, operand) => {
    return data[readers[access[operand] as Access](i, data.length, total)] as number;
  });
  for (const { fn, args, value } of instructions) {
    if (fn === 'constant') {
      registers.push(value as number);
      continue;
    }
    const given = [...args.map((register) => registers[register] as number), value as number];
    registers.push(scalarFunctions[fn](...(given as [number, number, number])));
  }
  return registers;
}

/** The value of an expression at every element of a space of `total` elements: the last register, or the one asked for. */
const run = (expression: Expression, operands: readonly Value[], total: number, register = -1): Float64Array =>
  new Float64Array(total).map((_, i) => registersAt(expression, operands, i, total).at(register) as number);

type Extent = readonly [outer: number, reduced: number, inner: number];

/** `combine` over the middle axis of `values` in a space of this extent. */
function reduce(
  values: Float64Array,
  [outer, reduced, inner]: Extent,
  start: number,
  combine: (total: number, value: number) => number,
): Float64Array {
  const result = new Float64Array(outer * inner).fill(start);
  values.forEach((value, i) => {
    const to = Math.floor(i / (reduced * inner)) * inner + (i % inner);
    result[to] = combine(result[to] as number, value);
  });
  return result;
}

const sum = (values: Float64Array, extent: Extent): Float64Array => reduce(values, extent, 0, (a, b) => a + b);

function moments(values: Float64Array, extent: Extent): [mean: Float64Array, variance: Float64Array] {
  const [, reduced, inner] = extent;
  const mean = sum(values, extent).map((total) => total / reduced);
  const group = (i: number) => Math.floor(i / (reduced * inner)) * inner + (i % inner);
  const squares = values.map((value, i) => (value - (mean[group(i)] as number)) ** 2);
  return [mean, sum(squares, extent).map((total) => total / reduced)];
}

const concatenated = (rows: readonly Float64Array[]): Float64Array =>
  Float64Array.from(rows.flatMap((row) => [...row]));

const product = (extent: Extent): number => extent.reduce((a, b) => a * b);

/** What the fusion pass makes. */
export const fusedKernels: { readonly [K in FusedOp]: Kernel<K> } = {
  elementwise: ({ expression }, inputs, result) => run(expression, inputs, elements(result)),
  reduce: ({ expression, kind, extent }, inputs) => {
    const values = run(expression, inputs, product(extent));
    return kind === 'sum' ? sum(values, extent) : reduce(values, extent, Number.NEGATIVE_INFINITY, Math.max);
  },
  reduceSums: ({ expression, values, factor, extent }, inputs) =>
    concatenated(
      values.map((register) =>
        sum(run(expression, inputs, product(extent), register), extent).map((total) => factor * total),
      ),
    ),
  reduceMoments: ({ expression, extent }, inputs) =>
    concatenated(moments(run(expression, inputs, product(extent)), extent)),
};
