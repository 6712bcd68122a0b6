import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { readRegularFile } from '../../files.ts';
import type { SampleGridEntry } from '../protocol.ts';

const GRID_NAME = /^step-(\d{6,15})\.png$/;

/** The file of a run's grid of samples at a step. */
const gridPath = (runFolder: string, step: number): string =>
  join(runFolder, 'samples', `step-${String(step).padStart(6, '0')}.png`);

const PNG = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

/** The PNG file of a run's grid of samples at a step; undefined if it is not there or is no PNG, since a link in a folder that somebody else
 *  made could lead to any file. */
export async function readGrid(runFolder: string, step: number): Promise<Buffer | undefined> {
  const bytes = await readRegularFile(gridPath(runFolder, step)).catch(() => undefined);
  return bytes?.subarray(0, PNG.length).equals(PNG) ? bytes : undefined;
}

/** The grids that a run has drawn while it trained, by step; none if it has no folder of them. */
export async function listGrids(runFolder: string): Promise<SampleGridEntry[]> {
  const names = await readdir(join(runFolder, 'samples')).catch((): string[] => []);
  const steps = names.flatMap((name) => {
    const step = Number(GRID_NAME.exec(name)?.[1]);
    return Number.isSafeInteger(step) ? [step] : [];
  });
  const entries = await Promise.all(steps.sort((a, b) => a - b).map((step) => entryOf(runFolder, step)));
  return entries.filter((entry) => entry !== undefined);
}

/** The newest grid alone, without a look at each. */
export async function newestGrid(runFolder: string, names: readonly string[]): Promise<SampleGridEntry | null> {
  const steps = names.map((name) => Number(GRID_NAME.exec(name)?.[1])).filter(Number.isSafeInteger);
  if (steps.length === 0) return null;
  return (
    (await entryOf(
      runFolder,
      steps.reduce((a, b) => Math.max(a, b)),
    )) ?? null
  );
}

async function entryOf(runFolder: string, step: number): Promise<SampleGridEntry | undefined> {
  const found = await stat(gridPath(runFolder, step)).catch(() => undefined);
  return found?.isFile() ? { step, version: Math.round(found.mtimeMs).toString(36) } : undefined;
}
