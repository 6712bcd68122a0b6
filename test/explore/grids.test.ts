import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { arithmetic } from '../../src/explore/arithmetic.ts';
import {
  arithmeticGrid,
  eigenGrid,
  interpolationGrid,
  type LatentGrid,
  meanGrid,
  montageGrid,
  sequenceGrid,
} from '../../src/explore/grids.ts';
import { descriptorSpace, noiseSpace } from '../../src/explore/space.ts';
import { rejects } from '../data/rejects.ts';
import { closeTo, vector } from './close_to.ts';

/** Mean (10, 20, 30); axes 2, 1, 0 with deviations 3, 2, 1. */
const descriptors = descriptorSpace({
  mean: vector(10, 20, 30),
  covariance: [vector(1, 0, 0), vector(0, 4, 0), vector(0, 0, 9)],
});
const noise = noiseSpace({ size: 2, distribution: 'uniform' }, async () => [3, 0, 0, 0, 0, 5]);

function cell(grid: LatentGrid, row: number, column: number): Float64Array {
  const latent = grid.rows[row]?.cells[column];
  if (!latent) throw new Error(`no latent at ${row}, ${column}`);
  return latent;
}

test('interpolation: pairs of random latents in rows, the fractions above them', () => {
  const grid = interpolationGrid(descriptors, { rows: 2, columns: 3, seed: 4 });
  const drawn = descriptors.draw(4, 4);
  assert.equal(grid.columns, ['0', '0.5', '1']);
  assert.equal(
    grid.rows.map(({ caption }) => caption),
    ['0 - 1', '2 - 3'],
  );
  closeTo(cell(grid, 1, 0), drawn[2] ?? []);
  closeTo(cell(grid, 1, 2), drawn[3] ?? []);
  closeTo(
    cell(grid, 1, 1),
    (drawn[2] ?? vector()).map((value, i) => (value + (drawn[3]?.[i] ?? 0)) / 2),
  );
});

test('noise is interpolated on arcs, unless told otherwise', () => {
  const [a, b] = noise.draw(2, 1) as [Float64Array, Float64Array];
  const middle = a.map((value, i) => (value + (b[i] as number)) / 2);
  const shape = { rows: 1, columns: 3, seed: 1 };
  closeTo(cell(interpolationGrid(noise, { ...shape, arc: 'linear' }), 0, 1), middle);
  const bent = cell(interpolationGrid(noise, shape), 0, 1);
  closeTo([Math.hypot(...bent)], [(Math.hypot(...a) + Math.hypot(...b)) / 2]);
});

test('the image at the mean', () => {
  assert.equal(meanGrid(descriptors).rows[0]?.cells, [vector(10, 20, 30)]);
});

test('eigen: along each direction in deviations, from the mean', async () => {
  const grid = await eigenGrid(descriptors, { rows: 2, columns: 3, seed: 1, range: 2 });
  assert.equal(grid.columns, ['-2', '0', '+2']);
  assert.equal(
    grid.rows.map(({ caption }) => caption),
    ['v0', 'v1'],
  );
  closeTo(cell(grid, 0, 0), [10, 20, 30 - 6]);
  closeTo(cell(grid, 1, 2), [10, 20 + 4, 30]);
  const chosen = await eigenGrid(descriptors, { rows: 9, columns: 1, seed: 1, range: 2, directions: [2] });
  assert.equal(
    chosen.rows.map(({ caption }) => caption),
    ['v2'],
  );
  closeTo(cell(chosen, 0, 0), [10, 20, 30]);
});

test('eigen of noise: principal directions, from a random latent, in deviations of the noise', async () => {
  const grid = await eigenGrid(noise, { rows: 9, columns: 3, seed: 7, range: 3 });
  const [start] = noise.draw(1, 7) as [Float64Array];
  assert.is(grid.rows.length, 2, 'there are no more directions than latents have numbers');
  closeTo(cell(grid, 0, 1), start);
  closeTo(cell(grid, 0, 2), [start[0] as number, (start[1] as number) + 3 * Math.sqrt(1 / 3)]);
});

