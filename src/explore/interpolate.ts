import { addScaled, dot, type Latent, length, subtract } from './vectors.ts';

/** How a path runs between two latents. */
export type Arc = 'linear' | 'spherical';

/** Where sin(angle) is too small to divide by: the two directions are one, or opposite. */
const PARALLEL = 1e-6;

/** A point of a path from its beginning, 0, to its end, 1. */
export type Path = (t: number) => Latent;

/** The path between two latents. A linear one is straight. A spherical one turns at constant speed about `origin` (zero if not given) while
 *  its distance from there changes evenly, so that between noise of one distribution it passes through likely noise; between opposite or
 *  equal directions it is straight.
 *  @see Shoemake, Animating rotation with quaternion curves (1985), and arXiv:1609.04468 */
export const pathBetween = (from: Latent, to: Latent, arc: Arc, origin?: Latent): Path =>
  arc === 'spherical' ? sphericalPath(from, to, origin ?? new Float64Array(from.length)) : linearPath(from, to);

/** `count` latents on the path from `from` to `to`, both included (`from` alone if count is 1), at equal steps. */
export function interpolate(from: Latent, to: Latent, count: number, arc: Arc, origin?: Latent): Latent[] {
  const point = pathBetween(from, to, arc, origin);
  return Array.from({ length: count }, (_, i) => point(count === 1 ? 0 : i / (count - 1)));
}

const linearPath =
  (from: Latent, to: Latent): Path =>
  (t) =>
    from.map((value, i) => (1 - t) * value + t * (to[i] as number));

function sphericalPath(from: Latent, to: Latent, origin: Latent): Path {
  const [a, b] = [subtract(from, origin), subtract(to, origin)];
  const [lengthA, lengthB] = [length(a), length(b)];
  const angle = Math.acos(Math.min(1, Math.max(-1, dot(a, b) / (lengthA * lengthB))));
  const sine = Math.sin(angle);
  if (!(sine > PARALLEL)) return linearPath(from, to);
  return (t) => {
    const distance = (1 - t) * lengthA + t * lengthB;
    const towardsA = addScaled(origin, (distance * Math.sin((1 - t) * angle)) / (sine * lengthA), a);
    return addScaled(towardsA, (distance * Math.sin(t * angle)) / (sine * lengthB), b);
  };
}
