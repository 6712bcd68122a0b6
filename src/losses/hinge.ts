import { add, neg, reduceMean, relu, sub } from '../ops/index.ts';
import type { AdversarialLoss } from './adversarial.ts';
import { scoreMonitors } from './scores.ts';

/** Discriminator: mean max(0, 1 - D(x)) + mean max(0, 1 + D(G(z))), which minds no score beyond the margin; generator: -mean D(G(z)).
 *  @see arXiv:1705.02894, arXiv:1802.05957 */
export const hinge: AdversarialLoss = {
  discriminator: ({ real, fake }) => add(reduceMean(relu(sub(1, real))), reduceMean(relu(add(1, fake)))),
  generator: (fake) => neg(reduceMean(fake)),
  hasTargets: false,
  verdict: 'score',
  isRelative: false,
  isWonAtZero: true,
  ...scoreMonitors,
};