test('montage: as drawn, neutral in all directions used, and with each trait', async () => {
  const traits = [
    { name: 'wide', coefficients: new Map([[0, 2]]) },
    {
      name: 'wide+low',
      coefficients: new Map([
        [0, 2],
        [1, -1],
      ]),
    },
  ];
  const grid = await montageGrid(descriptors, { rows: 2, seed: 1, traits });
  const [, drawn] = descriptors.draw(2, 1);
  const kept = drawn?.[0] as number;
  assert.equal(grid.columns, ['drawn', 'neutral', 'wide', 'wide+low']);
  assert.equal(
    grid.rows.map(({ caption }) => caption),
    ['0', '1'],
  );
  closeTo(cell(grid, 1, 0), drawn ?? []);
  closeTo(cell(grid, 1, 1), [kept, 20, 30]);
  closeTo(cell(grid, 1, 2), [kept, 20, 30 + 6]);
  closeTo(cell(grid, 1, 3), [kept, 20 - 2, 30 + 6]);
  const further = await montageGrid(descriptors, { rows: 1, seed: 1, traits, directions: [2] });
  closeTo(cell(further, 0, 1), [10, 20, 30]);
});

test('sequence: from neutral to the full trait', async () => {
  const trait = { name: 'wide', coefficients: new Map([[0, 2]]) };
  const grid = await sequenceGrid(descriptors, { rows: 1, columns: 3, seed: 1, trait });
  const [drawn] = descriptors.draw(1, 1);
  assert.equal(grid.columns, ['neutral', '0.5', 'wide']);
  for (const [column, axis] of [30, 33, 36].entries()) {
    closeTo(cell(grid, 0, column), [drawn?.[0] as number, drawn?.[1] as number, axis]);
  }
});

test('arithmetic: mean of a - mean of b + mean of c, below the groups', () => {
  const groups = {
    a: [vector(1, 2), vector(3, 4)],
    b: [vector(1, 1)],
    c: [vector(0, 10), vector(2, 20), vector(4, 30)],
  };
  closeTo(arithmetic(groups), [2 - 1 + 2, 3 - 1 + 20]);
  const grid = arithmeticGrid(groups);
  assert.equal(grid.columns, ['mean', '0', '1', '2']);
  assert.equal(
    grid.rows.map(({ caption, cells }) => `${caption} ${cells.length}`),
    ['a 3', 'b 2', 'c 4', 'a-b+c 1'],
  );
  closeTo(cell(grid, 3, 0), [3, 22]);
});

test('what needs descriptors refuses noise', async () => {
  const trait = { name: 'x', coefficients: new Map([[0, 1]]) };
  const shape = { rows: 1, columns: 1, seed: 1 };
  await rejects(() => meanGrid(noise), 'descriptors_needed', /^mean needs/, /BEGAN/);
  await rejects(() => montageGrid(noise, { ...shape, traits: [trait] }), 'descriptors_needed', /^montage needs/);
  await rejects(() => sequenceGrid(noise, { ...shape, trait }), 'descriptors_needed', /^sequence needs/);
  await rejects(() => eigenGrid(noise, { ...shape, range: 1, directions: [2] }), 'direction_range', /0 to 1/);
});

test('descriptors are drawn about the mean with the covariance, number i the same however many are drawn', () => {
  const drawn = descriptors.draw(4000, 9);
  const average = (of: (latent: Float64Array) => number) => drawn.reduce((sum, latent) => sum + of(latent), 0) / 4000;
  const at = (latent: Float64Array, i: number) => latent[i] as number;
  closeTo([average((x) => at(x, 2))], [30], 0.15);
  closeTo([average((x) => (at(x, 2) - 30) ** 2)], [9], 0.6);
  closeTo([average((x) => (at(x, 1) - 20) * (at(x, 2) - 30))], [0], 0.3);
  assert.equal(descriptors.draw(2, 9)[1], drawn[1]);
});

test.run();
