import { cpSync } from 'node:fs';
import { join } from 'node:path';
import type { TensorSource } from '../../src/safetensors/safetensors.ts';
import { saveCheckpoint } from '../../src/train/checkpoint/checkpoint.ts';
import { type JsonValue, loadCheckpoint, train } from '../../src/train/index.ts';
import { temporaryFolder } from '../data/temporary.ts';
import { eventsOf, tinyConfig } from '../train/tiny.ts';

const originals = new Map<string, Promise<string>>();

async function trainRun(recipe: string): Promise<string> {
  const out = join(temporaryFolder(), 'run');
  await eventsOf(train(tinyConfig({ recipe, channels: 1, steps: 2 }), { out }));
  return out;
}

/** A run of a recipe with a checkpoint of step 2, a copy for each caller. */
async function runOf(recipe: string): Promise<string> {
  const original = originals.get(recipe) ?? trainRun(recipe);
  originals.set(recipe, original);
  const folder = join(temporaryFolder(), 'run');
  cpSync(await original, folder, { recursive: true });
  return folder;
}

/** A run of noise latents [4] with a checkpoint of step 2, a copy for each caller. */
export const noiseRun = (): Promise<string> => runOf('dcgan-digits');

/** The same of a run that draws the class that it is asked for. */
export const conditionalRun = (): Promise<string> => runOf('dcgan-digits-conditional');

/** Mean and covariance, row after row, of descriptors [4]. */
export interface Statistics {
  readonly mean: readonly number[];
  readonly covariance: readonly number[];
}

/** Axes 3, 2, 1, 0 with deviations 2, 1.5, 1 and 0.5. */
export const STATISTICS: Statistics = {
  mean: [1, 2, 3, 4],
  covariance: [0.25, 0, 0, 0, 0, 1, 0, 0, 0, 0, 2.25, 0, 0, 0, 0, 4],
};

/** A run whose latents are drawn from descriptors, with these statistics in its checkpoint of step 3, or none. */
export async function descriptorRun(statistics: Statistics | undefined): Promise<string> {
  const folder = await runOf('began');
  const checkpoint = await loadCheckpoint(folder);
  const files: Record<string, TensorSource[]> = {};
  for (const [name, file] of checkpoint.files) {
    files[name] = [...file.tensors.values()]
      .filter(({ name }) => name !== 'descriptors.mean' && name !== 'descriptors.covariance')
      .map(({ name, dtype, shape }) => ({ name, dtype, shape, data: () => file.read(name) }));
  }
  if (statistics) {
    const tensor = (name: string, shape: number[], values: readonly number[]): TensorSource => ({
      name: `descriptors.${name}`,
      dtype: 'float32',
      shape,
      data: Float32Array.from(values),
    });
    const z = statistics.mean.length;
    files.state?.push(tensor('mean', [z], statistics.mean), tensor('covariance', [z, z], statistics.covariance));
  }
  const state = checkpoint.state as { readonly [key: string]: JsonValue };
  await saveCheckpoint(folder, 3, { files, state: { ...state, step: 3 } }, { keepLast: 3 });
  return folder;
}
