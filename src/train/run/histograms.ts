import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { BIN_EDGES, type HistogramKind, type OutputHistograms } from '../histogram.ts';
import { readStepLines, type StepLinesFile, StepLinesWriter, type StepRecord } from './step_lines.ts';

/** One line of histograms.jsonl. */
export type HistogramsRecord = StepRecord & OutputHistograms;

const whole = z.int().min(0);
const binsSchema = z.object({ first: whole, counts: z.array(whole) });
const kinds = Object.keys(BIN_EDGES) as [HistogramKind, ...HistogramKind[]];
const lineSchema = z
  .object({ step: whole, kind: z.enum(kinds), real: binsSchema, fake: binsSchema })
  .refine(({ kind, real, fake }) =>
    [real, fake].every(({ first, counts }) => first + counts.length < BIN_EDGES[kind].length),
  );

/** The file of a run that keeps what its discriminator said of images. */
export const HISTOGRAMS_FILE: StepLinesFile<HistogramsRecord> = {
  name: 'histograms.jsonl',
  check: (value) => lineSchema.parse(value),
};

/** Opens a run's histograms.jsonl to append what comes after `step`, as metrics.jsonl is opened. Where none are to be recorded there is
 *  nothing to open, unless the run has recorded some before: what is after `step` goes from them.
 *  @throws CheckpointError as `storageError` */
export async function openHistograms(
  runFolder: string,
  step: number,
  isWanted: boolean,
): Promise<StepLinesWriter<HistogramsRecord> | undefined> {
  if (!isWanted && !existsSync(join(runFolder, HISTOGRAMS_FILE.name))) return undefined;
  return StepLinesWriter.open(runFolder, HISTOGRAMS_FILE, step);
}

/** All complete lines of a run's histograms.jsonl, none if it has no such file. @throws CheckpointError as `storageError` */
export const readHistograms = (runFolder: string): Promise<HistogramsRecord[]> =>
  readStepLines(runFolder, HISTOGRAMS_FILE);
