import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { composeImage } from '../../src/data/index.ts';
import { openExplorer } from '../../src/explore/explorer.ts';
import type { Variable } from '../../src/tensor/variable.ts';
import { hostLatents } from '../../src/train/index.ts';
import { rejects } from '../data/rejects.ts';
import { closeTo } from './close_to.ts';
import { descriptorRun, noiseRun, STATISTICS } from './runs.ts';

test('a run of noise: latents as `gannet sample` draws them, directions of its first layer', async () => {
  const explorer = await openExplorer(await noiseRun());
  assert.is(explorer.step, 2);
  const { space, session } = explorer;
  assert.equal([space.size, space.arc, space.descriptors], [4, 'spherical', undefined]);
  closeTo(space.draw(2, 5)[1] ?? [], hostLatents(session.model.config.latent, 2, 5).subarray(4));
  const [weight] = session.model.generator.variables as [Variable];
  const values = await session.read(weight);
  const units = values.length / 4;
  const gains = (await space.directions()).map(({ vector, deviation }) => {
    assert.is(deviation, 1);
    const output = Array.from({ length: units }, (_, unit) =>
      vector.reduce((sum, value, i) => sum + value * (values[i * units + unit] as number), 0),
    );
    return Math.hypot(...output);
  });
  assert.equal(
    gains,
    gains.toSorted((a, b) => b - a),
    'the strongest direction comes first',
  );
  explorer.close();
});

test('a run of descriptors: their mean and eigendirections from the checkpoint', async () => {
  const explorer = await openExplorer(await descriptorRun(STATISTICS));
  const { space } = explorer;
  assert.is(explorer.step, 3);
  assert.equal([...space.origin], STATISTICS.mean);
  assert.is(space.arc, 'linear');
  const directions = await space.directions();
  closeTo(
    directions.map(({ deviation }) => deviation),
    [2, 1.5, 1, 0.5],
  );
  closeTo(directions[0]?.vector ?? [], [0, 0, 0, 1]);
  explorer.close();
});

test('a picture shows the images of its latents, each at its place', async () => {
  const explorer = await openExplorer(await noiseRun());
  const [a, b] = explorer.space.draw(2, 1) as [Float64Array, Float64Array];
  const grid = {
    columns: [],
    rows: [
      { caption: '', cells: [a, undefined] },
      { caption: '', cells: [undefined, b] },
    ],
  };
  const picture = await explorer.render(grid, { scale: 1 });
  const images = await explorer.session.sample(Float32Array.from([...a, ...b]));
  for (const [index, corner] of [4, 4 + 20].entries()) {
    const { pixels } = composeImage(images, index);
    for (let y = 0; y < 16; y++) {
      const from = (corner + y) * picture.width + corner;
      assert.equal(picture.pixels.slice(from, from + 16), pixels.slice(y * 16, (y + 1) * 16));
    }
  }
  explorer.close();
});

test('a run of descriptors whose checkpoint holds none, or broken ones, is refused', async () => {
  const without = await descriptorRun(undefined);
  await rejects(() => openExplorer(without), 'checkpoint_mismatch', /step-000003.*'descriptors\.mean'/);
  const broken = await descriptorRun({ ...STATISTICS, mean: [1, 2, 3, Number.NaN] });
  await rejects(() => openExplorer(broken), 'descriptors_damaged', /--step/);
  const smaller = await descriptorRun({ mean: [1], covariance: [1] });
  await rejects(() => openExplorer(smaller), 'checkpoint_mismatch', /should be float32 \[4\]/);
});

test('a run or a step that does not exist is refused', async () => {
  await rejects(() => openExplorer('no/such/run'), 'checkpoint_missing');
  const run = await noiseRun();
  await rejects(() => openExplorer(run, { step: 7 }), 'checkpoint_missing', /step 7/);
});

test.run();
