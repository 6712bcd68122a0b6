import type { Tensor as TfjsTensor } from '@tensorflow/tfjs';
import type { OpAttributes, UpdateOp } from '../../tensor/operators.ts';
import type { Tfjs } from './backend.ts';

/** The new values of everything that an update overwrites: the variable, then its slots. */
export type Update<K extends UpdateOp> = (attributes: OpAttributes[K], inputs: readonly TfjsTensor[]) => TfjsTensor[];

type State3 = [TfjsTensor, TfjsTensor, TfjsTensor];
type State4 = [...State3, TfjsTensor];
type State5 = [...State4, TfjsTensor];
type State6 = [...State5, TfjsTensor];

/** Updates as formulas of tfjs; its own optimisers keep their slots to themselves. */
export function updateKernels(tf: Tfjs): { readonly [K in UpdateOp]?: Update<K> } {
  const average = (decay: number, old: TfjsTensor, value: TfjsTensor): TfjsTensor =>
    tf.add(tf.mul(decay, old), tf.mul(1 - decay, value));
  const moved = (w: TfjsTensor, rate: TfjsTensor, direction: TfjsTensor, clip: number): TfjsTensor => {
    const next = tf.sub(w, tf.mul(rate, direction));
    return Number.isFinite(clip) ? tf.clipByValue(next, -clip, clip) : next;
  };
  /** x / (sqrt(squares) + epsilon). */
  const scaled = (x: TfjsTensor, squares: TfjsTensor, epsilon: number): TfjsTensor =>
    tf.div(x, tf.add(tf.sqrt(squares), epsilon));

  return {
    assign: (_, [, value]) => [tf.clone(value as TfjsTensor)],
    advanceRandom: (_, [state]) => [tf.add(state as TfjsTensor, tf.tensor([0, 1], [2], 'int32'))],
    sgd: ({ clip }, inputs) => {
      const [w, gradient, rate] = inputs as State3;
      return [moved(w, rate, gradient, clip)];
    },
    momentum: ({ momentum, clip }, inputs) => {
      const [w, old, gradient, rate] = inputs as State4;
      const velocity = tf.add(tf.mul(momentum, old), gradient);
      return [moved(w, rate, velocity, clip), velocity];
    },
    adagrad: ({ epsilon, clip }, inputs) => {
      const [w, old, gradient, rate] = inputs as State4;
      const squares = tf.add(old, tf.square(gradient));
      return [moved(w, rate, scaled(gradient, squares, epsilon), clip), squares];
    },
    adadelta: ({ decay, epsilon, clip }, inputs) => {
      const [w, oldSquares, oldDeltas, gradient, rate] = inputs as State5;
      const squares = average(decay, oldSquares, tf.square(gradient));
      const root = (x: TfjsTensor) => tf.sqrt(tf.add(x, epsilon));
      const delta = tf.mul(tf.div(root(oldDeltas), root(squares)), gradient);
      return [moved(w, rate, delta, clip), squares, average(decay, oldDeltas, tf.square(delta))];
    },
    rmsprop: ({ decay, epsilon, clip }, inputs) => {
      const [w, old, gradient, rate] = inputs as State4;
      const squares = average(decay, old, tf.square(gradient));
      return [moved(w, rate, scaled(gradient, squares, epsilon), clip), squares];
    },
    adam: ({ beta1, beta2, epsilon, clip }, inputs) => {
      const [w, oldFirst, oldSecond, gradient, rate, step] = inputs as State6;
      const first = average(beta1, oldFirst, gradient);
      const second = average(beta2, oldSecond, tf.square(gradient));
      const unbiased = (x: TfjsTensor, beta: number) => tf.div(x, tf.sub(1, tf.pow(beta, step)));
      const direction = scaled(unbiased(first, beta1), unbiased(second, beta2), epsilon);
      return [moved(w, rate, direction, clip), first, second];
    },
  };
}
