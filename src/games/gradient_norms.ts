import type { Config } from '../config/schema.ts';
import type { Monitor, Monitors } from '../losses/index.ts';
import { add, reduceSum, sqrt, square } from '../ops/index.ts';
import type { Tensor } from '../tensor/tensor.ts';

/** The Euclidean norm of the gradient in all parameters of a network together, scalar. */
export const normOf = (gradients: readonly Tensor[]): Tensor =>
  sqrt(gradients.map((gradient) => reduceSum(square(gradient))).reduce((sum, more) => add(sum, more)));

const shared = { panel: "norms of the weights' gradients", meaning: 'slope', unit: '' } as const;

const monitors = {
  discriminatorGradientNorm: { label: '|dD|', ...shared },
  generatorGradientNorm: { label: '|dG|', ...shared },
} satisfies Record<string, Monitor>;

/** What a step reports of the gradients of both players; nothing unless the configuration asks for it, since the gradients are then
 *  read once more in every step. */
export const monitorsOfGradients = ({ health }: Pick<Config, 'health'>): Monitors =>
  health.gradientNorms ? monitors : {};
