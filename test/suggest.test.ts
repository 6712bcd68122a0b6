import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { closest, didYouMean, editDistance } from '../src/suggest.ts';

const keys = ['batch', 'seed', 'steps', 'size', 'learningRate', 'checkpointEvery', 'sampleEvery', 'lr'];

test('the distance counts letters added, dropped, changed and swapped', () => {
  assert.is(editDistance('kitten', 'sitting'), 3);
  assert.is(editDistance('', 'abc'), 3);
  assert.is(editDistance('batch', 'batch'), 0);
  assert.is(editDistance('bacth', 'batch'), 1);
  assert.is(editDistance('ca', 'abc'), 3, 'a swapped pair is not edited again');
});

test('the nearest known name is found', () => {
  assert.is(closest('bacth', keys), 'batch');
  assert.is(closest('step', keys), 'steps');
  assert.is(closest('sed', keys), 'seed');
  assert.is(closest('checkpontEvry', keys), 'checkpointEvery');
});

test('case and word separators do not count', () => {
  assert.is(closest('learning-rate', keys), 'learningRate');
  assert.is(closest('CHECKPOINT_EVERY', keys), 'checkpointEvery');
  assert.is(closest('s-e-e-d', keys), 'seed');
  assert.is(closest('--seed', ['--seed', '--steps']), '--seed');
});

test('nothing is suggested where nothing is near', () => {
  assert.is(closest('momentum', keys), undefined);
  assert.is(closest('z', ['x']), undefined, 'one letter is an edit away from any other');
  assert.is(closest('', keys), undefined);
  assert.is(closest('batch', []), undefined);
});

test('of equally near names the first wins', () => {
  assert.is(closest('cat', ['bat', 'hat']), 'bat');
});

test('the suggestion is a sentence to end a message with', () => {
  assert.is(`Unknown key 'bacth'.${didYouMean('bacth', keys)}`, "Unknown key 'bacth'. Did you mean 'batch'?");
  assert.is(didYouMean('momentum', keys), '');
});

test.run();
