import { readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { replaceFile, syncFolder } from '../../durable.ts';
import { makeFolder, parseJson, readRegularFile } from '../../files.ts';
import { errno } from '../../storage.ts';

/** A checkpoint of a run, not yet checked. */
export interface CheckpointEntry {
  readonly step: number;
  readonly folder: string;
  /** Marked by {@link markBest}; never pruned for its age. */
  readonly best: boolean;
}

// Names in checkpoints/: step-000400 is a checkpoint, step-000400.replaced the one it is taking the place of,
// step-000400.abandoned one of a course that the run has turned back from, and names that start with a dot are being written or
// removed.
const CHECKPOINT_NAME = /^step-(\d{6,})$/;
const REPLACED = '.replaced';
const ABANDONED = '.abandoned';
const BEST_FILE = 'best.json';

export const checkpointsFolder = (runFolder: string): string => join(runFolder, 'checkpoints');

export const checkpointName = (step: number): string => `step-${String(step).padStart(6, '0')}`;

/** The step in a checkpoint folder's name; undefined if it is no name that {@link checkpointName} gives. */
export function stepOfName(name: string): number | undefined {
  const step = Number(CHECKPOINT_NAME.exec(name)?.[1]);
  return Number.isSafeInteger(step) && checkpointName(step) === name ? step : undefined;
}

/** The checkpoints of a run, oldest first; none if the folder has none. Unfinished ones of a killed run are not among them, nor
 *  empty folders, which hold nothing that could be damaged. */
export async function listCheckpoints(runFolder: string): Promise<CheckpointEntry[]> {
  const parent = checkpointsFolder(runFolder);
  const names = await namesIn(parent);
  const best = names.includes(BEST_FILE) ? await readBest(join(parent, BEST_FILE)) : undefined;
  const folders = new Map<number, string>();
  for (const name of names) {
    const step = stepOfName(name.endsWith(REPLACED) ? name.slice(0, -REPLACED.length) : name);
    // A run killed between the two renames of a replacement has only the old folder, complete as it was.
    if (step === undefined || (name.endsWith(REPLACED) && folders.has(step))) continue;
    if (await holdsSomething(join(parent, name))) folders.set(step, join(parent, name));
  }
  return [...folders].sort(([a], [b]) => a - b).map(([step, folder]) => ({ step, folder, best: step === best }));
}

/** Marks one checkpoint as the best so far, in place of any marked before; pruning spares it. */
export async function markBest(runFolder: string, step: number): Promise<void> {
  await replaceFile(join(checkpointsFolder(runFolder), BEST_FILE), `${JSON.stringify({ step })}\n`);
}

/** Makes the checkpoints folder if need be and clears what a killed run left there. Only the run's one writer may call it. */
export async function prepareCheckpoints(runFolder: string): Promise<string> {
  const parent = checkpointsFolder(runFolder);
  if (await makeFolder(parent)) await syncFolder(runFolder);
  const names = await namesIn(parent);
  for (const name of names) {
    if (name.startsWith('.') || name.endsWith(ABANDONED))
      await rm(join(parent, name), { recursive: true, force: true });
    if (!name.endsWith(REPLACED)) continue;
    const original = name.slice(0, -REPLACED.length);
    if (names.includes(original)) await discard(parent, name);
    else await rename(join(parent, name), join(parent, original));
  }
  return parent;
}

/** Puts a finished temporary folder in its place, taking that of an earlier checkpoint of the same step. */
export async function publish(parent: string, temporary: string, name: string): Promise<void> {
  const replaces = (await namesIn(parent)).includes(name);
  if (replaces) await rename(join(parent, name), join(parent, name + REPLACED));
  await rename(join(parent, temporary), join(parent, name));
  await syncFolder(parent);
  if (replaces) await discard(parent, name + REPLACED);
}

/** Which checkpoints stay when one is saved, beside it and the one marked best. */
export interface Keeping {
  /** How many of the newest, and how many of the newest at multiples of `every`. */
  readonly keepLast: number;
  /** Steps between regular checkpoints; 1 if not given. What an interruption saves in between takes no place from them, so that
   *  a run that was interrupted has the same ones to go back to as one that was not. */
  readonly every?: number | undefined;
}

/** Removes what is not to be kept after `step` was saved, that of later steps among it: they belong to a course that the run
 *  did not take. */
export async function prune(runFolder: string, step: number, { keepLast, every = 1 }: Keeping): Promise<void> {
  const entries = await listCheckpoints(runFolder);
  const saved = entries.filter((entry) => entry.step <= step).map((entry) => entry.step);
  const regular = saved.filter((at) => at % every === 0);
  const newest = new Set([saved, regular].flatMap((steps) => steps.slice(Math.max(0, steps.length - keepLast))));
  const isKept = (entry: CheckpointEntry) =>
    entry.step === step || (entry.step < step && (entry.best || newest.has(entry.step)));
  for (const entry of entries.filter((candidate) => !isKept(candidate)))
    await discard(checkpointsFolder(runFolder), checkpointName(entry.step));
  if (entries.some((entry) => entry.best && entry.step > step)) await unmarkBest(runFolder);
}

/** Takes the checkpoints of steps later than `step` out of the run's course, which goes on from there. They are removed when the
 *  next one is saved; until then a kill leaves a run whose newest checkpoint is that of `step`. */
export async function abandonAfter(runFolder: string, step: number): Promise<void> {
  const parent = checkpointsFolder(runFolder);
  const later = (await listCheckpoints(runFolder)).filter((entry) => entry.step > step);
  // The newest goes last: a kill in between leaves a run that has not turned back yet.
  for (const entry of later) {
    const aside = join(parent, checkpointName(entry.step) + ABANDONED);
    await rm(aside, { recursive: true, force: true });
    await rename(entry.folder, aside);
  }
  if (later.some((entry) => entry.best)) await unmarkBest(runFolder);
  if (later.length > 0) await syncFolder(parent);
}

const unmarkBest = (runFolder: string): Promise<void> =>
  rm(join(checkpointsFolder(runFolder), BEST_FILE), { force: true });

/** Removes a checkpoint so that no half of it is ever listed. */
async function discard(parent: string, name: string): Promise<void> {
  const hidden = join(parent, `.discarded-${name}`);
  await rename(join(parent, name), hidden);
  await rm(hidden, { recursive: true, force: true });
}

/** Whether this is a folder and has anything in it. */
async function holdsSomething(folder: string): Promise<boolean> {
  try {
    return (await readdir(folder)).length > 0;
  } catch (error) {
    if (errno(error) === 'ENOTDIR') return false;
    throw error;
  }
}

/** Names in a folder in code-unit order, so that `step-N` comes before `step-N.replaced`; none if it does not exist. */
async function namesIn(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).sort();
  } catch (error) {
    if (errno(error) === 'ENOENT') return [];
    throw error;
  }
}

const bestSchema = z.object({ step: z.number() });

async function readBest(path: string): Promise<number | undefined> {
  try {
    return bestSchema.parse(parseJson(String(await readRegularFile(path)))).step;
  } catch (error) {
    // A mark that cannot be read marks nothing; it must not keep a run from its checkpoints.
    if (errno(error) === undefined) return undefined;
    throw error;
  }
}
