import { join } from 'node:path';
import { addFiles, temporaryFolder } from '../data/temporary.ts';

/** A line of metrics.jsonl of a run that trains on 8 images a step, 10 steps a second. */
export const metricsLine = (step: number, values: Readonly<Record<string, number | null>>): string =>
  JSON.stringify({
    step,
    epoch: step / 5,
    imagesSeen: 8 * step,
    elapsedMs: 100 * step,
    imagesPerSecond: 80,
    values,
  });

/** The smallest PNG: one transparent pixel. */
export const PIXEL = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==',
  'base64',
);

/** What a written run is made of. */
export interface WrittenRun {
  readonly config?: object;
  readonly metrics?: readonly string[];
  readonly log?: readonly string[];
  /** Steps with a grid of samples. */
  readonly grids?: readonly number[];
  readonly files?: Readonly<Record<string, string | Uint8Array>>;
}

const at = (message: string): string => `2026-11-28T10:00:00.000Z ${message}\n`;

/** Writes a run's folder without training one. */
export function writeRun(
  folder: string,
  { config = {}, metrics = [], log = ['started on cpu'], grids = [], files = {} }: WrittenRun = {},
): void {
  addFiles(folder, {
    'config.json': JSON.stringify({ recipe: 'dcgan-digits', data: 'mnist', steps: 100, ...config }),
    'environment.json': JSON.stringify({ startedAt: '2026-11-28T10:00:00.000Z' }),
    'metrics.jsonl': metrics.map((line) => `${line}\n`).join(''),
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
