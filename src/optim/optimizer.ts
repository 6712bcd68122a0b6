import { constant, zeros } from '../nn/initializers.ts';
import { statistic } from '../nn/layer.ts';
import { add, assign } from '../ops/index.ts';
import type { Op } from '../ops/op.ts';
import { updateOps } from '../ops/update.ts';
import { OPS, type OpAttributes } from '../tensor/operators.ts';
import { scoped } from '../tensor/scope.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { overwrite, read } from '../tensor/trace.ts';
import type { Variable } from '../tensor/variable.ts';

/** One of the optimisers. */
export type OptimizerName = 'sgd' | 'momentum' | 'adagrad' | 'adadelta' | 'rmsprop' | 'adam';

/** What each optimiser is told beside the learning rate. */
export const OPTIMIZER_DEFAULTS = {
  sgd: {},
  momentum: { momentum: 0.9 },
  adagrad: { epsilon: 1e-10 },
  adadelta: { decay: 0.9, epsilon: 1e-6 },
  rmsprop: { decay: 0.99, epsilon: 1e-8 },
  adam: { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 },
} satisfies { [K in OptimizerName]: Omit<OpAttributes[K], 'clip'> };

/** A choice of optimiser. Settings that are left out have the defaults above. `clip` bounds every weight after its update. */
export type OptimizerConfig = {
  [K in OptimizerName]: { readonly name: K; readonly learningRate: number; readonly clip?: number } & Partial<
    Omit<OpAttributes[K], 'clip'>
  >;
}[OptimizerName];

/** An optimiser of some weights, with its slots as variables of the device. */
export interface Optimizer {
  /** Slots, learning rate and step count: all that a checkpoint needs. */
  readonly variables: readonly Variable[];
  readonly learningRate: Variable;
  /** Overwrites the weights; `gradients[i]` belongs to weight i. */
  update(gradients: readonly Tensor[]): void;
}

/** An optimiser of `weights`. Its variables start as zeros but the learning rate: initialise them with the weights.
 *  @param name prefix of the slots' names, such as `discriminator.optimizer` */
export function createOptimizer(name: string, config: OptimizerConfig, weights: readonly Variable[]): Optimizer {
  const { name: kind, learningRate: rate, clip = Number.POSITIVE_INFINITY, ...settings } = config;
  const learningRate = statistic(`${name}.learningRate`, [], constant(rate));
  const step = statistic(`${name}.step`, [], zeros);
  const slots = weights.map((weight) => slotsOf(name, kind, weight));
  const attributes = { ...OPTIMIZER_DEFAULTS[kind], ...settings, clip };
  const apply = updateOps[kind] as unknown as Op<OptimizerName>;
  const counts = kind === 'adam';

  const update = (gradients: readonly Tensor[]): void => {
    if (counts) assign(step, add(read(step), 1));
    const scalars = counts ? [read(learningRate), read(step)] : [read(learningRate)];
    // The last layer first, in the order the backward pass reaches them: each gradient is used up as soon as it is there.
    for (const [i, weight] of [...weights.entries()].reverse()) {
      const states = (slots[i] as Variable[]).map(read);
      overwrite(weight, apply(attributes, read(weight), ...states, gradients[i] as Tensor, ...scalars));
    }
  };
  return {
    variables: [learningRate, ...(counts ? [step] : []), ...slots.flat()],
    learningRate,
    update: (gradients) => scoped(name, () => update(gradients)),
  };
}

/** The variables that an optimiser keeps beside one weight. */
function slotsOf(name: string, kind: OptimizerName, weight: Variable): Variable[] {
  const count = (OPS[kind].overwrites as number) - 1;
  return Array.from({ length: count }, (_, i) => statistic(`${name}.${weight.name}.slot${i + 1}`, weight.shape, zeros));
}
