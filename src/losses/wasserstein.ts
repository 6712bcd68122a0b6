import { neg, reduceMean, sub } from '../ops/index.ts';
import type { AdversarialLoss } from './adversarial.ts';

/** Critic: mean D(G(z)) - mean D(x), whose negative estimates the Wasserstein distance. @see arXiv:1701.07875 */
export const wasserstein: AdversarialLoss = {
  discriminator: ({ real, fake }) => sub(reduceMean(fake), reduceMean(real)),
  generator: (fake) => neg(reduceMean(fake)),
  hasTargets: false,
  verdict: 'score',
  isRelative: false,
  isWonAtZero: false,
  monitors: {
    wasserstein: {
      label: 'W',
      panel: 'Wasserstein estimate',
      meaning: 'distance',
      unit: '',
      measure: ({ real, fake }) => sub(reduceMean(real), reduceMean(fake)),
    },
  },
  generatorMonitors: {},
};
