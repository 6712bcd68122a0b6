import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { errno, replaceFile, syncFolder } from '../run/durable.ts';

/** A checkpoint of a run, not yet checked. */
export interface CheckpointEntry {
  readonly step: number;
  readonly folder: string;
  /** Marked by {@link markBest}; never pruned for its age. */
  readonly best: boolean;
}

// Names in checkpoints/: step-000400 is a checkpoint, step-000400.replaced the one it is taking the place of, and names that
// start with a dot are being written or removed.
const CHECKPOINT_NAME = /^step-(\d{6,})$/;
const REPLACED = '.replaced';
const BEST_FILE = 'best.json';

export const checkpointsFolder = (runFolder: string): string => join(runFolder, 'checkpoints');

export const checkpointName = (step: number): string => `step-${String(step).padStart(6, '0')}`;

/** The step in a checkpoint folder's name; undefined if it is no such name. */
export function stepOfName(name: string): number | undefined {
  const digits = CHECKPOINT_NAME.exec(name)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/** The checkpoints of a run, oldest first; none if the folder has none. Unfinished ones of a killed run are not among them. */
export async function listCheckpoints(runFolder: string): Promise<CheckpointEntry[]> {
  const parent = checkpointsFolder(runFolder);
  const names = await namesIn(parent);
  const best = names.includes(BEST_FILE) ? await readBest(join(parent, BEST_FILE)) : undefined;
  const folders = new Map<number, string>();
  for (const name of names) {
    const step = stepOfName(name.endsWith(REPLACED) ? name.slice(0, -REPLACED.length) : name);
    // A run killed between the two renames of a replacement has only the old folder, complete as it was.
    if (step !== undefined && (!name.endsWith(REPLACED) || !folders.has(step))) folders.set(step, join(parent, name));
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
  if ((await mkdir(parent, { recursive: true })) !== undefined) await syncFolder(runFolder);
  const names = await namesIn(parent);
  for (const name of names) {
    if (name.startsWith('.')) await rm(join(parent, name), { recursive: true, force: true });
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

/** Removes what is not to be kept after `step` was saved: all but the newest `keepLast` and the best, and, in a run that was
 *  taken up again from an earlier checkpoint, those of later steps, which belong to a course the run did not take. */
export async function prune(runFolder: string, step: number, keepLast: number): Promise<void> {
  const entries = await listCheckpoints(runFolder);
  const later = entries.filter((entry) => entry.step > step);
  const old = entries.filter((entry) => entry.step <= step).slice(0, -Math.max(keepLast, 1));
  for (const entry of [...later, ...old.filter((entry) => !entry.best)])
    await discard(checkpointsFolder(runFolder), checkpointName(entry.step));
  if (later.some((entry) => entry.best)) await rm(join(checkpointsFolder(runFolder), BEST_FILE), { force: true });
}

/** Removes a checkpoint so that no half of it is ever listed. */
async function discard(parent: string, name: string): Promise<void> {
  const hidden = join(parent, `.discarded-${name}`);
  await rename(join(parent, name), hidden);
  await rm(hidden, { recursive: true, force: true });
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

async function readBest(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8'))?.step;
  } catch (error) {
    // A mark that cannot be read marks nothing; it must not keep a run from its checkpoints.
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
