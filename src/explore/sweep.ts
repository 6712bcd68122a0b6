import { type Curve, drawLines, type LineOptions } from '../charts/index.ts';
import { type Config, representativesOf } from '../config/index.ts';
import { ConfigError } from '../errors.ts';
import { didYouMean } from '../suggest.ts';
import type { LabelChoice } from '../train/index.ts';
import type { Explorer } from './explorer.ts';
import { decimal, evenly, type GridShape, indices, type LatentGrid } from './grids.ts';
import { rankCorrelation } from './rank_correlation.ts';
import type { Latent } from './vectors.ts';

/** Which representative variable is swept, and how far. */
export interface SweepOptions extends GridShape {
  /** By its name; the first if not given. */
  readonly variable?: string | undefined;
  /** It goes from 0 to this, which is above 0; at least 2 columns show it. */
  readonly to: number;
  /** Of all images; a conditional run needs one. */
  readonly label?: LabelChoice | undefined;
}

/** What became of images while a representative variable went from 0 on, the noise being the same in each row. */
export interface Sweep {
  readonly variable: string;
  /** Of the variable, one for each column. */
  readonly values: readonly number[];
  /** What the extractor read, [row][column]. */
  readonly readings: readonly (readonly number[])[];
  /** Spearman's rank correlation of reading and variable, the mean of the rows. */
  readonly correlation: number;
  /** The latents, with the reading below each picture. */
  readonly grid: LatentGrid;
}

/** A reading follows its variable if their rank correlation is above this. */
const LEAST_CORRELATION = 0.9;

/** Sweeps one representative variable of a run: random latents, one in a row, in which it goes from 0 to `to` and everything else stays.
 *  @throws ConfigError run_without_extractor, representative_unknown, sweep_range, labels_missing; DeviceError */
export async function sweep(
  { session, space, generate }: Pick<Explorer, 'session' | 'space' | 'generate'>,
  { rows, columns, seed, variable: named, to, label }: SweepOptions,
): Promise<Sweep> {
  const { config } = session.model;
  const names = requireRepresentatives(config);
  const { variable, position } = chooseVariable(names, named);
  expectRange(columns, to);
  const values = evenly(0, to, columns);
  const drawn = space.draw(rows, seed);
  const plain: LatentGrid = {
    columns: values.map(decimal),
    rows: drawn.map((latent, row) => ({
      caption: String(row),
      cells: values.map((value) => latent.with(config.latent.size + position, value) as Latent),
    })),
  };
  const all = await session.readings(await generate(plain, label));
  const readings = indices(rows).map((row) =>
    indices(columns).map((column) => all[(row * columns + column) * names.length + position] as number),
  );
  return {
    variable,
    values,
    readings,
    correlation: mean(readings.map((row) => rankCorrelation(values, row))),
    grid: {
      ...plain,
      rows: plain.rows.map((row, i) => ({ ...row, captions: (readings[i] as number[]).map((r) => r.toFixed(2)) })),
    },
  };
}

/** The representative variables of a run, one at least. @throws ConfigError run_without_extractor */
export function requireRepresentatives(config: Config): readonly [string, ...string[]] {
  const [first, ...others] = representativesOf(config);
  if (first !== undefined) return [first, ...others];
  throw new ConfigError(
    'run_without_extractor',
    `sweep goes along a representative variable, which recipe '${config.recipe}' does not have; train a recipe with extractors, such as extractor-gan`,
  );
}

function chooseVariable(names: readonly [string, ...string[]], named: string | undefined) {
  const variable = named ?? names[0];
  const position = names.indexOf(variable);
  if (position >= 0) return { variable, position };
  throw new ConfigError(
    'representative_unknown',
    `this run has no representative variable '${variable}'.${didYouMean(variable, names)} It has ${names.join(', ')}.`,
  );
}

/** A reading can follow a variable only where the variable moves. */
function expectRange(columns: number, to: number): void {
  if (columns >= 2 && to > 0 && Number.isFinite(to)) return;
  throw new ConfigError(
    'sweep_range',
    `sweep needs at least 2 columns and a value above 0 to go to, but received ${columns} and ${to}`,
  );
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** The readings of one column over all rows. */
const readAt = ({ readings }: Sweep, column: number): number[] => readings.map((row) => row[column] as number);

/** Whether the reading follows the variable. */
export const followsVariable = ({ correlation }: Sweep): boolean => correlation > LEAST_CORRELATION;

/** One line for people: how the reading went along, or that it did not follow. */
export function describeSweep(made: Sweep): string {
  const { variable, values, correlation } = made;
  const [first, last] = [mean(readAt(made, 0)), mean(readAt(made, values.length - 1))];
  const way = `${first.toFixed(3)} to ${last.toFixed(3)} while c goes from 0 to ${decimal(values.at(-1) as number)}`;
  const rank = `rank correlation ${correlation.toFixed(2)}`;
  return followsVariable(made)
    ? `the reading of ${variable} follows: ${way}, ${rank}`
    : `the reading of ${variable} does not follow its variable: ${way}, ${rank}, expected above ${LEAST_CORRELATION}; train longer, or with a larger extractor.weight`;
}

/** The mean, the least and the largest reading over the rows, for each value of the variable. */
export function sweepCurves(made: Sweep): Curve[] {
  const curve = (name: string, of: (readings: readonly number[]) => number): Curve => ({
    name,
    points: made.values.map((x, column) => ({ x, y: of(readAt(made, column)) })),
  });
  return [
    curve('mean', mean),
    curve('least', (readings) => Math.min(...readings)),
    curve('largest', (readings) => Math.max(...readings)),
  ];
}

/** Readings over the variable as an SVG drawing. */
export function drawSweep(made: Sweep, options: Omit<LineOptions, 'xTitle' | 'halfLife'> = {}): Promise<string> {
  const title = `reading of ${made.variable}, ${made.readings.length} latents`;
  const panel = { title, curves: sweepCurves(made) };
  return drawLines([panel], { ...options, xTitle: 'c', halfLife: 0 });
}
