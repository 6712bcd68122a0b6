import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { ConfigChanges } from '../../src/config/index.ts';
import {
  allBut,
  asInGuide,
  batchesIn,
  batchesThrough,
  constantly,
  everyNth,
  type Repeats,
} from '../../src/games/schedule.ts';
import { resolveChanges } from '../../src/models/index.ts';
import { stepsIn } from '../../src/train/epochs.ts';
import { createModel } from '../../src/train/index.ts';

const programsOf = (changes: ConfigChanges) => createModel(resolveChanges({ size: 32, ...changes })).match.programs;

test("the guide's critic updates 100 times in each of the first 100 steps and in every 500th", () => {
  const { at } = asInGuide(5);
  assert.equal([1, 100, 101, 499, 500, 501, 1000].map(at), [100, 100, 5, 5, 100, 5, 100]);
});

test('what a schedule has done through a step is the sum of what it did in each', () => {
  const lazy = everyNth(asInGuide(5), 16);
  for (const repeats of [constantly(3), asInGuide(5), lazy, allBut(asInGuide(5), lazy)]) {
    let sum = 0;
    for (let step = 1; step <= 1100; step++) {
      sum += repeats.at(step);
      assert.is(repeats.through(step), sum, `step ${step}`);
    }
  }
});

test('lazy penalties are those of the first update and of each nth after it, over the bounds of steps', () => {
  const steps = (repeats: Repeats) => [1, 2, 3, 4, 5, 6, 7].map(repeats.at);
  const penalised = everyNth(constantly(2), 5);
  assert.equal(steps(penalised), [1, 0, 1, 0, 0, 1, 0]);
  assert.equal(steps(allBut(constantly(2), penalised)), [1, 2, 1, 2, 2, 1, 2]);
  assert.is(penalised.usual, 2 / 5);
  assert.is(allBut(constantly(2), penalised).usual, 2 - 2 / 5);
});

test('the two programs of lazy penalties have names that tell them apart', () => {
  const names = (changes: ConfigChanges) =>
    programsOf({ recipe: 'dcgan', model: { discriminatorNorm: 'none' }, r1: 1, ...changes }).map(
      ({ trace }) => trace().name,
    );
  const lazy = { penaltyEvery: 4 };
  assert.equal(names({}), ['discriminator step', 'generator step']);
  assert.equal(names(lazy), ['discriminator step', 'discriminator step without penalties', 'generator step']);
  assert.equal(names({ ...lazy, schedule: 'simultaneous' }), [
    'simultaneous step',
    'simultaneous step without penalties',
  ]);
});

test('a relative loss reads real images for the generator too', () => {
  assert.is(batchesIn(programsOf({ recipe: 'wgan-gp', loss: 'relativistic', generatorSteps: 3 }), 7), 8);
});

test('batches of real images are those of the programs that read them', () => {
  const programs = programsOf({ recipe: 'wgan-gp', generatorSteps: 3 });
  assert.is(batchesIn(programs, 7), 5);
  assert.is(batchesThrough(programs, 7), 35);
});

test('an epoch ends with the last step that still reads images of it, whatever a step reads', () => {
  const batches = 600;
  const steps = (changes: ConfigChanges) => stepsIn(programsOf(changes), batches);
  assert.is(steps({ recipe: 'dcgan' }), 600);
  assert.is(steps({ recipe: 'wgan-gp' }), 120);
  assert.is(steps({ recipe: 'wgan-gp', criticSchedule: 'guide' }), 6, '100 batches in each of the first steps');
  assert.is(steps({ recipe: 'wgan-gp', schedule: 'simultaneous' }), 600);
  assert.is(steps({ recipe: 'began' }), 600);
});

test('an epoch of fewer images than a step reads is one step', () => {
  assert.is(stepsIn(programsOf({ recipe: 'wgan-gp' }), 3), 1);
  assert.is(stepsIn(programsOf({ recipe: 'dcgan' }), 0.5), 1);
});

test('a million epochs are counted at once', () => {
  assert.is(stepsIn(programsOf({ recipe: 'wgan-gp' }), 1e15), 2e14);
});

test.run();
