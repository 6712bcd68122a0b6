import { join } from 'node:path';
import { z } from 'zod';
import { trainingDataSchema } from '../classifier/file.ts';
import {
  describeNetwork,
  expectReplaceable,
  type NetworkKind,
  networkFiles,
  readNetworkWeights,
  writeNetwork,
} from '../classifier/network_file.ts';
import { formatImage, formatSetting, imageShapeOf } from '../config/image_size.ts';
import type { Config } from '../config/index.ts';
import { ConfigError } from '../errors.ts';
import { buildExtractor } from '../games/index.ts';
import { didYouMean } from '../suggest.ts';
import { sameShape } from '../tensor/shape.ts';
import type { Variable } from '../tensor/variable.ts';
import type { TrainedExtractor } from './training.ts';

/** What the file beside an extractor's weights tells of it. */
export interface StoredExtractor extends Omit<TrainedExtractor, 'weights'> {
  /** Of the weights' file, in hexadecimal. */
  readonly sha256: string;
}

const whole = z.int().positive();
const FORMAT = 'gannet-extractor';

const KIND: NetworkKind<StoredExtractor> = {
  noun: 'an extractor',
  format: FORMAT,
  command: 'gannet extractor train',
  codes: { missing: 'extractor_missing', format: 'extractor_format', corrupt: 'extractor_corrupt' },
  schema: z
    .object({
      format: z.literal(FORMAT),
      name: z.string(),
      size: z.tuple([whole, whole]),
      channels: z.union([z.literal(1), z.literal(3), z.literal(4)]),
      labels: z.array(z.string()).min(1),
      data: trainingDataSchema,
      training: z.object({
        epochs: whole,
        batch: whole,
        learningRate: z.number(),
        smoothing: z.number(),
        seed: z.int().min(0),
      }),
      accuracies: z.array(z.number().min(0).max(1)),
      sha256: z.string(),
    })
    .transform(({ format: _, ...about }) => about),
};

const networkOf = ({ size, channels, labels }: Pick<StoredExtractor, 'size' | 'channels' | 'labels'>) =>
  buildExtractor([...size, channels], labels.length);

/** The file of an extractor after an epoch. */
export const epochFile = (folder: string, epoch: number): string =>
  join(folder, `epoch-${String(epoch).padStart(2, '0')}.safetensors`);

/** Refuses a folder in which extractors would replace files of something else, before they are trained. @throws ConfigError network_exists */
export async function expectExtractorPlace(folder: string, epochs: number): Promise<void> {
  for (let epoch = 1; epoch <= epochs; epoch++) await expectReplaceable(KIND, epochFile(folder, epoch));
}

/** Writes an extractor's weights (safetensors) and beside them what it is (JSON). @param path ends in .safetensors or .json
 *  @throws ConfigError network_exists; CheckpointError disk_full, not_writable, not_a_file, storage_failed */
export async function writeExtractor(path: string, { weights, ...about }: TrainedExtractor): Promise<StoredExtractor> {
  const metadata = { labels: JSON.stringify(about.labels) };
  return { ...about, sha256: await writeNetwork(KIND, path, networkOf(about).variables, weights, about, metadata) };
}

/** What is told of an extractor beside its weights, which are checked to be those that it tells of.
 *  @param path of either file @throws CheckpointError extractor_missing, extractor_format, extractor_corrupt */
export const describeExtractor = (path: string): Promise<StoredExtractor> => describeNetwork(KIND, path);

/** The values of a run's extractor network, read from the file that its configuration names: of the network's outputs those that are of
 *  `extractor.labels`. @param variables the run's @throws ConfigError extractor_size, extractor_label; and what reading a file throws */
export async function pretrainedWeights(
  config: Pick<Config, 'size' | 'channels' | 'extractor'>,
  file: string,
): Promise<ReadonlyMap<string, Float32Array>> {
  const about = await describeExtractor(file);
  const { weights: path } = networkFiles(file);
  const [wanted, found] = [imageShapeOf(config), [...about.size, about.channels] as const];
  if (!sameShape(wanted, found)) {
    throw new ConfigError(
      'extractor_size',
      `extractor.file: ${path} reads images of ${formatImage(found)}, but the run makes ${formatImage(wanted)}; train one with \`gannet extractor train DATA --size ${formatSetting(config.size)} --channels ${config.channels}\``,
    );
  }
  const chosen = config.extractor.labels.map((name) => outputOf(about, name, path));
  const { variables } = networkOf(about);
  const weights = await readNetworkWeights(KIND, path, variables);
  const last = variables.slice(-2);
  return new Map(
    variables.map((variable) => {
      const values = weights.get(variable.name) as Float32Array;
      return [variable.name, last.includes(variable) ? columnsOf(variable, values, chosen) : values];
    }),
  );
}

function outputOf({ labels }: StoredExtractor, name: string, path: string): number {
  const index = labels.indexOf(name);
  if (index >= 0) return index;
  throw new ConfigError(
    'extractor_label',
    `extractor.labels: ${path} does not read '${name}'.${didYouMean(name, labels)} It reads ${labels.join(', ')}.`,
  );
}

/** Some columns of the last layer's weight [inputs, outputs] or bias [outputs]. */
function columnsOf({ shape }: Variable, values: Float32Array, chosen: readonly number[]): Float32Array {
  const outputs = shape.at(-1) as number;
  const rows = values.length / outputs;
  return Float32Array.from({ length: rows * chosen.length }, (_, i) => {
    const [row, column] = [Math.floor(i / chosen.length), chosen[i % chosen.length] as number];
    return values[row * outputs + column] as number;
  });
}
