// A process of its own, or one of several under mpirun: trains each of the configurations that a JSON file names, one after the other.
import { readFileSync } from 'node:fs';
import type { Config, ConfigChanges } from '../../src/config/index.ts';
import { type Dataset, openDataset } from '../../src/data/index.ts';
import { joinRanks } from '../../src/device/index.ts';
import { resolveChanges } from '../../src/models/index.ts';
import { train } from '../../src/train/index.ts';

/** Images that one rank can read only so many of. */
export interface Unreadable {
  readonly rank: number;
  readonly reads: number;
}

const trainings = JSON.parse(readFileSync(process.argv[2] as string, 'utf8')) as {
  changes: ConfigChanges;
  out: string;
  unreadable?: Unreadable;
}[];
const ranks = joinRanks(process.env);
for (const { changes, out, unreadable } of trainings) {
  try {
    const config = resolveChanges(changes);
    const dataset = unreadable && (await failingImages(config, unreadable));
    for await (const _ of train(config, { out, ranks, dataset }));
  } catch (error) {
    console.error(`${out}: ${(error as Error).message}`);
    if (ranks && !ranks.haveEnded) ranks.abort((error as Error).message);
    process.exitCode = 1;
  }
}
ranks?.leave();

async function failingImages(config: Config, { rank, reads }: Unreadable): Promise<Dataset> {
  const dataset = await openDataset(config.data, { size: config.size, channels: config.channels });
  const read = dataset.read.bind(dataset);
  let left = ranks?.rank === rank ? reads : Number.POSITIVE_INFINITY;
  dataset.read = async (...image) => {
    if (left-- <= 0) throw new Error('an image cannot be read');
    return read(...image);
  };
  return dataset;
}
