import { elements } from '../tensor/shape.ts';
import type { Kernel, Value } from './kernel.ts';
import { normalNumbers, type RandomSource, uniformNumbers } from './philox.ts';

const sourceOf = (stream: number, inputs: readonly Value[]): RandomSource => {
  const [seed, step] = (inputs[0] as Value).data as unknown as [number, number];
  return { seed, step, stream };
};

/** Random numbers, a function of the state, the stream and the element alone. */
export const randomKernels = {
  randomUniform: ({ shape, stream, low, high }, inputs) =>
    uniformNumbers(sourceOf(stream, inputs), elements(shape)).map((u) => low + u * (high - low)),
  randomNormal: ({ shape, stream, mean, deviation }, inputs) =>
    normalNumbers(sourceOf(stream, inputs), elements(shape)).map((z) => mean + deviation * z),
} satisfies { [K in 'randomUniform' | 'randomNormal']: Kernel<K> };
