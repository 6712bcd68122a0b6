import { ConfigError } from '../errors.ts';
import {
  type Arc,
  arithmeticGrid,
  type Explorer,
  eigenGrid,
  findTrait,
  interpolationGrid,
  type LatentGrid,
  meanGrid,
  montageGrid,
  parseTraits,
  readGroup,
  type Sweep,
  sequenceGrid,
  sumOfTraits,
  sweep,
  type Trait,
} from '../explore/index.ts';
import { requireDescriptors } from '../explore/space.ts';
import { requireRepresentatives } from '../explore/sweep.ts';
import { parseJson, readRegularFile } from '../files.ts';
import type { LabelChoice } from '../train/index.ts';

/** What a picture can be asked for. */
export interface PictureOptions {
  readonly seed: number;
  readonly rows?: number;
  readonly columns?: number;
  readonly directions?: readonly number[];
  readonly range: number;
  readonly arc?: Arc;
  readonly traits?: string;
  readonly trait: readonly string[];
  readonly a?: string;
  readonly b?: string;
  readonly c?: string;
  readonly variable?: string;
  readonly to?: number;
}

/** What a picture is made of, and what else was found on the way. */
export type MadeGrid = LatentGrid & { readonly sweep?: Sweep };

/** Makes a picture's grid. `label` is what a conditional run is asked to draw. */
export type GridMaker = (
  explorer: Explorer,
  options: PictureOptions,
  label: LabelChoice | undefined,
) => MadeGrid | Promise<MadeGrid>;

/** Coefficient of a trait that was not taken from a file, in deviations of its direction. */
const PLAIN_COEFFICIENT = 2;

/** The pictures by name. */
export const PICTURES: Readonly<Record<string, GridMaker>> = {
  interpolate: ({ space }, { seed, rows = 6, columns = 8, arc }) =>
    interpolationGrid(space, { seed, rows, columns, arc }),
  mean: ({ space }) => meanGrid(space),
  eigen: ({ space }, { seed, rows = 8, columns = 7, directions, range }) =>
    eigenGrid(space, { seed, rows, columns, directions, range }),
  montage: async (explorer, options) =>
    montageGrid(explorer.space, { ...options, rows: options.rows ?? 6, traits: await traitsOf(explorer, options) }),
  sequence: async (explorer, options) => {
    const { rows = 4, columns = 7 } = options;
    const trait = await oneTrait(explorer, options);
    return sequenceGrid(explorer.space, { ...options, rows, columns, trait });
  },
  sweep: async (explorer, { seed, rows = 6, columns = 9, variable, to = 1 }, label) => {
    const made = await sweep(explorer, { seed, rows, columns, variable, to, label });
    return { ...made.grid, sweep: made };
  },
  arithmetic: async ({ space }, { seed, ...options }) => {
    const [a, b, c] = (['a', 'b', 'c'] as const).map((name) => {
      const group = options[name];
      if (group !== undefined) return readGroup(group, space, seed);
      throw new ConfigError(
        'group_missing',
        `arithmetic expects three groups, such as --a 3,17 --b 0,4 --c 8,9; --${name} is missing`,
      );
    });
    return arithmeticGrid({ a: (await a) ?? [], b: (await b) ?? [], c: (await c) ?? [] });
  },
};

/** Those that only a run with descriptors has. */
const OF_DESCRIPTORS: ReadonlySet<string> = new Set(['mean', 'montage', 'sequence']);

/** Refuses a picture that a run can never have, before anything is said of its options.
 *  @throws ConfigError descriptors_needed, run_without_extractor */
export function expectPossible(picture: string, { space, session }: Explorer): void {
  if (OF_DESCRIPTORS.has(picture)) requireDescriptors(space, picture);
  if (picture === 'sweep') requireRepresentatives(session.model.config);
}

/** The traits to show: those named, or all of the file; without a file one for each direction. */
async function traitsOf(
  { space }: Explorer,
  { traits: path, trait, directions: indices }: PictureOptions,
): Promise<Trait[]> {
  const directions = await space.directions();
  if (path === undefined) return plainTraits(indices, trait);
  const traits = parseTraits(await readTraitFile(path), path, directions);
  return trait.length === 0 ? traits : trait.map((expression) => findTrait(traits, expression));
}

function plainTraits(indices: readonly number[] | undefined, named: readonly string[]): Trait[] {
  if (indices === undefined || named.length > 0) {
    throw new ConfigError(
      'traits_missing',
      'expected --traits FILE.json with the traits to show, or --directions such as 0,1,2 to show each by itself',
    );
  }
  return indices.map((index) => ({
    name: `+${PLAIN_COEFFICIENT} v${index}`,
    coefficients: new Map([[index, PLAIN_COEFFICIENT]]),
  }));
}

async function oneTrait(explorer: Explorer, options: PictureOptions): Promise<Trait> {
  const traits = await traitsOf(explorer, options);
  const [only] = traits;
  if (only && traits.length === 1) return only;
  if (options.traits === undefined) return sumOfTraits(traits);
  const names = traits.map(({ name }) => name).join(', ');
  throw new ConfigError(
    'trait_choice',
    `sequence shows one trait, or a sum such as a+b: choose it with --trait among ${names}`,
  );
}

async function readTraitFile(path: string): Promise<unknown> {
  try {
    return parseJson(String(await readRegularFile(path)));
  } catch (cause) {
    const problem = cause instanceof SyntaxError ? 'is not JSON' : 'cannot be read';
    throw new ConfigError('trait_file', `${path}: the trait file ${problem}: ${(cause as Error).message}`, { cause });
  }
}
