import { type Arc, pathBetween } from '../../src/explore/interpolate.ts';
import { addScaled, type Latent } from '../../src/explore/vectors.ts';
import { shellWord } from '../../src/train/run/shell.ts';
import type { LatentInfo } from '../../src/watch/protocol.ts';

/** How a latent is changed: coefficients, in deviations, by direction; amounts by trait, 1 being the trait in full; and the numbers of the latent
 *  that were set by themselves. */
export interface Edits {
  readonly directions: ReadonlyMap<number, number>;
  readonly traits: ReadonlyMap<string, number>;
  readonly numbers: ReadonlyMap<number, number>;
}

export const NO_EDITS: Edits = { directions: new Map(), traits: new Map(), numbers: new Map() };

/** A latent with its changes. */
export function edited(latent: Latent, { directions, traits, numbers }: Edits, info: LatentInfo): Latent {
  const along = (from: Latent, index: number, amount: number): Latent => {
    const direction = info.directions[index];
    return direction ? addScaled(from, amount * direction.deviation, Float64Array.from(direction.vector)) : from;
  };
  let result = latent;
  for (const [index, amount] of directions) result = along(result, index, amount);
  for (const [name, amount] of traits)
    for (const [index, coefficient] of Object.entries(info.traits[name] ?? {}))
      result = along(result, Number(index), amount * coefficient);
  const copy = Float64Array.from(result);
  for (const [index, value] of numbers) copy[index] = value;
  return copy;
}

/** A latent between four, which lie at the corners of a square: upper left, upper right, lower left, lower right.
 *  @param x from left, 0, to right, 1 @param y from top to bottom */
export function between(
  [a, b, c, d]: readonly [Latent, Latent, Latent, Latent],
  { x, y }: { readonly x: number; readonly y: number },
  arc: Arc,
  origin: Latent,
): Latent {
  const [above, below] = [pathBetween(a, b, arc, origin)(x), pathBetween(c, d, arc, origin)(x)];
  return pathBetween(above, below, arc, origin)(y);
}

/** A command line that draws a latent again. */
export function commandFor(
  folder: string,
  { recipe, step, size }: LatentInfo,
  latent: Latent,
  label: string | undefined,
): string {
  const file = {
    ...{ format: 'gannet-latents', command: 'gannet watch', recipe, step, seed: 0 },
    ...(label !== undefined && { class: label }),
    ...{ size, columns: [], rows: [{ caption: '', latents: [[...latent]] }] },
  };
  const draw = `gannet explore ${shellWord(folder)} --step ${step} --latents latent.json --out picture.png`;
  return `printf %s ${shellWord(JSON.stringify(file))} > latent.json && ${draw}`;
}
