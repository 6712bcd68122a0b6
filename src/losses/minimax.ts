import { neg } from '../ops/index.ts';
import type { AdversarialLoss } from './adversarial.ts';
import { binaryCrossEntropy, crossEntropyGame } from './cross_entropy.ts';

/** Generator: log(1 - D(G(z))), the minimax game as first written. @see arXiv:1406.2661 */
export const minimax: AdversarialLoss = {
  ...crossEntropyGame,
  generator: (fake) => neg(binaryCrossEntropy(fake, 0)),
};
