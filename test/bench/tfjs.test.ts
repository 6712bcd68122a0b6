import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { describeTfjs } from '../../src/bench/tfjs.ts';
import type { LoadedTfjs } from '../../src/reference/index.ts';

const loaded = (name: LoadedTfjs['package'], backend: string): LoadedTfjs => ({
  tf: { version_core: '4.22.0' } as LoadedTfjs['tf'],
  package: name,
  backend,
  passedOver: [],
});

test('the pure JavaScript backend is named for what it is, and told apart', () => {
  const peer = describeTfjs(loaded('@tensorflow/tfjs', 'cpu'));
  assert.is(peer.description, 'tfjs 4.22.0, cpu (pure JavaScript)');
  assert.ok(peer.pureJavaScript);
});

test('a native backend is named by its package and where it runs', () => {
  const peer = describeTfjs(loaded('@tensorflow/tfjs-node-gpu', 'tensorflow on a GPU'));
  assert.is(peer.description, 'tfjs-node-gpu 4.22.0, tensorflow on a GPU');
  assert.not(peer.pureJavaScript);
});

test.run();
