import { rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { z } from 'zod';
import type { Device } from '../device/index.ts';
import { replaceBy, replaceFile } from '../durable.ts';
import { CheckpointError } from '../errors.ts';
import { makeFolder, parseJson, readRegularFile } from '../files.ts';
import { packageVersion } from '../package.ts';
import { digestFile, SafetensorsFile, writeSafetensors } from '../safetensors/safetensors.ts';
import { errno, storageError } from '../storage.ts';
import { formatShape } from '../tensor/shape.ts';
import { buildClassifier, type ClassifierNetwork } from './network.ts';
import { ClassifierRunner } from './runner.ts';
import type { TrainedClassifier } from './training.ts';

/** What the file beside a classifier's weights tells of it. */
export interface StoredClassifier extends Omit<TrainedClassifier, 'weights'> {
  /** Of the weights' file, in hexadecimal; that file holds the architecture and the classes as well. */
  readonly sha256: string;
}

const FORMAT = 'gannet-classifier';
const WEIGHTS = '.safetensors';
const DESCRIPTION = '.json';

/** The two files of a classifier, of which a path may name either. */
export interface ClassifierFiles {
  readonly weights: string;
  readonly description: string;
}

/** The files of the classifier that a path names. @param path ends in .safetensors or .json */
export function classifierFiles(path: string): ClassifierFiles {
  const stem = path.replace(/\.(safetensors|json)$/i, '');
  return { weights: stem + WEIGHTS, description: stem + DESCRIPTION };
}

/** Whether a path has the name of a classifier's file. */
export const isClassifierName = (path: string): boolean => /\.(safetensors|json)$/i.test(path);

/** Writes a classifier's weights (safetensors) and beside them what it is (JSON). The description comes last and holds the checksum
 *  of the weights, so that a kill in between leaves two files that do not fit and are refused.
 *  @param path ends in .safetensors or .json @throws CheckpointError disk_full, not_writable, not_a_file, storage_failed */
export async function writeClassifier(
  path: string,
  { weights, ...about }: TrainedClassifier,
): Promise<StoredClassifier> {
  const files = classifierFiles(path);
  const { variables } = buildClassifier(about.architecture, about.classes.length);
  const tensors = variables.map(({ name, shape }) => ({
    name,
    dtype: 'float32' as const,
    shape,
    data: weights.get(name) as Float32Array,
  }));
  const metadata = {
    format: FORMAT,
    filterLayout: 'KRSC',
    activationLayout: 'NHWC',
    architecture: JSON.stringify(about.architecture),
    classes: JSON.stringify(about.classes),
  };
  try {
    await makeFolder(dirname(files.weights));
    const { sha256 } = await replaceBy(files.weights, async (temporary) => {
      await rm(temporary, { force: true });
      return writeSafetensors(temporary, tensors, metadata);
    });
    const description = { format: FORMAT, gannet: packageVersion(), ...about, sha256 };
    await replaceFile(files.description, `${JSON.stringify(description, undefined, 2)}\n`);
    return { ...about, sha256 };
  } catch (error) {
    throw storageError(error, 'write', files.weights, 'choose another place with --out');
  }
}

const whole = z.int().positive();
const descriptionSchema = z.object({
  format: z.literal(FORMAT),
  name: z.string(),
  architecture: z.object({
    size: z.tuple([whole, whole]),
    channels: z.union([z.literal(1), z.literal(3), z.literal(4)]),
    width: whole,
    features: whole,
  }),
  classes: z.array(z.string()).min(2),
  data: z.object({
    name: z.string(),
    fingerprint: z.string(),
    trainingImages: whole,
    holdOutImages: whole,
    holdOutBy: z.union([z.literal('test part'), z.object({ seed: z.int().min(0) })]),
  }),
  training: z.object({ steps: whole, batch: whole, learningRate: z.number(), seed: z.int().min(0) }),
  accuracy: z.number().min(0).max(1),
  sha256: z.string(),
});

/** What is told of a classifier beside its weights, which are checked to be those that it tells of.
 *  @param path of either file @throws CheckpointError classifier_missing, classifier_format, classifier_corrupt */
export async function describeClassifier(path: string): Promise<StoredClassifier> {
  const files = classifierFiles(path);
  const { format: _, ...about } = await readDescription(files);
  const { sha256 } = await digestFile(files.weights).catch((error: unknown) => {
    throw errno(error) === 'ENOENT' ? missing(files.weights, files) : storageError(error, 'read', files.weights);
  });
  if (sha256 === about.sha256) return about;
  throw new CheckpointError(
    'classifier_corrupt',
    `${files.weights} is not what ${files.description} tells of: its SHA-256 is ${sha256.slice(0, 8)}..., expected ${about.sha256.slice(0, 8)}.... Restore both from a copy, or train the classifier again with \`gannet classifier\``,
  );
}

async function readDescription(files: ClassifierFiles) {
  const path = files.description;
  const damaged = (problem: string, cause: unknown) =>
    new CheckpointError(
      'classifier_format',
      `${path} does not describe a classifier: ${problem}. Name a file that \`gannet classifier\` wrote`,
      { cause },
    );
  let text: string;
  try {
    text = String(await readRegularFile(path));
  } catch (error) {
    throw errno(error) === 'ENOENT' ? missing(path, files) : storageError(error, 'read', path);
  }
  try {
    return descriptionSchema.parse(parseJson(text));
  } catch (cause) {
    if (cause instanceof z.ZodError)
      throw damaged(cause.issues.map(({ path: at, message }) => `${at.join('.')}: ${message}`).join(', '), cause);
    throw damaged(`it is not JSON (${(cause as Error).message})`, cause);
  }
}

const missing = (path: string, { weights, description }: ClassifierFiles): CheckpointError =>
  new CheckpointError(
    'classifier_missing',
    `${path}: there is no such file. A classifier is two files, ${weights} and ${description}, which \`gannet classifier DATA --out ${weights}\` writes`,
  );

/** A classifier of a file, on a device. */
export interface OpenClassifier {
  readonly about: StoredClassifier;
  readonly runner: ClassifierRunner;
}

/** Reads a classifier and puts its weights on a device, which it does not close.
 *  @param path of either file @throws as {@link describeClassifier}; CheckpointError safetensors_...; DeviceError */
export async function openClassifier(path: string, device: Device): Promise<OpenClassifier> {
  const about = await describeClassifier(path);
  const network = buildClassifier(about.architecture, about.classes.length);
  await restoreWeights(network, await SafetensorsFile.open(classifierFiles(path).weights), device);
  return { about, runner: new ClassifierRunner(network, device) };
}

async function restoreWeights({ variables }: ClassifierNetwork, file: SafetensorsFile, device: Device): Promise<void> {
  for (const variable of variables) {
    const stored = file.tensors.get(variable.name);
    if (!stored || formatShape(stored.shape) !== formatShape(variable.shape)) {
      throw new CheckpointError(
        'classifier_format',
        `${file.path}: expected '${variable.name}' as float32 ${formatShape(variable.shape)}, but found ${stored ? formatShape(stored.shape) : 'nothing of that name'}; it is of another version of gannet. Train the classifier again`,
      );
    }
    await device.write(variable, await file.read(variable.name));
  }
}
