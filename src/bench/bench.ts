import { listDevices } from '../device/index.ts';
import { ConfigError } from '../errors.ts';
import { didYouMean } from '../suggest.ts';
import { type BenchCase, benchCases } from './cases.ts';
import { timerDelay } from './event_loop.ts';
import { findPytorch } from './pytorch.ts';
import { benchRecipe, type RecipeBench, withStep } from './recipe_bench.ts';

export interface BenchOptions {
  /** Recipes to time; all of `benchCases` if none are given. */
  readonly recipes?: readonly string[] | undefined;
  /** Images per update; each recipe's own if not given. */
  readonly batch?: number | undefined;
  /** How often every competitor has its turn; 2 if not given. */
  readonly rounds?: number | undefined;
  readonly onProgress?: ((message: string) => void) | undefined;
}

/** What a benchmark measured. */
export interface Bench {
  readonly machine: string;
  readonly recipes: readonly RecipeBench[];
  /** 99th percentile of a 10 ms timer's delay. */
  readonly timerDelayMs: { readonly idle: number; readonly training: number };
}

const IDLE_MS = 3000;

/** Measures the full-size steps of recipes on the CPU, beside PyTorch where it is installed.
 *  @throws ConfigError for a recipe that is not timed, DeviceError */
export async function bench({ recipes, batch, rounds = 2, onProgress = () => {} }: BenchOptions = {}): Promise<Bench> {
  const cases = chosenCases(recipes).map((row) => (batch === undefined ? row : { ...row, batch }));
  const python = await findPytorch();
  if (!python)
    onProgress('PyTorch is left out: no Python with torch (apt-get install python3-torch libopenblas0-openmp)');
  const results: RecipeBench[] = [];
  for (const row of cases) results.push(await benchRecipe(row, { rounds, python, onProgress }));
  onProgress('timers');
  const idle = await timerDelay(() => new Promise((resolve) => setTimeout(resolve, IDLE_MS)));
  const training = await withStep(cases[0] as BenchCase, (step) => timerDelay(async () => void (await step())));
  return { machine: machineName(), recipes: results, timerDelayMs: { idle, training } };
}

const machineName = (): string => listDevices().find(({ kind }) => kind === 'cpu')?.description ?? '';

/** @throws ConfigError */
function chosenCases(recipes: readonly string[] | undefined): readonly BenchCase[] {
  if (!recipes || recipes.length === 0) return benchCases;
  return recipes.map((name) => {
    const found = benchCases.find(({ recipe }) => recipe === name);
    if (found) return found;
    const known = benchCases.map(({ recipe }) => recipe);
    throw new ConfigError(
      'recipe_not_timed',
      `there is no benchmark of recipe '${name}'.${didYouMean(name, known)} Known are ${known.join(', ')}.`,
    );
  });
}
