import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { compareSettings, differingSettings, settingsOf } from '../../src/config/index.ts';
import type { JsonValue } from '../../src/durable.ts';

test('settings are named by their paths, and lists are one setting', () => {
  const settings = settingsOf({ recipe: 'began', model: { width: 8, sizes: [1, 2] }, decay: null });
  assert.equal({ ...settings }, { recipe: 'began', 'model.width': '8', 'model.sizes': '[1,2]', decay: 'null' });
});

test('settings differ where their values do, or where only some have them', () => {
  const all = [
    { batch: '8', same: '1' },
    { batch: '16', same: '1' },
    { same: '1', aid: 'true' },
  ].map((one) => settingsOf(one as JsonValue));
  assert.equal(differingSettings(all), [
    { key: 'aid', values: [undefined, undefined, 'true'] },
    { key: 'batch', values: ['8', '16', undefined] },
  ]);
  assert.equal(
    compareSettings(all).map(({ key }) => key),
    ['aid', 'batch', 'same'],
  );
});

test('a setting may have the name of what every object has', () => {
  const [first] = differingSettings([settingsOf(JSON.parse('{"__proto__":{"constructor":1}}')), settingsOf({})]);
  assert.equal(first, { key: '__proto__.constructor', values: ['1', undefined] });
  assert.equal(differingSettings([settingsOf({ constructor: 'x' }), {}])[0]?.values, ['x', undefined]);
});

test.run();
