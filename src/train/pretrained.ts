import { resolve } from 'node:path';
import type { Config } from '../config/schema.ts';
import type { Dataset } from '../data/dataset.ts';
import { pretrainedWeights } from '../extractor/file.ts';
import { writeReferenceImages } from './reference_images.ts';
import type { TrainingSession } from './session.ts';

/** The file of the extractor that a configuration wants trained before; undefined if it wants none. */
const extractorFile = ({ extractor }: Config): string | undefined =>
  extractor.labels.length > 0 ? extractor.file : undefined;

/** A configuration that finds its extractor's file from everywhere. The file is read already, so that nothing else is done in vain.
 *  @throws ConfigError extractor_size, extractor_label; CheckpointError extractor_missing, extractor_format, extractor_corrupt */
export async function withExtractor(config: Config): Promise<Config> {
  const named = extractorFile(config);
  if (named === undefined) return config;
  const file = resolve(named);
  await pretrainedWeights(config, file);
  return { ...config, extractor: { ...config.extractor, file } };
}

/** Gives every variable the value that it has before the first step: that of the seed, for an extractor that of its file, and for the
 *  reference batch of virtual batch norm images of the data. @throws as withExtractor, and DataError as the data set */
export async function beginAnew(session: TrainingSession, dataset: Dataset): Promise<void> {
  await session.initialize();
  await writeReferenceImages(session, dataset);
  const { config, match } = session.model;
  const file = extractorFile(config);
  if (file === undefined) return;
  const weights = await pretrainedWeights(config, file);
  for (const variable of match.state) {
    const values = weights.get(variable.name);
    if (values) await session.write(variable, values);
  }
}
