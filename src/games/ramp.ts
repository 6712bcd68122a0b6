import { add, concat, fill, slice } from '../ops/index.ts';
import type { Tensor } from '../tensor/tensor.ts';

/** 0, 1, 2, ...: [length]. */
export function ramp(length: number): Tensor {
  let numbers: Tensor = fill(0, [1]);
  while ((numbers.shape[0] as number) < length)
    numbers = concat([numbers, add(numbers, numbers.shape[0] as number)], 0);
  return slice(numbers, [0], [length]);
}
