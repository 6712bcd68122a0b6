import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { JsonValue } from '../../durable.ts';
import { CheckpointError } from '../../errors.ts';
import { IrregularFileError, parseJson, readRegularFile } from '../../files.ts';
import { digestFile, type FileDigest } from '../../safetensors/safetensors.ts';
import { errno } from '../../storage.ts';

/** What trainer_state.json holds: the trainer's own state, and what the files beside it must look like. */
export interface Manifest {
  readonly step: number;
  readonly files: Readonly<Record<string, FileDigest>>;
  readonly state: JsonValue;
}

export const MANIFEST_FILE = 'trainer_state.json';

const FORMAT = 1;
const FILE_NAME = /^[\w-]+\.safetensors$/;

const whole = z.number().int().min(0);
const manifestSchema = z.object({
  step: whole,
  files: z.record(z.string(), z.object({ bytes: whole, sha256: z.string() })),
  state: z.json(),
});

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
    const found = await readingFile(path, digestFile(path));
    if (found.bytes !== expected.bytes) throw damaged(path, `expected ${expected.bytes} bytes, found ${found.bytes}`);
    if (found.sha256 !== expected.sha256)
      throw damaged(path, `expected SHA-256 ${expected.sha256}, found ${found.sha256}; some of its bytes have changed`);
  }
  return manifest;
}

async function readManifest(folder: string): Promise<Manifest> {
  const path = join(folder, MANIFEST_FILE);
  const { sha256, ...content } = parse(String(await readingFile(path, readRegularFile(path))), path);
  const found = checksum(content);
  if (sha256 !== found) throw damaged(path, `expected SHA-256 ${sha256} of its content, found ${found}`);
  if (content.format !== FORMAT)
    throw new CheckpointError(
      'checkpoint_format',
      `${path} has format ${JSON.stringify(content.format)}; this gannet reads format ${FORMAT}. Use the version that wrote it.`,
    );
  const result = manifestSchema.safeParse(content);
  if (!result.success) throw damaged(path, describeProblem(result.error));
  const { step, files, state } = result.data;
  const strange = Object.keys(files).find((name) => !FILE_NAME.test(name));
  if (strange !== undefined) throw damaged(path, `'${strange}' is no file name of a checkpoint`);
  return { step, files, state };
}

function parse(text: string, path: string): Record<string, unknown> {
  try {
    return Object(parseJson(text));
  } catch {
    throw damaged(path, 'it is not JSON, so it was cut short or changed');
  }
}

const checksum = (content: object): string => createHash('sha256').update(JSON.stringify(content)).digest('hex');

/** The first of a schema's objections, such as `state.step: Invalid input: expected number, received null`. */
export function describeProblem({ issues: [issue] }: z.ZodError, prefix: readonly string[] = []): string {
  const path = [...prefix, ...(issue?.path ?? [])].join('.');
  return `${path === '' ? '' : `${path}: `}${issue?.message}`;
}

/** What to throw of a checkpoint's file that does not hold what was written. */
export const damaged = (path: string, problem: string): CheckpointError =>
  new CheckpointError('checkpoint_corrupt', `${path} is damaged: ${problem}.`);

async function readingFile<T>(path: string, reading: Promise<T>): Promise<T> {
  try {
    return await reading;
  } catch (error) {
    if (error instanceof IrregularFileError) throw damaged(path, `it is ${error.kind} and no regular file`);
    throw errno(error) === 'ENOENT' ? damaged(path, 'it is missing') : error;
  }
}
