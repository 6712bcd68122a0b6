import type { Moments } from '../ops/index.ts';
import { scoped } from '../tensor/scope.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { Pass, ReferenceMoments } from './layer.ts';
import type { Network } from './network.ts';

/** The moments of a reference batch [R, ...inputShape] in each layer of a network with virtual batch norm: what other batches are given as
 *  `reference` in their passes. They follow the weights, and gradients flow back through them. The network keeps
 *  them for sampling. The batch itself is normalised by its own moments. @see arXiv:1606.03498, section 3.5 */
export function measureReference(network: Network, batch: Tensor, pass: Omit<Pass, 'training'>): ReferenceMoments {
  const measured = new Map<string, Moments>();
  const measure = (path: string, moments: Moments): void => void measured.set(path, moments);
  scoped('reference', () => network.apply(batch, { ...pass, training: true, measure }));
  return measured;
}
