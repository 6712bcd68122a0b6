import { join } from 'node:path';
import { z } from 'zod';
import type { Config, ConfigChanges } from '../config/index.ts';
import { replaceFile } from '../durable.ts';
import { CheckpointError, ConfigError } from '../errors.ts';
import { parseJson, readRegularFile, statOf } from '../files.ts';
import { recipeOf } from '../models/index.ts';
import { errno, storageError } from '../storage.ts';
import { differences, formatChange } from '../train/changes.ts';
import { configPath, readRunFolder } from '../train/run/folder.ts';
import { completeConfig } from '../train/stored_config.ts';
import { runFolder, type StudyRow } from './rows.ts';

/** How the run of a row ended. */
export interface Outcome {
  /** `failed`: by an error, such as data that is not there; it is tried again when the study is started again. */
  readonly state: 'finished' | 'collapsed' | 'diverged' | 'failed';
  /** Of an error; or why a finished run could not be evaluated. */
  readonly problem?: string | undefined;
  /** Name of its evaluation, without `.json`; undefined if it was not evaluated. */
  readonly evaluation?: string | undefined;
}

const outcomeSchema = z.object({
  state: z.enum(['finished', 'collapsed', 'diverged', 'failed']),
  problem: z.string().optional(),
  evaluation: z.string().optional(),
});

const stateSchema = z.object({
  format: z.literal('gannet-study'),
  /** As they were when the study was last started. */
  evaluation: z.unknown().optional(),
  rows: z.record(
    z.string(),
    z.object({
      config: z.record(z.string(), z.unknown()),
      recipeHash: z.string().optional(),
      outcome: outcomeSchema.optional(),
    }),
  ),
});

type StoredRow = {
  readonly config: ConfigChanges;
  /** Of the modules of an own recipe. */
  readonly recipeHash?: string | undefined;
  readonly outcome?: Outcome | undefined;
};

const STATE_FILE = 'study.json';

/** What a study's folder keeps between two starts: which rows were begun with which configuration, and how they ended. */
export class StudyState {
  private readonly path: string;
  private readonly evaluation: unknown;
  private readonly rows: Map<string, StoredRow>;

  private constructor(path: string, evaluation: unknown, rows: Map<string, StoredRow>) {
    this.path = path;
    this.evaluation = evaluation;
    this.rows = rows;
  }

  /** Reads what a folder keeps; nothing of it is lost for rows that the study no longer has.
   *  @param evaluation how runs are evaluated now; where it was otherwise, runs count as not evaluated
   *  @throws ConfigError study_changed if a row was begun with another configuration, or its run has another one now; CheckpointError
   *  study_corrupt, run_corrupt */
  static async open(folder: string, rows: readonly StudyRow[], evaluation: unknown): Promise<StudyState> {
    const path = join(folder, STATE_FILE);
    const stored = await readState(path);
    const kept = new Map(Object.entries(stored?.rows ?? {}) as [string, StoredRow][]);
    expectSame(path, rows, kept);
    await expectRunsSame(folder, rows);
    if (JSON.stringify(stored?.evaluation) !== JSON.stringify(evaluation))
      for (const [name, { outcome, ...row }] of kept)
        kept.set(name, { ...row, ...(outcome && { outcome: { state: outcome.state, problem: undefined } }) });
    return new StudyState(path, evaluation, kept);
  }

  outcomeOf(name: string): Outcome | undefined {
    return this.rows.get(name)?.outcome;
  }

  /** @throws CheckpointError as `storageError` */
  async begin({ name, config }: StudyRow): Promise<void> {
    this.rows.set(name, { config, recipeHash: recipeHashOf(config) });
    await this.write();
  }

  /** @throws CheckpointError as `storageError` */
  async end({ name, config }: StudyRow, outcome: Outcome): Promise<void> {
    this.rows.set(name, { config, recipeHash: recipeHashOf(config), outcome });
    await this.write();
  }

