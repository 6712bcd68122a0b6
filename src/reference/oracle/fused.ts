import type { Access, Expression } from '../../tensor/operators.ts';
import { elements } from '../../tensor/shape.ts';
import type { Kernel, Value } from './kernel.ts';
import { scalarFunctions } from './scalar.ts';

/** Which element of an operand of `size` elements element i of a space of `total` reads. */
const readers: Record<Access, (i: number, size: number, total: number) => number> = {
  full: (i) => i,
  channel: (i, size) => i % size,
  sample: (i, size, total) => Math.floor(i / (total / size)),
  scalar: () => 0,
};

/** The value of an expression at every element of a space of `total` elements. */
function run({ access, instructions }: Expression, operands: readonly Value[], total: number): Float64Array {
  return new Float64Array(total).map((_, i) => {
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
    return registers.at(-1) as number;
  });
}

/** What the fusion pass makes. */
export const fusedKernels = {
  elementwise: ({ expression }, inputs, result) => run(expression, inputs, elements(result)),
  reduce: ({ expression, kind, extent: [outer, reduced, inner] }, inputs) => {
    const result = new Float64Array(outer * inner).fill(kind === 'sum' ? 0 : Number.NEGATIVE_INFINITY);
    run(expression, inputs, outer * reduced * inner).forEach((value, i) => {
      const to = Math.floor(i / (reduced * inner)) * inner + (i % inner);
      const total = result[to] as number;
      result[to] = kind === 'sum' ? total + value : Math.max(total, value);
    });
    return result;
  },
} satisfies { [K in 'elementwise' | 'reduce']: Kernel<K> };
