import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import * as assert from 'uvu/assert';
import { type Config, type ConfigChanges, mergeChanges } from '../../src/config/index.ts';
import { resolveChanges } from '../../src/models/index.ts';
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

/** Of a DCGAN of a few thousand parameters that does hundreds of steps per second. */
export const tinySettings = () => ({
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
});

/** The whole configuration of these settings with some changed. */
export const tinyConfig = (changes: ConfigChanges = {}): Config =>
  resolveChanges(mergeChanges(tinySettings(), changes));

/** Everything that a training tells. */
export const eventsOf = (training: AsyncIterable<TrainEvent>): Promise<TrainEvent[]> => toArray(training);

export async function toArray<T>(values: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const value of values) all.push(value);
  return all;
}

/** The events of one type. */
export const only = <T extends TrainEvent['type']>(events: readonly TrainEvent[], type: T) =>
  events.filter((event) => event.type === type) as Extract<TrainEvent, { type: T }>[];

/** Every tensor of a run's checkpoint, as the bytes of its files by name. */
export function checkpointBytes(run: string, step: number): Record<string, string> {
  const folder = join(run, 'checkpoints', `step-${String(step).padStart(6, '0')}`);
  const names = readdirSync(folder).filter((name) => name.endsWith('.safetensors'));
  return Object.fromEntries(
    names.map((name) => [basename(name, '.safetensors'), readFileSync(join(folder, name), 'hex')]),
  );
}

/** Makes a run's folder what version 0.1 would have left: what later versions write beside is taken out. */
export function asVersion01(run: string, step: number): void {
  const path = join(run, 'checkpoints', `step-${String(step).padStart(6, '0')}`, 'trainer_state.json');
  const { sha256: _, state, ...manifest } = JSON.parse(readFileSync(path, 'utf8'));
  const { health, best, config, ...old } = state;
  assert.ok(health && config, 'a checkpoint of this version');
  writeManifest(path, { ...manifest, state: old });
  const environment = join(run, 'environment.json');
  const { data: __, ...rest } = JSON.parse(readFileSync(environment, 'utf8'));
  writeFileSync(environment, JSON.stringify(rest));
}

/** Writes a trainer_state.json with the right checksum of whatever it holds. */
export function writeManifest(path: string, content: object): void {
  const sha256 = createHash('sha256').update(JSON.stringify(content)).digest('hex');
  writeFileSync(path, JSON.stringify({ sha256, ...content }));
}
