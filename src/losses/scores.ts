import { reduceMean } from '../ops/index.ts';
import type { AdversarialLoss } from './adversarial.ts';

const score = { panel: 'mean scores', meaning: 'score', unit: '' } as const;

/** What losses report whose discriminator gives scores that are no logits: their means. */
export const scoreMonitors: Pick<AdversarialLoss, 'monitors' | 'generatorMonitors'> = {
  monitors: {
    scoreReal: { label: 'score(x)', ...score, measure: ({ real }) => reduceMean(real) },
    scoreFake: { label: 'score(G(z))', ...score, measure: ({ fake }) => reduceMean(fake) },
  },
  generatorMonitors: {},
};
