// How long the Fréchet and the kernel distance of two sets of 10,000 images with features of 2,048 columns take, and the most memory:
//
//     node --import tsx scripts/metrics/speed.ts

import { RandomSequence } from '../../src/data/random.ts';
import { normalNumbers } from '../../src/metrics/draw.ts';
import { featureMatrix } from '../../src/metrics/feature_matrix.ts';
import { frechetDistance } from '../../src/metrics/frechet.ts';
import { kernelDistance } from '../../src/metrics/kernel_distance.ts';
import { momentsOf } from '../../src/metrics/moments.ts';

const [ROWS, COLUMNS] = [10_000, 2048];

const features = (seed: number) =>
  featureMatrix(Float32Array.from(normalNumbers(ROWS * COLUMNS, new RandomSequence(seed, 0, 0))), COLUMNS);

function timed<T>(name: string, act: () => T): T {
  const start = performance.now();
  const result = act();
  console.log(`${name}: ${((performance.now() - start) / 1000).toFixed(1)} s`);
  return result;
}

const [real, generated] = [features(1), features(2)];
const [a, b] = timed('moments of both sets', () => [momentsOf(real), momentsOf(generated)] as const);
console.log(timed('Frechet distance of the moments', () => frechetDistance(a, b)));
console.log(timed('kernel distance, 100 blocks of 1,000', () => kernelDistance(real, generated)));
console.log(`most memory: ${(process.resourceUsage().maxRSS / 1024).toFixed(0)} MiB`);
