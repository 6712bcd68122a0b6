import type { OpAttributes, UpdateOp } from '../tensor/operators.ts';
import type { Value } from './kernel.ts';

/** The new values of everything that an update overwrites: the variable, then its slots. */
type Update<K extends UpdateOp> = (attributes: OpAttributes[K], inputs: readonly Value[]) => Float64Array[];

/** One step of an optimiser at one element: [w, ...slots], the gradient, [learning rate, step] -> the change of w, new slots. */
type Rule<K extends UpdateOp> = (
  attributes: OpAttributes[K],
  slots: readonly number[],
  gradient: number,
  step: number,
) => { direction: number; slots: readonly number[] };

/** w - learning rate * direction, clipped. Inputs: w, slots, gradient, learning rate and, for some, the step. */
function optimiser<K extends UpdateOp>(slotCount: number, rule: Rule<K>): Update<K> {
  return (attributes, inputs) => {
    const { clip } = attributes as { clip: number };
    const state = inputs.slice(0, slotCount + 1).map(({ data }) => data.slice());
    const [w, ...slots] = state as [Float64Array, ...Float64Array[]];
    const [gradient, rate, step] = inputs.slice(slotCount + 1).map(({ data }) => data) as [
      Float64Array,
      Float64Array,
      Float64Array?,
    ];
    for (let i = 0; i < w.length; i++) {
      const old = slots.map((slot) => slot[i] as number);
      const next = rule(attributes, old, gradient[i] as number, step?.[0] ?? 1);
      const moved = (w[i] as number) - (rate[0] as number) * next.direction;
      w[i] = Math.min(clip, Math.max(-clip, moved));
      next.slots.forEach((value, slot) => {
        (slots[slot] as Float64Array)[i] = value;
      });
    }
    return state;
  };
}

/** A moving average that keeps `decay` of the old value. */
const average = (decay: number, old: number, value: number): number => decay * old + (1 - decay) * value;

export const updateKernels: { [K in UpdateOp]: Update<K> } = {
  assign: (_, inputs) => [(inputs[1] as Value).data.slice()],
  assignRows: (_, inputs) => {
    const [variable, indices, rows] = inputs as [Value, Value, Value];
    const data = variable.data.slice();
    const width = data.length / (variable.shape[0] as number);
    indices.data.forEach((row, i) => {
      data.set(rows.data.subarray(i * width, (i + 1) * width), row * width);
    });
    return [data];
  },
  advanceRandom: (_, inputs) => {
    const [seed, step] = (inputs[0] as Value).data as unknown as [number, number];
    return [Float64Array.of(seed, step + 1)];
  },
  sgd: optimiser(0, (_, __, gradient) => ({ direction: gradient, slots: [] })),
  momentum: optimiser(1, ({ momentum }, slots, gradient) => {
    const velocity = momentum * (slots[0] as number) + gradient;
    return { direction: velocity, slots: [velocity] };
  }),
  adagrad: optimiser(1, ({ epsilon }, slots, gradient) => {
    const squares = (slots[0] as number) + gradient ** 2;
    return { direction: gradient / (Math.sqrt(squares) + epsilon), slots: [squares] };
  }),
  adadelta: optimiser(2, ({ decay, epsilon }, slots, gradient) => {
    const squares = average(decay, slots[0] as number, gradient ** 2);
    const delta = (Math.sqrt((slots[1] as number) + epsilon) / Math.sqrt(squares + epsilon)) * gradient;
    return { direction: delta, slots: [squares, average(decay, slots[1] as number, delta ** 2)] };
  }),
  rmsprop: optimiser(1, ({ decay, epsilon }, slots, gradient) => {
    const squares = average(decay, slots[0] as number, gradient ** 2);
    return { direction: gradient / (Math.sqrt(squares) + epsilon), slots: [squares] };
  }),
  adam: optimiser(2, ({ beta1, beta2, epsilon }, slots, gradient, step) => {
    const first = average(beta1, slots[0] as number, gradient);
    const second = average(beta2, slots[1] as number, gradient ** 2);
    const [mean, variance] = [first / (1 - beta1 ** step), second / (1 - beta2 ** step)];
    return { direction: mean / (Math.sqrt(variance) + epsilon), slots: [first, second] };
  }),
};
