import { addScaled, type Latent, mean } from './vectors.ts';

/** The three groups of an arithmetic, each of one or more latents. */
export interface Groups {
  readonly a: readonly Latent[];
  readonly b: readonly Latent[];
  readonly c: readonly Latent[];
}

/** mean(a) - mean(b) + mean(c). @see arXiv:1511.06434 */
export const arithmetic = ({ a, b, c }: Groups): Latent => addScaled(addScaled(mean(a), -1, mean(b)), 1, mean(c));
