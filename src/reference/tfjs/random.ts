import type { Tensor as TfjsTensor } from '@tensorflow/tfjs';
import { normalNumbers, type RandomSource, uniformNumbers } from '../../oracle/philox.ts';
import { elements } from '../../tensor/shape.ts';
import type { Tfjs } from './backend.ts';
import { type Kernels, mutable } from './kernel.ts';

function source(state: TfjsTensor, stream: number): RandomSource {
  const [seed, step] = state.dataSync() as unknown as [number, number];
  return { seed, step, stream };
}

/** Random numbers, drawn on the host, since tfjs has no counter-based generator. */
export const randomKernels = (tf: Tfjs): Kernels<'randomUniform' | 'randomNormal'> => ({
  randomUniform: ({ shape, stream, low, high }, _, state) => {
    const numbers = uniformNumbers(source(state, stream), elements(shape));
    return tf.tensor(
      Float32Array.from(numbers, (u) => low + u * (high - low)),
      mutable(shape),
    );
  },
  randomNormal: ({ shape, stream, mean, deviation }, _, state) => {
    const numbers = normalNumbers(source(state, stream), elements(shape));
    return tf.tensor(
      Float32Array.from(numbers, (z) => mean + deviation * z),
      mutable(shape),
    );
  },
});
