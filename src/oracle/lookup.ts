import { elements } from '../tensor/shape.ts';
import type { Kernel, Value } from './kernel.ts';

/** Matrix products, factors and lookups: everything that goes by rows. */
export const lookupKernels = {
  matmul: ({ transposeA, transposeB }, inputs, [m, n]) => {
    const [a, b] = inputs as [Value, Value];
    const [rows, columns] = [m as number, n as number];
    const inner = elements(a.shape) / rows;
    const y = new Float64Array(rows * columns);
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < columns; j++) {
        let sum = 0;
        for (let k = 0; k < inner; k++) {
          const left = a.data[transposeA ? k * rows + i : i * inner + k] as number;
          sum += left * (b.data[transposeB ? j * inner + k : k * columns + j] as number);
        }
        y[i * columns + j] = sum;
      }
    }
    return y;
  },
  cholesky: (_, inputs, [n]) => {
    const [a] = inputs as [Value];
    const size = n as number;
    const lower = new Float64Array(size * size);
    const at = (i: number, j: number) => lower[i * size + j] as number;
    for (let i = 0; i < size; i++) {
      for (let j = 0; j <= i; j++) {
        let rest = a.data[i * size + j] as number;
        for (let k = 0; k < j; k++) rest -= at(i, k) * at(j, k);
        const dependent = i === j && !(rest > 1e-5 * (a.data[i * size + i] as number));
        if (i === j) lower[i * size + j] = dependent ? 0 : Math.sqrt(rest);
        else lower[i * size + j] = at(j, j) === 0 ? 0 : rest / at(j, j);
      }
    }
    return lower;
  },
  gather: (_, inputs) => {
    const [table, indices] = inputs as [Value, Value];
    const width = table.shape[1] as number;
    const y = new Float64Array(indices.data.length * width);
    indices.data.forEach((row, i) => {
      y.set(table.data.subarray(row * width, (row + 1) * width), i * width);
    });
    return y;
  },
  truncate: (_, inputs) =>
    (inputs[0] as Value).data.map((value) =>
      Number.isNaN(value) ? 0 : Math.trunc(Math.min(2 ** 31 - 1, Math.max(-(2 ** 31), value))),
    ),
  scatterAdd: ({ rows }, inputs, [, width]) => {
    const [indices, dy] = inputs as [Value, Value];
    const columns = width as number;
    const table = new Float64Array(rows * columns);
    dy.data.forEach((value, i) => {
      const row = indices.data[Math.floor(i / columns)] as number;
      table[row * columns + (i % columns)] = (table[row * columns + (i % columns)] as number) + value;
    });
    return table;
  },
  oneHot: ({ depth }, inputs) => {
    const [indices] = inputs as [Value];
    const y = new Float64Array(indices.data.length * depth);
    indices.data.forEach((index, i) => {
      y[i * depth + index] = 1;
    });
    return y;
  },
} satisfies { [K in 'matmul' | 'cholesky' | 'gather' | 'truncate' | 'scatterAdd' | 'oneHot']: Kernel<K> };
