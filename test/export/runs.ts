import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { type Config, type ConfigChanges, isConditional, mergeChanges } from '../../src/config/index.ts';
import { openDevice } from '../../src/device/index.ts';
import { type Recipe, recipeOf, resolveChanges } from '../../src/models/index.ts';
import { elements } from '../../src/tensor/shape.ts';
import type { Variable } from '../../src/tensor/variable.ts';
import { createModel, openSampler, TrainingSession } from '../../src/train/index.ts';
import { save } from '../../src/train/persistence.ts';
import { NO_PROGRESS } from '../../src/train/progress.ts';
import { createRunFolder } from '../../src/train/run/folder.ts';
import { temporaryFolder } from '../data/temporary.ts';

/** A small configuration of a recipe, for the processor. */
export const smallConfig = (recipe: string, changes: ConfigChanges = {}): Config =>
  resolveChanges(mergeChanges({ recipe, batch: 4, device: 'cpu', threads: 1, seed: 3 }, changes));

/** A run with a checkpoint of step 7 whose weights and statistics are far from where training begins, so that a bias or a statistic that an
 *  export leaves out shows. Nothing is trained. */
export async function madeUpRun(config: Config): Promise<string> {
  const out = join(temporaryFolder(), 'run');
  const { folder } = await createRunFolder({
    recipe: recipeOf(config),
    config: config as never,
    environment: { startedAt: '2026-11-28T00:00:00.000Z' } as never,
    out,
  });
  const session = await TrainingSession.open(createModel(config), openDevice('cpu', { threads: 1 }));
  try {
    await session.initialize();
    for (const variable of session.variables) {
      if (variable.dtype !== 'float32') continue;
      const initial = (await session.read(variable)) as Float32Array;
      await session.write(variable, moved(variable, initial));
    }
    await expectDifferentImages(session);
    await save(session, folder, { ...NO_PROGRESS, step: 7, config: { ...config } });
  } finally {
    session.close();
  }
  return folder;
}

/** Two images of a run, of the first class if it is conditional. @param recipe where gannet does not have it */
export async function imagesOf(run: string, recipe?: Recipe): Promise<Float32Array> {
  const session = await openSampler(run, { recipe });
  try {
    return await twoImages(session);
  } finally {
    session.close();
  }
}

async function twoImages(session: TrainingSession): Promise<Float32Array> {
  const labels = isConditional(session.model.config) ? new Float32Array(20).fill(1, 0, 1).fill(1, 10, 11) : undefined;
  return (await session.sample(await session.drawLatents(2, 1), labels)).data;
}

/** Images that were all alike would look right whatever an export makes of latents. */
async function expectDifferentImages(session: TrainingSession): Promise<void> {
  const data = await twoImages(session);
  const half = data.length / 2;
  const apart = data.subarray(0, half).map((value, i) => Math.abs(value - (data[half + i] as number)));
  assert.ok(Math.max(...apart) > 0.3, `images differ by ${Math.max(...apart)}`);
}

/** Between -1 and 1, another number for each name and place, as if drawn. */
function scattered(name: string, i: number): number {
  const seed = [...name].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 9973, 7);
  const drawn = Math.sin(seed + 12.9898 * i) * 43758.5453;
  return 2 * (drawn - Math.floor(drawn)) - 1;
}

/** Numbers of the same sizes as those that training ends with: weights that keep signals as large as they are, and biases and statistics
 *  that show where they are left out. */
function moved({ name, shape }: Variable, initial: Float32Array): Float32Array {
  if (name === 'carry') return Float32Array.of(0.3);
  if (name === 'descriptors.covariance') return initial.map((_, i) => (i % ((shape[0] as number) + 1) === 0 ? 0.5 : 0));
  if (shape.length > 1 && name.endsWith('.weight')) {
    const inputs = elements(shape) / (shape[shape.length === 2 ? 1 : 0] as number);
    return initial.map((_, i) => Math.sqrt(6 / inputs) * scattered(name, i));
  }
  const start = /(norm\.gain|norm\.variance)$/.test(name) ? 1 : 0;
  return initial.map((_, i) => start + 0.4 * scattered(name, i));
}
