import { mkdir, rm, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { type JsonValue, syncFolder } from '../../durable.ts';
import { CheckpointError } from '../../errors.ts';
import {
  type FileDigest,
  SafetensorsFile,
  type TensorSource,
  writeSafetensors,
} from '../../safetensors/safetensors.ts';
import { storageError } from '../../storage.ts';
import { shellWord } from '../run/shell.ts';
import {
  type CheckpointEntry,
  checkpointName,
  type Keeping,
  listCheckpoints,
  markBest,
  prepareCheckpoints,
  prune,
  publish,
  stepOfName,
} from './listing.ts';
import { MANIFEST_FILE, type Manifest, verifyCheckpoint, writeManifest } from './manifest.ts';

/** Everything needed to go on: tensors by file (`generator`, `discriminator`, `optimizer` ...) and what is not a tensor. */
export interface CheckpointContent {
  readonly files: Readonly<Record<string, readonly TensorSource[]>>;
  /** Counters, data position, random state. Numbers must be finite, as JSON has no others. */
  readonly state: JsonValue;
}

/** A checkpoint whose every byte has been verified. Tensors are read from `files` when asked for. */
export interface Checkpoint {
  readonly step: number;
  readonly folder: string;
  readonly state: JsonValue;
  readonly files: ReadonlyMap<string, SafetensorsFile>;
}

const METADATA = { format: 'gannet', filterLayout: 'KRSC', activationLayout: 'NHWC' };
const EXTENSION = '.safetensors';

/** Saves `checkpoints/step-NNNNNN/` of a run and returns its folder. It is complete on disk before it gets its name, and only
 *  then are older ones removed, so a kill at any moment loses nothing already saved. Checkpoints of later steps, left where
 *  the run was taken up again from an earlier one, are removed too.
 *  @param options.best the step of the run's best checkpoint; marked before anything is removed, so that a kill never costs it
 *  @throws CheckpointError `disk_full`, `not_writable`, `storage_failed`, with the earlier checkpoints untouched */
export async function saveCheckpoint(
  runFolder: string,
  step: number,
  content: CheckpointContent,
  { best, ...keeping }: Keeping & { readonly best?: number | undefined },
): Promise<string> {
  const name = checkpointName(step);
  const folder = join(runFolder, 'checkpoints', name);
  const temporary = `.saving-${name}`;
  try {
    const parent = await prepareCheckpoints(runFolder);
    try {
      await writeContent(join(parent, temporary), step, content);
      await publish(parent, temporary, name);
    } finally {
      await rm(join(parent, temporary), { recursive: true, force: true });
    }
    if (best !== undefined) await markBest(runFolder, best);
    await prune(runFolder, step, keeping);
  } catch (error) {
    throw storageError(error, 'save checkpoint', folder);
  }
  return folder;
}

async function writeContent(folder: string, step: number, { files, state }: CheckpointContent): Promise<void> {
  await mkdir(folder);
  const digests: Record<string, FileDigest> = {};
  for (const [name, tensors] of Object.entries(files)) {
    const file = name + EXTENSION;
    digests[file] = await writeSafetensors(join(folder, file), tensors, { ...METADATA, step: String(step) });
  }
  await writeManifest(folder, { step, files: digests, state });
  await syncFolder(folder);
}

/** Verifies and opens a checkpoint: the one that `path` is, or the newest of the run that `path` is, or that run's `step`.
 *  @throws CheckpointError `checkpoint_missing`, `checkpoint_format`, or `checkpoint_corrupt`, whose message names the damaged
 *  file and the newest good checkpoint to go on from */
export async function loadCheckpoint(path: string, { step }: { readonly step?: number } = {}): Promise<Checkpoint> {
  try {
    const { runFolder, entry } = await locate(path, step);
    const manifest = await verifyCheckpoint(entry.folder).catch(async (error: unknown) => {
      throw isCorrupt(error) ? await withOffer(error, runFolder, entry.step) : error;
    });
    return await openCheckpoint(entry.folder, manifest);
  } catch (error) {
    throw storageError(error, 'read checkpoint of', path);
  }
}

async function openCheckpoint(folder: string, { step, state, files }: Manifest): Promise<Checkpoint> {
  const opened = new Map<string, SafetensorsFile>();
  for (const file of Object.keys(files))
    opened.set(basename(file, EXTENSION), await SafetensorsFile.open(join(folder, file)));
  return { step, folder, state, files: opened };
}

type Location = { readonly runFolder: string; readonly entry: Pick<CheckpointEntry, 'step' | 'folder'> };

async function locate(path: string, step: number | undefined): Promise<Location> {
  const named = stepOfName(basename(resolve(path)));
  if (named !== undefined || (await isFile(join(path, MANIFEST_FILE))))
    return { runFolder: join(path, '..', '..'), entry: { step: named ?? Number.POSITIVE_INFINITY, folder: path } };
  const entries = await listCheckpoints(path);
  const entry = step === undefined ? entries.at(-1) : entries.find((candidate) => candidate.step === step);
  if (entry) return { runFolder: path, entry };
  const steps = entries.map((candidate) => candidate.step).join(', ');
  throw new CheckpointError(
    'checkpoint_missing',
    steps
      ? `${path} has no checkpoint of step ${step}; there are ${steps}.`
      : `${path} holds no checkpoint yet. Name the folder of a run that has saved one, or go on with this one by \`gannet resume\`.`,
  );
}

const isFile = (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isFile(),
    () => false,
  );

const isCorrupt = (error: unknown): error is CheckpointError =>
  error instanceof CheckpointError && error.code === 'checkpoint_corrupt';

async function withOffer(error: CheckpointError, runFolder: string, step: number): Promise<CheckpointError> {
  const good = await newestGood(runFolder, step);
  const offer =
    good === undefined
      ? 'No earlier checkpoint of this run is good: start again with `gannet train`.'
      : `The newest good one before it is of step ${good}; go on from there with \`gannet resume ${shellWord(runFolder)} --step ${good}\`.`;
  return new CheckpointError(error.code, `${error.message}\n  ${offer}`, { cause: error });
}

async function newestGood(runFolder: string, before: number): Promise<number | undefined> {
  for (const entry of (await listCheckpoints(runFolder)).reverse()) {
    if (entry.step >= before) continue;
    const good = await verifyCheckpoint(entry.folder).then(
      () => true,
      () => false,
    );
    if (good) return entry.step;
  }
  return undefined;
}
