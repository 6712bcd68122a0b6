import { zeros } from '../nn/initializers.ts';
import { statistic } from '../nn/layer.ts';
import type { Network } from '../nn/network.ts';
import { add, assign, maximum, mul, reciprocal, sub } from '../ops/index.ts';
import { read, substitute } from '../tensor/trace.ts';
import type { Variable } from '../tensor/variable.ts';

/** An exponential moving average of a network's weights and running statistics. */
export interface WeightAverage {
  /** Pairs of the network's variable and its average, `average.NAME`. */
  readonly pairs: readonly { readonly current: Variable; readonly average: Variable }[];
  /** Scalar: updates taken in. */
  readonly updates: Variable;
}

/** An average of a network's variables that has seen nothing yet. Its variables start as zeros: initialise them with the weights. */
export const createWeightAverage = (network: Network): WeightAverage => ({
  pairs: network.variables.map((current) => ({
    current,
    average: statistic(`average.${current.name}`, current.shape, zeros),
  })),
  updates: statistic('average.updates', [], zeros),
});

/** Takes the network's present values in. The average has half forgotten a value after `halfLife` images; a plain mean before
 *  that many were seen, so that the initial weights do not linger. @param batch images per update */
export function trackAverage({ pairs, updates }: WeightAverage, batch: number, halfLife: number): void {
  const slowest = 1 - 0.5 ** (batch / halfLife);
  assign(updates, add(read(updates), 1));
  const weight = maximum(reciprocal(read(updates)), slowest);
  for (const { current, average } of pairs) {
    const difference = sub(read(current), read(average));
    assign(average, add(read(average), mul(weight, difference)));
  }
}

/** Makes the network's layers read the average in place of the present values, for the rest of a trace. */
export function useAverage({ pairs }: WeightAverage): void {
  for (const { current, average } of pairs) substitute(current, read(average));
}