  private async write(): Promise<void> {
    const state = { format: 'gannet-study', evaluation: this.evaluation, rows: Object.fromEntries(this.rows) };
    await replaceFile(this.path, `${JSON.stringify(state, undefined, 2)}\n`).catch((error: unknown) => {
      throw storageError(error, 'write', this.path, "move the study's folder to another disk");
    });
  }
}

async function readState(path: string): Promise<z.infer<typeof stateSchema> | undefined> {
  let text: string;
  try {
    text = String(await readRegularFile(path));
  } catch (error) {
    if (errno(error) === 'ENOENT') return undefined;
    throw storageError(error, 'read', path);
  }
  try {
    return stateSchema.parse(parseJson(text));
  } catch (cause) {
    throw new CheckpointError(
      'study_corrupt',
      `${path} is not what a study keeps of itself. Restore it from a copy, or choose another folder with --out.`,
      { cause },
    );
  }
}

function expectSame(path: string, rows: readonly StudyRow[], kept: ReadonlyMap<string, StoredRow>): void {
  const changed = rows.flatMap(({ name, config }) => {
    const before = kept.get(name);
    const changes = before ? changesOf(before, config, path) : [];
    return changes.length === 0 ? [] : [`  ${name}: ${changes.join(', ')}`];
  });
  if (changed.length === 0) return;
  throw new ConfigError(
    'study_changed',
    `these rows were begun with other settings, as ${path} says:\n${changed.join('\n')}\n  Put the settings back, give the changed rows other names, or choose another folder with --out. New rows may be added at any time.`,
  );
}

/** A run may have been resumed by hand with other settings, so that it is no longer what its row says. */
async function expectRunsSame(folder: string, rows: readonly StudyRow[]): Promise<void> {
  const changed: string[] = [];
  for (const row of rows) {
    const run = runFolder(folder, row);
    const path = configPath(run);
    if (!statOf(path)) continue;
    const { config } = await readRunFolder(run);
    const now = asKnownNow(config, row.config, path);
    const changes = differencesOf(settledAs(now, row.config), now);
    if (changes.length > 0) changed.push(`  ${run}: ${changes.join(', ')}`);
  }
  if (changed.length === 0) return;
  throw new ConfigError(
    'study_changed',
    `the settings of these runs are no longer those of their rows:\n${changed.join('\n')}\n  Remove the folders of these runs, so that they are trained anew, write the settings into the study under new names of rows, or choose another folder with --out.`,
  );
}

/** A row's configuration with what only its run knows, which has read the images: how many steps its epochs are, how many images its
 *  replay holds, which labels there are, and the network that evaluates it. */
function settledAs(
  { steps, replay, conditionedOn, evaluateFeatures, evaluatedBy }: ConfigChanges,
  { epochs, ...row }: Config,
): ConfigChanges {
  return {
    ...row,
    ...(epochs !== undefined && { steps }),
    ...(row.replay.images === 0 && {
      replay: { ...row.replay, images: (replay as Config['replay'] | undefined)?.images },
    }),
    conditionedOn,
    evaluateFeatures,
    evaluatedBy,
  };
}

function changesOf(before: StoredRow, now: Config, path: string): string[] {
  const changes = differencesOf(asKnownNow(before.config, now, path), now);
  const isOtherFile = before.config.recipe === now.recipe && before.recipeHash !== recipeHashOf(now);
  return isOtherFile ? ['the file of its recipe', ...changes] : changes;
}

const recipeHashOf = (config: Config): string | undefined => recipeOf(config).sources?.hash;

/** A configuration with the keys that a later version has added, as its recipe has them. */
const asKnownNow = (before: ConfigChanges, now: Config, path: string): ConfigChanges =>
  before.recipe === now.recipe ? completeConfig(before, recipeOf(now), path) : before;

/** For people; how long and on what data to train count too. */
function differencesOf(before: ConfigChanges, now: ConfigChanges): string[] {
  const length = ['data', 'steps', 'epochs']
    .filter((key) => before[key] !== now[key])
    .map((key) => ({ key, from: before[key] ?? null, to: now[key] ?? null }));
  return [...length, ...differences(before, now)].map(formatChange);
}
