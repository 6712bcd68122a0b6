import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { DataError } from '../../src/errors.ts';
import { classAccuracy } from '../../src/metrics/class_accuracy.ts';

/** Four images: a cat, a dog, a dog, a cow. */
const PROBABILITIES = Float32Array.of(...[0.8, 0.1, 0.1], ...[0.2, 0.7, 0.1], ...[0, 0.9, 0.1], ...[0.3, 0.3, 0.4]);
const CLASSES = ['cat', 'dog', 'cow'];

test('images count that are taken for the class asked for, as a whole and by class', () => {
  const { overall, byClass } = classAccuracy(PROBABILITIES, CLASSES, ['cat', 'cat', 'dog', 'cow']);
  assert.is(overall, 0.75);
  assert.equal(byClass, { cat: 0.5, dog: 1, cow: 1 });
});

test('a class that the classifier does not know, and another number of images, are refused', () => {
  const codeOf = (asked: string[]) => {
    try {
      classAccuracy(PROBABILITIES, CLASSES, asked);
    } catch (error) {
      return (error as DataError).code;
    }
    return 'nothing';
  };
  assert.is(codeOf(['cat', 'dog', 'dog', 'pig']), 'classes_differ');
  assert.is(codeOf(['cat', 'dog', 'dog']), 'samples_differ');
});

test.run();
