import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { ConfigChanges } from '../../src/config/index.ts';
import type { ConfigError } from '../../src/errors.ts';
import { resolveChanges } from '../../src/models/index.ts';
import { createModel, summarize } from '../../src/train/index.ts';

const changes: ConfigChanges = {
  recipe: 'dcgan',
  size: 32,
  batch: 64,
  model: { width: 16, discriminatorNorm: 'none' },
};

for (const schedule of ['alternating', 'simultaneous']) {
  test(`the parts of a batch use one memory, ${schedule}`, () => {
    const whole = summarize(resolveChanges({ ...changes, schedule }));
    const parts = summarize(resolveChanges({ ...changes, schedule, accumulation: 8 }));
    assert.is(parts.flopsPerStep, whole.flopsPerStep);
    const share = parts.arenaBytes / whole.arenaBytes;
    assert.ok(share < 0.35, `${share} of the memory of a whole batch`);
  });
}

test('a batch that cannot be taken in equal parts is refused', () => {
  const config = resolveChanges({ ...changes, accumulation: 5 });
  assert.throws(
    () => createModel(config),
    ({ code, message }: ConfigError) => code === 'batch_indivisible' && /a batch of 64 .* 5 equal parts/.test(message),
  );
});

test.run();
