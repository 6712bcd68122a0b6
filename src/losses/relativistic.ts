import { neg, reduceMean, sigmoid, softplus, sub } from '../ops/index.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { AdversarialLoss } from './adversarial.ts';

/** Mean -log sigmoid(a - b) over pairs: a is to be above b. */
const above = (a: Tensor, b: Tensor): Tensor => reduceMean(softplus(neg(sub(a, b))));

/** Relativistic pairing: each real image is compared with one generated image, and only the difference of their scores counts. The
 *  discriminator wants the real one's above, the generator its own. Without a penalty on the slopes it need not converge; R1 and R2
 *  together make it. @see arXiv:1807.00734, arXiv:2501.05441 */
export const relativistic: AdversarialLoss = {
  discriminator: ({ real, fake }) => above(real, fake),
  generator: (fake, real) => above(fake, real()),
  hasTargets: false,
  verdict: 'score',
  isRelative: true,
  isWonAtZero: true,
  monitors: {
    pairsTold: {
      label: 'D(x > G(z))',
      panel: 'mean probabilities',
      meaning: 'probability',
      unit: '',
      measure: ({ real, fake }) => reduceMean(sigmoid(sub(real, fake))),
    },
  },
  generatorMonitors: {},
};
