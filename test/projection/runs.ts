import { join } from 'node:path';
import type { ConfigChanges } from '../../src/config/index.ts';
import type { ImageBatch } from '../../src/data/index.ts';
import { type Explorer, openExplorer } from '../../src/explore/index.ts';
import type { Latent } from '../../src/explore/vectors.ts';
import { type LabelChoice, repeatedEach, train } from '../../src/train/index.ts';
import { temporaryFolder } from '../data/temporary.ts';
import { eventsOf, tinyConfig } from '../train/tiny.ts';

/** A run of two steps with a checkpoint. Its weights are so large that latents of 4 numbers are told apart by their images. */
export async function contrastyRun(changes: ConfigChanges = {}): Promise<string> {
  const out = join(temporaryFolder(), 'run');
  const config = tinyConfig({ channels: 1, steps: 2, weights: 0.2, model: { width: 4 }, ...changes });
  await eventsOf(train(config, { out }));
  return out;
}

/** The same, opened for as long as `use` takes. */
export async function withExplorer<T>(
  changes: ConfigChanges,
  use: (explorer: Explorer, folder: string) => Promise<T>,
): Promise<T> {
  const folder = await contrastyRun(changes);
  const explorer = await openExplorer(folder);
  try {
    return await use(explorer, folder);
  } finally {
    explorer.close();
  }
}

/** What the run draws of latents. */
export const drawn = ({ session }: Explorer, latents: readonly Latent[], label?: LabelChoice): Promise<ImageBatch> =>
  session.sample(
    Float32Array.from(latents.flatMap((latent) => [...latent])),
    label && repeatedEach([label], latents.length),
  );
