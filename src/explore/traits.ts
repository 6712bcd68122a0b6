import { z } from 'zod';
import { ConfigError } from '../errors.ts';
import { didYouMean } from '../suggest.ts';
import { chooseDirections, type Direction } from './directions.ts';
import { addScaled, dot, type Latent, subtract } from './vectors.ts';

/** A visible trait as a linear combination of directions: index -> coefficient, in units of the direction's deviation. */
export interface Trait {
  readonly name: string;
  readonly coefficients: ReadonlyMap<number, number>;
}

const traitsSchema = z.record(z.string(), z.record(z.string().regex(/^\d+$/), z.number()));

/** Traits from what a trait file holds, such as { "smile": { "0": 1.5, "3": -2 } }. `source` names it in errors.
 *  @throws ConfigError trait_file, and direction_range for a direction that the run does not have */
export function parseTraits(value: unknown, source: string, directions: readonly Direction[]): Trait[] {
  const result = traitsSchema.safeParse(value);
  if (!result.success || Object.keys(result.data).length === 0) {
    const where = result.error?.issues[0]?.path.join('.') ?? '';
    throw new ConfigError(
      'trait_file',
      `${source}: expected traits as numbers by direction, such as {"smile": {"0": 1.5, "3": -2}}, but received something else${where && ` at '${where}'`}`,
    );
  }
  return Object.entries(result.data).map(([name, coefficients]) => {
    const entries = Object.entries(coefficients).map(([index, coefficient]) => [Number(index), coefficient] as const);
    const trait = { name, coefficients: new Map(entries) };
    try {
      chooseDirections(directions, [...trait.coefficients.keys()]);
    } catch (cause) {
      throw new ConfigError('direction_range', `${source}: trait '${name}': ${(cause as Error).message}`, { cause });
    }
    return trait;
  });
}

/** The trait that an expression names: one of `traits`, or several with '+' between them, whose coefficients are added.
 *  @throws ConfigError trait_unknown */
export function findTrait(traits: readonly Trait[], expression: string): Trait {
  const parts = expression.split('+').map((name) => name.trim());
  return { ...sumOfTraits(parts.map((name) => findOne(traits, name))), name: parts.join('+') };
}

function findOne(traits: readonly Trait[], name: string): Trait {
  const trait = traits.find((candidate) => candidate.name === name);
  if (trait) return trait;
  const known = traits.map((candidate) => candidate.name);
  throw new ConfigError(
    'trait_unknown',
    `there is no trait '${name}'.${didYouMean(name, known)} Known: ${known.join(', ')}.`,
  );
}

/** Traits taken on together. */
export function sumOfTraits(traits: readonly Trait[]): Trait {
  const coefficients = new Map<number, number>();
  for (const trait of traits) {
    for (const [index, coefficient] of trait.coefficients) {
      coefficients.set(index, (coefficients.get(index) ?? 0) + coefficient);
    }
  }
  return { name: traits.map(({ name }) => name).join('+'), coefficients };
}

/** A latent at the mean in the chosen directions and as it was in all others: its projections on them, taken from `origin`, are
 *  removed. Directions are orthogonal. */
export const neutral = (latent: Latent, origin: Latent, chosen: readonly Direction[]): Latent =>
  chosen.reduce((result, { vector }) => addScaled(result, -dot(subtract(latent, origin), vector), vector), latent);

/** A latent moved by `amount` (1: in full) along a trait. @throws ConfigError direction_range */
export function withTrait(
  latent: Latent,
  { coefficients }: Trait,
  directions: readonly Direction[],
  amount = 1,
): Latent {
  const chosen = chooseDirections(directions, [...coefficients.keys()]);
  return [...coefficients.values()].reduce((result, coefficient, i) => {
    const { vector, deviation } = chosen[i] as Direction;
    return addScaled(result, amount * coefficient * deviation, vector);
  }, latent);
}
