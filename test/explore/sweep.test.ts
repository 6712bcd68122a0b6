import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Explorer, followsVariable, noiseSpace, rankCorrelation, sweep } from '../../src/explore/index.ts';
import { describeSweep, drawSweep, sweepCurves } from '../../src/explore/sweep.ts';
import { resolveConfig } from '../../src/models/index.ts';
import { rejects } from '../data/rejects.ts';

test('ranks correlate by order alone: 1 upwards, -1 downwards, 0 where nothing moves', () => {
  assert.is(rankCorrelation([0, 1, 2, 3], [0.1, 0.2, 5, 5.1]), 1);
  assert.is(rankCorrelation([0, 1, 2, 3], [3, 2, 1, 0]), -1);
  assert.is(rankCorrelation([0, 1, 2], [4, 4, 4]), 0);
  // By hand: ranks 1 3 2 against 1 2 3, 1 - 6 * 2 / (3 * 8).
  assert.is(rankCorrelation([0, 1, 2], [1, 3, 2]), 0.5);
  // Two that tie have ranks 1.5 each: covariance 1.5, variances 2 and 1.5.
  assert.ok(Math.abs(rankCorrelation([0, 1, 2], [4, 4, 5]) - 1.5 / Math.sqrt(2 * 1.5)) < 1e-12);
});

const config = resolveConfig({
  recipe: 'extractor-gan',
  latent: { size: 2 },
  extractor: { measures: ['brightness', 'sharpness'] },
});

/** An explorer whose images are their latents, and whose readings are what `read` makes of those. */
function explorer(read: (latent: readonly number[]) => number[]): Pick<Explorer, 'session' | 'space' | 'generate'> {
  const space = noiseSpace(config.latent, async () => [], 2);
  const session = {
    model: { config },
    readings: async ({ data }: { data: Float32Array }) =>
      Float32Array.from(
        Array.from({ length: data.length / 4 }, (_, i) => read([...data.subarray(4 * i, 4 * i + 4)])).flat(),
      ),
  };
  const generate = async (grid: { rows: readonly { cells: readonly (Float64Array | undefined)[] }[] }) => ({
    data: Float32Array.from(grid.rows.flatMap(({ cells }) => cells.flatMap((cell) => [...(cell ?? [])]))),
    shape: [0, 0, 0, 0],
  });
  return { session, space, generate } as unknown as Pick<Explorer, 'session' | 'space' | 'generate'>;
}

const options = { rows: 2, columns: 3, seed: 1, to: 2 };

test('one variable goes from 0 on, in each row for the same noise and the same other variables', async () => {
  const from = explorer((latent) => [latent[2] as number, (latent[3] as number) / 10]);
  const made = await sweep(from, { ...options, variable: 'sharpness' });
  const drawn = from.space.draw(2, 1);
  assert.equal(
    made.grid.rows.map(({ cells }) => cells.map((cell) => [...(cell ?? [])])),
    drawn.map((latent) => [0, 1, 2].map((c) => [...latent.subarray(0, 3), c])),
  );
  assert.equal([made.variable, made.values], ['sharpness', [0, 1, 2]]);
  assert.equal(
    made.readings.map((row) => row.map((value) => value.toFixed(2))),
    [
      ['0.00', '0.10', '0.20'],
      ['0.00', '0.10', '0.20'],
    ],
  );
  assert.equal(made.grid.rows[1]?.captions, ['0.00', '0.10', '0.20']);
  assert.equal(made.grid.columns, ['0', '1', '2']);
});

test('a reading that rises with the variable follows it, and one that does not is told', async () => {
  const rising = await sweep(
    explorer((latent) => [0.2 + (latent[2] as number) / 10, 0]),
    options,
  );
  assert.equal([rising.correlation, followsVariable(rising)], [1, true]);
  assert.match(
    describeSweep(rising),
    /^the reading of brightness follows: 0\.200 to 0\.400 while c goes from 0 to 2, rank correlation 1\.00$/,
  );
  // One row rises, the other falls.
  let rows = 0;
  const torn = await sweep(
    explorer((latent) => [(rows++ < 3 ? 1 : -1) * (latent[2] as number), 0]),
    options,
  );
  assert.equal([torn.correlation, followsVariable(torn)], [0, false]);
  assert.match(describeSweep(torn), /does not follow its variable: .*rank correlation 0\.00, expected above 0\.9/);
});

test('the curves are the mean, the least and the largest reading of each column', async () => {
  let images = 0;
  // The second row reads four times as much as the first.
  const made = await sweep(
    explorer((latent) => [(images++ < 3 ? 1 : 4) * (1 + (latent[2] as number)), 0]),
    options,
  );
  assert.equal(
    sweepCurves(made).map(({ name, points }) => [name, points.map(({ x, y }) => [x, y])]),
    [
      [
        'mean',
        [
          [0, 2.5],
          [1, 5],
          [2, 7.5],
        ],
      ],
      [
        'least',
        [
          [0, 1],
          [1, 2],
          [2, 3],
        ],
      ],
      [
        'largest',
        [
          [0, 4],
          [1, 8],
          [2, 12],
        ],
      ],
    ],
  );
  const drawing = await drawSweep(made);
  for (const text of ['reading of brightness, 2 latents', 'mean', 'least', 'largest']) assert.match(drawing, text);
});

test('all images are of the label that is asked for', async () => {
  const from = explorer(() => [0, 0]);
  const label = { name: '7', vector: Float32Array.of(1) };
  const labels: unknown[] = [];
  const generate: Explorer['generate'] = (grid, label) => {
    labels.push(label);
    return from.generate(grid, label);
  };
  await sweep({ ...from, generate }, { ...options, label });
  assert.equal(labels, [label]);
});

test('a variable that does not move cannot be followed, and is refused', async () => {
  const from = explorer(() => [0, 0]);
  for (const still of [{ columns: 1 }, { to: 0 }, { to: -1 }, { to: Number.NaN }])
    await rejects(() => sweep(from, { ...options, ...still }), 'sweep_range', /at least 2 columns and a value above 0/);
});

test('a variable that the run does not have is refused with the nearest, and so is a run without any', async () => {
  const from = explorer(() => [0, 0]);
  await rejects(
    () => sweep(from, { ...options, variable: 'brightnes' }),
    'representative_unknown',
    /Did you mean 'brightness'/,
  );
  const session = { ...from.session, model: { config: resolveConfig({ recipe: 'dcgan' }) } } as Explorer['session'];
  await rejects(() => sweep({ ...from, session }, options), 'run_without_extractor', /recipe 'dcgan' does not have/);
});

test.run();
