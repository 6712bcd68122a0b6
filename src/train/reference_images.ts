import type { Config } from '../config/schema.ts';
import type { Dataset } from '../data/dataset.ts';
import { labelsOfImages, labelVectors } from '../data/labels/labels.ts';
import { imageElements } from '../data/pixels.ts';
import { RandomSequence } from '../data/random.ts';
import { DataError } from '../errors.ts';
import type { References } from '../games/index.ts';
import { drawIndices } from '../metrics/draw.ts';
import type { Variable } from '../tensor/variable.ts';
import { expectSameLabels } from './labelled_data.ts';
import type { TrainingSession } from './session.ts';

/** Keeps this draw apart from every other use of the same seed ('REFB'). */
const REFERENCE_STREAM = 0x52454642;

/** Samples of the reference batch of virtual batch norm. */
const sizeOf = (variable: Variable): number => variable.shape[0] as number;

/** What of the reference batch comes from the data. */
const ofData = ({ inputs, labels }: References): Variable[] => [inputs.discriminator ?? [], labels ?? []].flat();

/** @throws DataError reference_too_large for data with fewer images than the reference batch */
export function expectReferenceImages(references: References | undefined, { name, count }: Dataset): void {
  const [variable] = references ? ofData(references) : [];
  if (!variable || sizeOf(variable) <= count) return;
  throw new DataError(
    'reference_too_large',
    `model.referenceBatch: virtual batch norm needs ${sizeOf(variable)} different images, but ${name} holds ${count}. Set model.referenceBatch to at most ${count}, or add images.`,
  );
}

/** Fills the reference batch of virtual batch norm with different images of the data, drawn by the run's seed, as the first epoch shows
 *  them, and with their labels; without such a norm nothing is done. @throws DataError as the data set */
export async function writeReferenceImages(session: TrainingSession, dataset: Dataset): Promise<void> {
  const { references, config } = session.model;
  const [variable] = references ? ofData(references) : [];
  if (!references || !variable) return;
  const indices = drawIndices(dataset.count, sizeOf(variable), new RandomSequence(config.seed, REFERENCE_STREAM, 0));
  const { inputs, labels } = references;
  if (inputs.discriminator) await session.write(inputs.discriminator, await readImages(dataset, indices));
  if (labels) await session.write(labels, vectorsOf(config, dataset, indices));
}

async function readImages(dataset: Dataset, indices: Uint32Array): Promise<Float32Array> {
  const elements = imageElements(dataset);
  const images = new Float32Array(indices.length * elements);
  for (const [i, index] of indices.entries()) await dataset.read(index, images, i * elements);
  return images;
}

function vectorsOf(config: Config, dataset: Dataset, indices: Uint32Array): Float32Array {
  const labels = expectSameLabels(config, dataset);
  return labelVectors(labels, labelsOfImages(labels, indices));
}
