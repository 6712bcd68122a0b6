import { rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { z } from 'zod';
import { replaceBy, replaceFile } from '../durable.ts';
import type { ERROR_CODES } from '../error_codes.ts';
import { CheckpointError, ConfigError } from '../errors.ts';
import { makeFolder, parseJson, readRegularFile, statOf } from '../files.ts';
import { packageVersion } from '../package.ts';
import { digestFile, SafetensorsFile, writeSafetensors } from '../safetensors/safetensors.ts';
import { errno, storageError } from '../storage.ts';
import { formatShape } from '../tensor/shape.ts';
import type { Variable } from '../tensor/variable.ts';

type Code = keyof (typeof ERROR_CODES)['CheckpointError'];

/** A kind of network that is kept in two files: its weights (safetensors), and beside them what it is (JSON). */
export interface NetworkKind<About extends { readonly sha256: string }> {
  /** With its article, such as `a classifier`. */
  readonly noun: string;
  /** Of both files, such as `gannet-classifier`. */
  readonly format: string;
  /** The command that writes it, without the name of a file. */
  readonly command: string;
  /** Of its errors. */
  readonly codes: Readonly<Record<'missing' | 'format' | 'corrupt', Code>>;
  /** What the description tells. */
  readonly schema: z.ZodType<About>;
}

/** The two files of a network, of which a path may name either. */
export interface NetworkFiles {
  readonly weights: string;
  readonly description: string;
}

/** The files of the network that a path names. @param path ends in .safetensors or .json */
export function networkFiles(path: string): NetworkFiles {
  const stem = path.replace(/\.(safetensors|json)$/i, '');
  return { weights: `${stem}.safetensors`, description: `${stem}.json` };
}

/** Refuses to write a network over files of something else; an earlier network of the kind may be replaced.
 *  @param path of either file @throws ConfigError network_exists */
export async function expectReplaceable(
  { noun, format }: Pick<NetworkKind<{ sha256: string }>, 'noun' | 'format'>,
  path: string,
): Promise<void> {
  const files = networkFiles(path);
  const refuseOther = async (file: string, formatOf: () => Promise<unknown>): Promise<void> => {
    if (!statOf(file)?.isFile() || (await formatOf().catch(() => undefined)) === format) return;
    throw new ConfigError(
      'network_exists',
      `--out: ${file} is there and holds something else than ${noun}, which would be lost; choose another name`,
    );
  };
  await refuseOther(files.description, async () => {
    const about = parseJson(String(await readRegularFile(files.description)));
    return (about as { readonly format?: unknown } | null)?.format;
  });
  await refuseOther(files.weights, async () => (await SafetensorsFile.open(files.weights)).metadata.format);
}

/** Writes weights and beside them what they are. The description comes last and holds the checksum of the weights, so that a kill in
 *  between leaves two files that do not fit and are refused.
 *  @param metadata of the weights' file, such as the architecture
 *  @throws ConfigError network_exists; CheckpointError disk_full, not_writable, not_a_file, storage_failed */
export async function writeNetwork<About extends { readonly sha256: string }>(
  kind: Pick<NetworkKind<About>, 'noun' | 'format'>,
  path: string,
  variables: readonly Variable[],
  weights: ReadonlyMap<string, Float32Array>,
  about: Omit<About, 'sha256'>,
  metadata: Readonly<Record<string, string>>,
): Promise<string> {
  await expectReplaceable(kind, path);
  const { format } = kind;
  const files = networkFiles(path);
  const tensors = variables.map(({ name, shape }) => ({
    name,
    dtype: 'float32' as const,
    shape,
    data: weights.get(name) as Float32Array,
  }));
  const layouts = { filterLayout: 'KRSC', activationLayout: 'NHWC' };
  try {
    await makeFolder(dirname(files.weights));
    const { sha256 } = await replaceBy(files.weights, async (temporary) => {
      await rm(temporary, { force: true });
      return writeSafetensors(temporary, tensors, { format, ...layouts, ...metadata });
    });
    const description = { format, gannet: packageVersion(), ...about, sha256 };
    await replaceFile(files.description, `${JSON.stringify(description, undefined, 2)}\n`);
    return sha256;
  } catch (error) {
    throw storageError(error, 'write', files.weights, 'choose another place with --out');
  }
}

/** What is told of a network beside its weights, which are checked to be those that it tells of.
 *  @param path of either file @throws CheckpointError by the codes of the kind */
export async function describeNetwork<About extends { readonly sha256: string }>(
  kind: NetworkKind<About>,
  path: string,
): Promise<About> {
  const files = networkFiles(path);
  const about = await readDescription(kind, files);
  const { sha256 } = await digestFile(files.weights).catch((error: unknown) => {
    throw errno(error) === 'ENOENT' ? missing(kind, files.weights) : storageError(error, 'read', files.weights);
  });
  if (sha256 === about.sha256) return about;
  throw new CheckpointError(
    kind.codes.corrupt,
    `${files.weights} is not what ${files.description} tells of: its SHA-256 is ${sha256.slice(0, 8)}..., expected ${about.sha256.slice(0, 8)}.... Restore both from a copy, or train it again with \`${kind.command}\``,
  );
}

async function readDescription<About extends { readonly sha256: string }>(
  kind: NetworkKind<About>,
  { description: path }: NetworkFiles,
): Promise<About> {
  const damaged = (problem: string, cause: unknown) =>
    new CheckpointError(
      kind.codes.format,
      `${path} does not describe ${kind.noun}: ${problem}. Name a file that \`${kind.command}\` wrote`,
      { cause },
    );
  let text: string;
  try {
    text = String(await readRegularFile(path));
  } catch (error) {
    throw errno(error) === 'ENOENT' ? missing(kind, path) : storageError(error, 'read', path);
  }
  try {
    return kind.schema.parse(parseJson(text));
  } catch (cause) {
    if (cause instanceof z.ZodError)
      throw damaged(cause.issues.map(({ path: at, message }) => `${at.join('.')}: ${message}`).join(', '), cause);
    throw damaged(`it is not JSON (${(cause as Error).message})`, cause);
  }
}

function missing(
  { codes, noun, command }: Pick<NetworkKind<{ sha256: string }>, 'codes' | 'noun' | 'command'>,
  path: string,
): CheckpointError {
  const { weights, description } = networkFiles(path);
  return new CheckpointError(
    codes.missing,
    `${path}: there is no such file. ${noun.replace(/^./, (first) => first.toUpperCase())} is two files, ${weights} and ${description}, which \`${command}\` writes`,
  );
}

/** The weights of a network by name. @param path of either file
 *  @throws CheckpointError safetensors_..., or the kind's format for weights that are not there or of another shape */
export async function readNetworkWeights(
  { codes }: Pick<NetworkKind<{ sha256: string }>, 'codes'>,
  path: string,
  variables: readonly Variable[],
): Promise<ReadonlyMap<string, Float32Array>> {
  const file = await SafetensorsFile.open(networkFiles(path).weights);
  const weights = new Map<string, Float32Array>();
  for (const { name, shape } of variables) {
    const stored = file.tensors.get(name);
    if (!stored || formatShape(stored.shape) !== formatShape(shape)) {
      throw new CheckpointError(
        codes.format,
        `${file.path}: expected '${name}' as float32 ${formatShape(shape)}, but found ${stored ? formatShape(stored.shape) : 'nothing of that name'}; it is of another version of gannet. Train it again`,
      );
    }
    weights.set(name, (await file.read(name)) as Float32Array);
  }
  return weights;
}
