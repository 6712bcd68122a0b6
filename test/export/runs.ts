import { join } from 'node:path';
import { type Config, type ConfigChanges, mergeChanges } from '../../src/config/index.ts';
import { openDevice } from '../../src/device/index.ts';
import { recipeOf, resolveChanges } from '../../src/models/index.ts';
import { elements } from '../../src/tensor/shape.ts';
import type { Variable } from '../../src/tensor/variable.ts';
import { createModel, TrainingSession } from '../../src/train/index.ts';
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
    await save(session, folder, { ...NO_PROGRESS, step: 7, config: { ...config } });
  } finally {
    session.close();
  }
  return folder;
}

/** Between -1 and 1, another number for each name and place. */
function wave(name: string, i: number): number {
  const seed = [...name].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 9973, 7);
  return Math.sin(seed + 1.7 * i);
}

function moved({ name, shape }: Variable, initial: Float32Array): Float32Array {
  if (name === 'carry') return Float32Array.of(0.3);
  if (name === 'descriptors.covariance') return initial.map((_, i) => (i % ((shape[0] as number) + 1) === 0 ? 0.5 : 0));
  const isWeight = shape.length > 1 && elements(shape) > 64;
  const amount = name.endsWith('norm.variance') || name.endsWith('norm.gain') ? 0.4 : 0.2;
  return initial.map((value, i) => {
    if (isWeight && !name.startsWith('average.')) return value;
    const start = name.startsWith('average.') && name.endsWith('variance') ? 1 : value;
    return start + amount * wave(name, i);
  });
}
