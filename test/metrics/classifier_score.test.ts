import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { classifierScore } from '../../src/metrics/classifier_score.ts';
import { assertClose, fixture } from './fixture.ts';

const rows = (...values: number[]) => Float32Array.from(values);

test('the score is that of numpy', () => {
  const { mean, deviation } = classifierScore(fixture.probabilities, fixture.classes, 4);
  assertClose(mean, fixture.classifierScore.mean, 1e-6);
  assertClose(deviation, fixture.classifierScore.deviation, 1e-6);
});

test('sure and evenly spread classes score their number; unsure ones, and always the same, score 1', () => {
  assertClose(classifierScore(rows(1, 0, 0, 1), 2, 1).mean, 2, 1e-12);
  assertClose(classifierScore(rows(0.5, 0.5, 0.5, 0.5), 2, 1).mean, 1, 1e-12);
  assertClose(classifierScore(rows(1, 0, 1, 0), 2, 1).mean, 1, 1e-12);
});

test('what is no probability, and too few images, are refused', () => {
  assert.throws(() => classifierScore(rows(0.5, 0.5, 3, -2), 2, 1), /image 1: expected probabilities/);
  assert.throws(() => classifierScore(rows(0.5, 0.4), 2, 1), /image 0/);
  assert.throws(() => classifierScore(rows(Number.NaN, 1), 2, 1), /image 0/);
  assert.throws(
    () => classifierScore(rows(1, 0), 2, 2),
    (error: { code: string }) => error.code === 'samples_few',
  );
});

test.run();
