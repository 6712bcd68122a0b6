import type { AdversarialLoss } from './adversarial.ts';
import { binaryCrossEntropy, crossEntropyGame } from './cross_entropy.ts';

/** Generator: -log D(G(z)), whose gradient does not vanish while the discriminator wins. @see arXiv:1406.2661 */
export const nonSaturating: AdversarialLoss = {
  ...crossEntropyGame,
  generator: (fake) => binaryCrossEntropy(fake, 1),
};
