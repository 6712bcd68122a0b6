// Precision, recall, density and coverage of two sets of standard normal vectors beside the figures that were published for one such
// draw of 10,000 vectors of 1,000 numbers with k = 5 (arXiv:2002.09797 and its code), which were drawn without a seed:
//
//     node --import tsx scripts/metrics/published.ts [--draws 8]
//
// A draw's density has a deviation of some hundredths, since a small difference in the mean length of the vectors moves all distances.
// So each published figure is held against the mean and the deviation of several draws; it must lie within three deviations.
// In theory the mean of density is 1, and that of coverage 1 - 2^-k.

import { parseArgs } from 'node:util';
import { RandomSequence } from '../../src/data/random.ts';
import { normalNumbers } from '../../src/metrics/draw.ts';
import { featureMatrix } from '../../src/metrics/feature_matrix.ts';
import { type ManifoldOverlap, manifoldOverlap } from '../../src/metrics/manifolds.ts';
import { estimateOf } from '../../src/metrics/statistics.ts';

const [ROWS, COLUMNS] = [10_000, 1000];
const PUBLISHED: ManifoldOverlap = { precision: 0.4772, recall: 0.4705, density: 1.0555, coverage: 0.9735 };

const { values } = parseArgs({ options: { draws: { type: 'string', default: '8' } } });

const normal = (seed: number) =>
  featureMatrix(Float32Array.from(normalNumbers(ROWS * COLUMNS, new RandomSequence(seed, 0, 0))), COLUMNS);

const start = performance.now();
const overlaps = Array.from({ length: Number(values.draws) }, (_, draw) => {
  const overlap = manifoldOverlap(normal(2 * draw), normal(2 * draw + 1));
  console.log(JSON.stringify(overlap));
  return overlap;
});
for (const name of ['precision', 'recall', 'density', 'coverage'] as const) {
  const { mean, deviation } = estimateOf(overlaps.map((overlap) => overlap[name]));
  const isNear = Math.abs(PUBLISHED[name] - mean) <= 3 * deviation;
  if (!isNear) process.exitCode = 1;
  const found = `${mean.toFixed(4)} +- ${deviation.toFixed(4)}`;
  console.log(
    `${name.padEnd(10)} ${found}  published ${PUBLISHED[name]}  ${isNear ? 'ok' : 'more than 3 deviations away'}`,
  );
}
console.log(`${((performance.now() - start) / 1000).toFixed(0)} s`);
