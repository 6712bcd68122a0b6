// How many images a second a generator draws for an evaluation of 10,000 images, beside the rate of its network alone, and the most memory:
//
//     node --import tsx scripts/metrics/generation.ts [RECIPE...]
//
// The network alone is given the same 64 latents again and again.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { resolveConfig } from '../../src/models/index.ts';
import { generatedImages, openSampler, train } from '../../src/train/index.ts';

const COUNT = 10_000;
/** Images that are enough to know the rate of the network alone. */
const ALONE = 2048;
const AT_ONCE = 64;

async function imagesPerSecond(count: number, draw: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await draw();
  return (count / (performance.now() - start)) * 1000;
}

async function measure(recipe: string): Promise<void> {
  const root = mkdtempSync(join(tmpdir(), 'gannet-generation-'));
  try {
    const run = join(root, 'run');
    const config = resolveConfig({ recipe, data: 'emoji', batch: 2, steps: 1, sampleCount: 1 });
    for await (const _ of train(config, { out: run }));
    const session = await openSampler(run);
    try {
      const latents = await session.drawLatents(AT_ONCE, 1);
      const alone = await imagesPerSecond(ALONE, async () => {
        for (let drawn = 0; drawn < ALONE; drawn += AT_ONCE) await session.sampleMany(latents);
      });
      const all = await imagesPerSecond(COUNT, async () => {
        for await (const _ of generatedImages(session, { count: COUNT, seed: 1 }));
      });
      console.log(
        `${recipe}: ${all.toFixed(0)} img/s, ${(all / alone).toFixed(2)} of the network's ${alone.toFixed(0)}`,
      );
    } finally {
      session.close();
    }
  } finally {
    rmSync(root, { recursive: true });
  }
}

const [...recipes] = process.argv.slice(2);
for (const recipe of recipes.length > 0 ? recipes : ['dcgan-digits', 'dcgan-guide']) await measure(recipe);
console.log(`most memory: ${(process.resourceUsage().maxRSS / 1024).toFixed(0)} MiB`);
