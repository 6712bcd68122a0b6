import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { ConfigChanges } from '../config/index.ts';
import { evaluationsFolder } from '../evaluation/index.ts';
import { parseJson, readRegularFile } from '../files.ts';
import type { Monitors } from '../losses/index.ts';
import type { Figures } from '../metrics/figures.ts';
import { errno, storageError } from '../storage.ts';
import { type MetricsRecord, readMetrics, readMonitors } from '../train/index.ts';
import { readRunFolder } from '../train/run/folder.ts';

/** What is read of a run to be compared with others. */
export interface ComparedRun {
  /** What tables, curves and grids call it. */
  readonly name: string;
  readonly folder: string;
  /** As its config.json says. */
  readonly config: ConfigChanges;
  readonly records: readonly MetricsRecord[];
  readonly monitors: Monitors;
  /** Undefined if it has none. */
  readonly evaluation?: ReadEvaluation | undefined;
}

/** What is read of an evaluation's report. */
export interface ReadEvaluation {
  readonly step: number;
  /** Name of the features, and images of either kind. */
  readonly features: string;
  readonly count: number;
  readonly figures: Figures;
}

/** Reads a run. @param evaluation name of the evaluation to take, without `.json`, or null for none; that of the highest step if
 *  not given @throws CheckpointError, ConfigError of its own recipe */
export async function readComparedRun(
  folder: string,
  name: string,
  { evaluation }: { readonly evaluation?: string | null } = {},
): Promise<ComparedRun> {
  const { config } = await readRunFolder(folder);
  return {
    name,
    folder,
    config,
    records: await readMetrics(folder),
    monitors: await readMonitors(folder),
    evaluation: evaluation === null ? undefined : await readEvaluation(folder, evaluation),
  };
}

// What is read of it; `Figures` says the rest.
const evaluationSchema = z.looseObject({
  format: z.literal('gannet-evaluation'),
  step: z.number().int(),
  features: z.looseObject({ name: z.string() }),
  count: z.number().int(),
  figures: z.looseObject({ frechet: z.number() }),
});

async function readEvaluation(run: string, name: string | undefined): Promise<ReadEvaluation | undefined> {
  const folder = evaluationsFolder(run);
  const files = name === undefined ? await reportsIn(folder) : [`${name}.json`];
  const read = await Promise.all(files.map((file) => parseEvaluation(join(folder, file))));
  return read.filter((report) => report !== undefined).sort((a, b) => b.step - a.step)[0];
}

async function reportsIn(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch((error: unknown) => {
    if (errno(error) === 'ENOENT') return [];
    throw storageError(error, 'read', folder);
  });
  return names.filter((name) => name.endsWith('.json')).sort();
}

/** Undefined for a file that is gone or is no report. */
async function parseEvaluation(path: string): Promise<ReadEvaluation | undefined> {
  try {
    const { step, features, count, figures } = evaluationSchema.parse(parseJson(String(await readRegularFile(path))));
    return { step, features: features.name, count, figures: figures as unknown as Figures };
  } catch {
    return undefined;
  }
}
