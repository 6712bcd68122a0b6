import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type DecayState, nextDecay } from '../../src/train/learning_rate.ts';

const start: DecayState = { scale: 1, since: 0 };

test('a stepped decay multiplies by the factor at every so many steps', () => {
  const stepped = { kind: 'stepped', factor: 0.5, every: 100, floor: 0 } as const;
  assert.is(nextDecay(stepped, start, 99, undefined).scale, 1);
  assert.is(nextDecay(stepped, start, 100, undefined).scale, 0.5);
  assert.is(nextDecay(stepped, start, 250, undefined).scale, 0.25);
});

test('a stepped decay keeps what a rollback has lowered the rates to', () => {
  const stepped = { kind: 'stepped', factor: 0.5, every: 100, floor: 0 } as const;
  const rolledBack = { ...nextDecay(stepped, start, 250, undefined), scale: 0.125 };
  assert.is(nextDecay(stepped, rolledBack, 290, undefined).scale, 0.125);
  assert.is(nextDecay(stepped, rolledBack, 300, undefined).scale, 0.0625);
  assert.is(nextDecay({ ...stepped, every: 100_000 }, { scale: 0.5, since: 0 }, 10, undefined).scale, 0.5);
});

test('a plateau decays once the smoothed measure has made no progress for so many steps', () => {
  const plateau = { kind: 'plateau', factor: 0.5, every: 30, floor: 0 } as const;
  let state = start;
  const scales: number[] = [];
  for (let step = 10; step <= 100; step += 10) {
    state = nextDecay(plateau, state, step, step <= 20 ? 1 / step : 1);
    scales.push(state.scale);
  }
  // The best is at step 20, so that the first decay comes at 50 and the second at 80.
  assert.equal(scales, [1, 1, 1, 1, 0.5, 0.5, 0.5, 0.25, 0.25, 0.25]);
});

test('steady progress never decays', () => {
  const plateau = { kind: 'plateau', factor: 0.5, every: 30, floor: 0 } as const;
  let state = start;
  for (let step = 10; step <= 1000; step += 10) state = nextDecay(plateau, state, step, 0.99 ** step);
  assert.is(state.scale, 1);
});

test('a recipe without the measure, and one without decay, keep their rates', () => {
  const plateau = { kind: 'plateau', factor: 0.5, every: 1, floor: 0 } as const;
  assert.is(nextDecay(plateau, start, 100, undefined), start);
  assert.is(nextDecay({ ...plateau, kind: 'none' }, start, 100, 1), start);
});

test.run();
