import { z } from 'zod';
import type { Device } from '../device/index.ts';
import { buildClassifier, type ClassifierNetwork } from './network.ts';
import {
  describeNetwork,
  expectReplaceable,
  type NetworkKind,
  readNetworkWeights,
  writeNetwork,
} from './network_file.ts';
import { ClassifierRunner } from './runner.ts';
import type { TrainedClassifier } from './training.ts';

/** What the file beside a classifier's weights tells of it. */
export interface StoredClassifier extends Omit<TrainedClassifier, 'weights'> {
  /** Of the weights' file, in hexadecimal; that file holds the architecture and the classes as well. */
  readonly sha256: string;
}

/** Whether a path has the name of a classifier's file. */
export const isClassifierName = (path: string): boolean => /\.(safetensors|json)$/i.test(path);

const whole = z.int().positive();

/** What tells of the data that a network was trained on. */
export const trainingDataSchema = z.object({
  name: z.string(),
  fingerprint: z.string(),
  trainingImages: whole,
  holdOutImages: whole,
  holdOutBy: z.union([z.literal('test part'), z.object({ seed: z.int().min(0) })]),
});

const FORMAT = 'gannet-classifier';

const KIND: NetworkKind<StoredClassifier> = {
  noun: 'a classifier',
  format: FORMAT,
  command: 'gannet classifier',
  codes: { missing: 'classifier_missing', format: 'classifier_format', corrupt: 'classifier_corrupt' },
  schema: z
    .object({
      format: z.literal(FORMAT),
      name: z.string(),
      architecture: z.object({
        size: z.tuple([whole, whole]),
        channels: z.union([z.literal(1), z.literal(3), z.literal(4)]),
        width: whole,
        features: whole,
      }),
      classes: z.array(z.string()).min(2),
      data: trainingDataSchema,
      training: z.object({ steps: whole, batch: whole, learningRate: z.number(), seed: z.int().min(0) }),
      accuracy: z.number().min(0).max(1),
      sha256: z.string(),
    })
    .transform(({ format: _, ...about }) => about),
};

/** Refuses a name under which a classifier would replace files of something else, before it is trained.
 *  @param path ends in .safetensors or .json @throws ConfigError network_exists */
export const expectClassifierPlace = (path: string): Promise<void> => expectReplaceable(KIND, path);

/** Writes a classifier's weights (safetensors) and beside them what it is (JSON). The description comes last and holds the checksum
 *  of the weights, so that a kill in between leaves two files that do not fit and are refused.
 *  @param path ends in .safetensors or .json
 *  @throws ConfigError network_exists; CheckpointError disk_full, not_writable, not_a_file, storage_failed */
export async function writeClassifier(
  path: string,
  { weights, ...about }: TrainedClassifier,
): Promise<StoredClassifier> {
  const { architecture, classes } = about;
  const { variables } = buildClassifier(architecture, classes.length);
  const metadata = { architecture: JSON.stringify(architecture), classes: JSON.stringify(classes) };
  return { ...about, sha256: await writeNetwork(KIND, path, variables, weights, about, metadata) };
}

/** What is told of a classifier beside its weights, which are checked to be those that it tells of.
 *  @param path of either file @throws CheckpointError classifier_missing, classifier_format, classifier_corrupt */
export const describeClassifier = (path: string): Promise<StoredClassifier> => describeNetwork(KIND, path);

/** A classifier of a file, on a device. */
export interface OpenClassifier {
  readonly about: StoredClassifier;
  readonly runner: ClassifierRunner;
}

/** Reads a classifier and puts its weights on a device, which it does not close.
 *  @param path of either file @throws as {@link describeClassifier}; CheckpointError safetensors_...; DeviceError */
export async function openClassifier(path: string, device: Device): Promise<OpenClassifier> {
  const about = await describeClassifier(path);
  return { about, runner: new ClassifierRunner(await loadClassifier(path, about, device), device) };
}

/** The network of a classifier, its weights on a device. @throws as {@link openClassifier} */
export async function loadClassifier(
  path: string,
  about: StoredClassifier,
  device: Device,
): Promise<ClassifierNetwork> {
  const network = buildClassifier(about.architecture, about.classes.length);
  const weights = await readNetworkWeights(KIND, path, network.variables);
  for (const variable of network.variables) {
    await device.write(variable, weights.get(variable.name) as Float32Array);
  }
  return network;
}
