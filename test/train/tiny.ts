import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Config, type ConfigChanges, mergeChanges, resolveConfig } from '../../src/models/index.ts';
import type { TrainEvent } from '../../src/train/index.ts';
import { idxFolder } from '../data/packed_files.ts';
import { temporaryFolder } from '../data/temporary.ts';

/** How many images the data of tiny runs has. */
export const IMAGES = 40;

let data: string | undefined;

/** A folder with IDX files of a few pictures at 16x16, made once per process. */
export function tinyData(): string {
  data ??= temporaryFolder(idxFolder(IMAGES, 16, 16));
  return data;
}

/** A DCGAN of a few thousand parameters that does hundreds of steps per second. */
export const tinyConfig = (changes: ConfigChanges = {}): Config =>
  resolveConfig(
    mergeChanges(
      {
        recipe: 'dcgan-digits',
        data: tinyData(),
        size: 16,
        batch: 8,
        latent: { size: 4 },
        model: { width: 2 },
        steps: 6,
        logEvery: 2,
        sampleEvery: 3,
        checkpointEvery: 2,
        sampleCount: 4,
        // So short a training draws images that are all alike.
        health: { collapseBelow: 0 },
        device: 'cpu',
        threads: 1,
      },
      changes,
    ),
  );

/** Everything that a training tells. */
export async function eventsOf(training: AsyncIterable<TrainEvent>): Promise<TrainEvent[]> {
  const events: TrainEvent[] = [];
  for await (const event of training) events.push(event);
  return events;
}

/** The events of one type. */
export const only = <T extends TrainEvent['type']>(events: readonly TrainEvent[], type: T) =>
  events.filter((event) => event.type === type) as Extract<TrainEvent, { type: T }>[];

/** Every tensor of a run's checkpoint, as the bytes of its files by name. */
export function checkpointBytes(run: string, step: number): Record<string, string> {
  const folder = join(run, 'checkpoints', `step-${String(step).padStart(6, '0')}`);
  const names = ['generator', 'discriminator', 'optimizer', 'state'];
  return Object.fromEntries(names.map((name) => [name, readFileSync(join(folder, `${name}.safetensors`), 'hex')]));
}
