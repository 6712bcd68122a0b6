import { createHash } from 'node:crypto';
import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CheckpointError } from '../../errors.ts';
import { errno, type JsonValue } from '../run/durable.ts';
import { digestFile, type FileDigest } from './safetensors.ts';

/** What trainer_state.json holds: the trainer's own state, and what the files beside it must look like. */
export interface Manifest {
  readonly step: number;
  readonly files: Readonly<Record<string, FileDigest>>;
  readonly state: JsonValue;
}

export const MANIFEST_FILE = 'trainer_state.json';

const FORMAT = 1;
const FILE_NAME = /^[\w-]+\.safetensors$/;

/** Writes and syncs trainer_state.json. Its own content is under a checksum too, for a flipped digit is still JSON. */
export async function writeManifest(folder: string, { step, files, state }: Manifest): Promise<void> {
  const content = { format: FORMAT, step, files, state };
  const handle = await open(join(folder, MANIFEST_FILE), 'wx');
  try {
    await handle.writeFile(`${JSON.stringify({ sha256: checksum(content), ...content }, null, 2)}\n`);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Reads a checkpoint's trainer_state.json and compares every file with it.
 *  @throws CheckpointError `checkpoint_corrupt` that names the file and what is wrong with it */
export async function verifyCheckpoint(folder: string): Promise<Manifest> {
  const manifest = await readManifest(folder);
  for (const [name, expected] of Object.entries(manifest.files)) {
    const path = join(folder, name);
    const found = await unlessMissing(path, digestFile(path));
    if (found.bytes !== expected.bytes) throw damaged(path, `expected ${expected.bytes} bytes, found ${found.bytes}`);
    if (found.sha256 !== expected.sha256)
      throw damaged(path, `expected SHA-256 ${expected.sha256}, found ${found.sha256}; some of its bytes have changed`);
  }
  return manifest;
}

async function readManifest(folder: string): Promise<Manifest> {
  const path = join(folder, MANIFEST_FILE);
  const { sha256, ...content } = parse(await unlessMissing(path, readFile(path, 'utf8')), path);
  const found = checksum(content);
  if (sha256 !== found) throw damaged(path, `expected SHA-256 ${sha256} of its content, found ${found}`);
  const { format, step, files, state } = content as unknown as Manifest & { format: number };
  if (format !== FORMAT)
    throw new CheckpointError(
      'checkpoint_format',
      `${path} has format ${format}; this gannet reads format ${FORMAT}. Use the version that wrote it.`,
    );
  const strange = Object.keys(files).find((name) => !FILE_NAME.test(name));
  if (strange !== undefined) throw damaged(path, `'${strange}' is no file name of a checkpoint`);
  return { step, files, state };
}

function parse(text: string, path: string): Record<string, unknown> {
  try {
    return Object(JSON.parse(text));
  } catch {
    throw damaged(path, 'it is not JSON, so it was cut short or changed');
  }
}

const checksum = (content: object): string => createHash('sha256').update(JSON.stringify(content)).digest('hex');

const damaged = (path: string, problem: string): CheckpointError =>
  new CheckpointError('checkpoint_corrupt', `${path} is damaged: ${problem}.`);

async function unlessMissing<T>(path: string, reading: Promise<T>): Promise<T> {
  try {
    return await reading;
  } catch (error) {
    throw errno(error) === 'ENOENT' ? damaged(path, 'it is missing') : error;
  }
}
