import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { eigendirections } from '../../src/explore/directions.ts';
import { findTrait, neutral, parseTraits, sumOfTraits, withTrait } from '../../src/explore/traits.ts';
import { rejects } from '../data/rejects.ts';
import { closeTo, vector } from './close_to.ts';

/** Axes 2, 1, 0 with deviations 3, 2, 1. */
const directions = eigendirections([vector(1, 0, 0), vector(0, 4, 0), vector(0, 0, 9)]);
const parse = (value: unknown) => parseTraits(value, 'traits.json', directions);
const traits = parse({ smile: { '0': 1.5, '2': -2 }, tan: { '0': 1, '1': 0.5 } });

test('a trait file names combinations of directions', () => {
  assert.equal(traits, [
    {
      name: 'smile',
      coefficients: new Map([
        [0, 1.5],
        [2, -2],
      ]),
    },
    {
      name: 'tan',
      coefficients: new Map([
        [0, 1],
        [1, 0.5],
      ]),
    },
  ]);
});

test('a sum adds coefficients', () => {
  const expected = {
    name: 'smile+tan',
    coefficients: new Map([
      [0, 2.5],
      [2, -2],
      [1, 0.5],
    ]),
  };
  assert.equal(findTrait(traits, 'smile+tan'), expected);
  assert.equal(sumOfTraits(traits), expected);
  assert.equal(findTrait(traits, 'tan'), traits[1]);
});

test('neutral removes the projections on the chosen directions, seen from the origin', () => {
  const origin = vector(10, 20, 30);
  const chosen = directions.filter((_, i) => i !== 1);
  closeTo(neutral(vector(11, 22, 33), origin, chosen), [10, 22, 30]);
  closeTo(neutral(vector(11, 22, 33), origin, []), [11, 22, 33]);
});

test('a trait moves a latent by its coefficients in deviations, in full or in part', () => {
  const [smile] = traits as [(typeof traits)[0]];
  closeTo(withTrait(vector(0, 0, 0), smile, directions), [-2 * 1, 0, 1.5 * 3]);
  closeTo(withTrait(vector(1, 1, 1), smile, directions, 0.5), [0, 1, 1 + 0.75 * 3]);
});

test('an unknown trait gets a suggestion and the list', async () => {
  await rejects(() => findTrait(traits, 'smil'), 'trait_unknown', /Did you mean 'smile'\?/, /smile, tan/);
  await rejects(() => findTrait(traits, 'tan+hat'), 'trait_unknown', /'hat'/);
});

test('a file that names a direction the run does not have is refused', () =>
  rejects(() => parse({ hat: { '3': 1 } }), 'direction_range', /traits\.json/, /'hat'/, /direction 3/, /0 to 2/));

test('anything but numbers by direction is refused', async () => {
  for (const value of [[], {}, { smile: 3 }, { smile: { '0': 'big' } }, { smile: { first: 1 } }, null]) {
    await rejects(() => parse(value), 'trait_file', /traits\.json/, /\{"smile": \{"0": 1\.5/);
  }
});

test.run();
