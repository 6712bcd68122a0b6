import { arithmetic, type Groups } from './arithmetic.ts';
import { chooseDirections, type Direction } from './directions.ts';
import { type Arc, interpolate } from './interpolate.ts';
import { type LatentSpace, requireDescriptors } from './space.ts';
import { neutral, type Trait, withTrait } from './traits.ts';
import { addScaled, type Latent, mean } from './vectors.ts';

/** Latents as they are laid out in a picture, with captions. */
export interface LatentGrid {
  /** Captions above the columns; fewer than columns leaves the rest without. */
  readonly columns: readonly string[];
  readonly rows: readonly LatentRow[];
}

/** One row of a grid. */
export interface LatentRow {
  readonly caption: string;
  /** undefined: an empty place. */
  readonly cells: readonly (Latent | undefined)[];
  /** Below the cells, one for each. */
  readonly captions?: readonly string[];
}

/** What most grids have. */
export interface GridShape {
  readonly rows: number;
  readonly columns: number;
  /** Decides the random latents. */
  readonly seed: number;
}

export const indices = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

/** `count` numbers from `from` to `to`, both included; the middle if it is 1. */
export const evenly = (from: number, to: number, count: number): number[] =>
  indices(count).map((i) => (count === 1 ? (from + to) / 2 : from + ((to - from) * i) / (count - 1)));

export const decimal = (value: number): string => String(Number(value.toFixed(2)));
const signed = (value: number): string => (value > 0 ? `+${decimal(value)}` : decimal(value));

/** Paths between pairs of random latents, a pair in a row: 0 to 1, 2 to 3 and so on. */
export function interpolationGrid(
  space: LatentSpace,
  { rows, columns, seed, arc = space.arc }: GridShape & { readonly arc?: Arc | undefined },
): LatentGrid {
  const drawn = space.draw(2 * rows, seed);
  return {
    columns: evenly(0, 1, columns).map(decimal),
    rows: indices(rows).map((row) => ({
      caption: `${2 * row} - ${2 * row + 1}`,
      cells: interpolate(drawn[2 * row] as Latent, drawn[2 * row + 1] as Latent, columns, arc, space.origin),
    })),
  };
}

/** The descriptors' mean alone. @throws ConfigError descriptors_needed */
export const meanGrid = (space: LatentSpace): LatentGrid => ({
  columns: ['mean'],
  rows: [{ caption: '', cells: [requireDescriptors(space, 'mean').mean] }],
});

/** Movement along directions, one in a row, from -range to +range deviations: from the descriptors' mean, or, for noise, whose
 *  mean is no likely latent, from the first random latent of the seed. @param directions indices; the first `rows` if not given
 *  @throws ConfigError direction_range, directions_missing */
export async function eigenGrid(
  space: LatentSpace,
  {
    rows,
    columns,
    seed,
    directions,
    range,
  }: GridShape & { readonly directions?: readonly number[] | undefined; readonly range: number },
): Promise<LatentGrid> {
  const all = await space.directions();
  const shown = directions ?? indices(Math.min(rows, all.length));
  const start = space.descriptors ? space.origin : (space.draw(1, seed)[0] as Latent);
  const distances = evenly(-range, range, columns);
  return {
    columns: distances.map(signed),
    rows: chooseDirections(all, shown).map(({ vector, deviation }, row) => ({
      caption: `v${shown[row]}`,
      cells: distances.map((distance) => addScaled(start, distance * deviation, vector)),
    })),
  };
}

/** Random descriptors with traits, and what is needed to give them any. */
export interface TraitGridOptions extends Pick<GridShape, 'rows' | 'seed'> {
  /** Further directions to take out, beside those of the traits. */
  readonly directions?: readonly number[] | undefined;
}

/** Random descriptors, neutral in every direction that the traits use. */
async function neutralDescriptors(
  space: LatentSpace,
  picture: string,
  traits: readonly Trait[],
  options: TraitGridOptions,
) {
  requireDescriptors(space, picture);
  const directions = await space.directions();
  const used = new Set([
    ...traits.flatMap(({ coefficients }) => [...coefficients.keys()]),
    ...(options.directions ?? []),
  ]);
  const removed: Direction[] = chooseDirections(directions, [...used]);
  const drawn = space.draw(options.rows, options.seed);
  return { directions, drawn, bare: drawn.map((latent) => neutral(latent, space.origin, removed)) };
}

/** Trait montage: random descriptors, one in a row, as drawn, neutral, and with each trait.
 *  @throws ConfigError descriptors_needed, direction_range */
export async function montageGrid(
  space: LatentSpace,
  options: TraitGridOptions & { readonly traits: readonly Trait[] },
): Promise<LatentGrid> {
  const { traits } = options;
  const { directions, drawn, bare } = await neutralDescriptors(space, 'montage', traits, options);
  return {
    columns: ['drawn', 'neutral', ...traits.map(({ name }) => name)],
    rows: bare.map((latent, row) => ({
      caption: String(row),
      cells: [drawn[row], latent, ...traits.map((trait) => withTrait(latent, trait, directions))],
    })),
  };
}

/** Random descriptors, one in a row, from neutral to the full trait.
 *  @throws ConfigError descriptors_needed, direction_range */
export async function sequenceGrid(
  space: LatentSpace,
  options: TraitGridOptions & Pick<GridShape, 'columns'> & { readonly trait: Trait },
): Promise<LatentGrid> {
  const { trait, columns } = options;
  const { directions, bare } = await neutralDescriptors(space, 'sequence', [trait], options);
  const amounts = evenly(0, 1, columns);
  return {
    columns: amounts.map((amount, i) => (i === 0 ? 'neutral' : i === columns - 1 ? trait.name : decimal(amount))),
    rows: bare.map((latent, row) => ({
      caption: String(row),
      cells: amounts.map((amount) => withTrait(latent, trait, directions, amount)),
    })),
  };
}

/** Vector arithmetic: each group in a row behind its mean, and the result below them. */
export function arithmeticGrid(groups: Groups): LatentGrid {
  const members = Math.max(...Object.values(groups).map((group) => group.length));
  const row = (caption: string, latents: readonly Latent[]): LatentRow => ({
    caption,
    cells: [mean(latents), ...latents],
  });
  return {
    columns: ['mean', ...indices(members).map(String)],
    rows: [
      row('a', groups.a),
      row('b', groups.b),
      row('c', groups.c),
      { caption: 'a-b+c', cells: [arithmetic(groups)] },
    ],
  };
}
