import { join } from 'node:path';
import { addFiles, temporaryFolder } from '../data/temporary.ts';

/** A line of metrics.jsonl of a run that trains on 8 images a step, 10 steps a second. */
export const metricsLine = (
  step: number,
  values: Readonly<Record<string, number | null>>,
  system?: Readonly<Record<string, unknown>>,
): string =>
  JSON.stringify({
    step,
    epoch: step / 5,
    imagesSeen: 8 * step,
    elapsedMs: 100 * step,
    imagesPerSecond: 80,
    ...(system && { system }),
    values,
  });

/** A line of histograms.jsonl of a critic's scores. @param real bins of the real images, from bin 64 on @param fake from bin 60 on */
export const histogramsLine = (step: number, real: readonly number[], fake: readonly number[] = [1, 1]): string =>
  JSON.stringify({ step, kind: 'score', real: { first: 64, counts: real }, fake: { first: 60, counts: fake } });

/** The smallest PNG: one transparent pixel. */
export const PIXEL = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==',
  'base64',
);

/** What a written run is made of. */
export interface WrittenRun {
  readonly config?: object;
  readonly metrics?: readonly string[];
  readonly histograms?: readonly string[];
  readonly log?: readonly string[];
  /** Steps with a grid of samples. */
  readonly grids?: readonly number[];
  readonly files?: Readonly<Record<string, string | Uint8Array>>;
}

const at = (message: string): string => `2026-11-28T10:00:00.000Z ${message}\n`;

/** Writes a run's folder without training one. */
export function writeRun(
  folder: string,
  { config = {}, metrics = [], histograms, log = ['started on cpu'], grids = [], files = {} }: WrittenRun = {},
): void {
  addFiles(folder, {
    'config.json': JSON.stringify({ recipe: 'dcgan-digits', data: 'mnist', steps: 100, ...config }),
    'environment.json': JSON.stringify({ startedAt: '2026-11-28T10:00:00.000Z' }),
    'metrics.jsonl': metrics.map((line) => `${line}\n`).join(''),
    ...(histograms && { 'histograms.jsonl': histograms.map((line) => `${line}\n`).join('') }),
    'log.txt': log.map(at).join(''),
    ...Object.fromEntries(grids.map((step) => [`samples/step-${String(step).padStart(6, '0')}.png`, PIXEL])),
    ...files,
  });
}

/** A folder with these runs. */
export function folderOf(runs: Readonly<Record<string, WrittenRun>>): string {
  const root = temporaryFolder();
  for (const [name, run] of Object.entries(runs)) writeRun(join(root, name), run);
  return root;
}
