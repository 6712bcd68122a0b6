import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  bothSides,
  formatImage,
  formatSetting,
  formatSize,
  imageShapeOf,
  oneForm,
  parseSize,
} from '../../src/config/image_size.ts';
import { ConfigError } from '../../src/errors.ts';
import { resolveChanges, resolveConfig } from '../../src/models/index.ts';

test('people read and write the width first, lists have the height first', () => {
  assert.equal(['64', '96x64', '64X96', ' 28x28 '].map(parseSize), [64, [64, 96], [96, 64], 28]);
  assert.equal(['', '64x', 'x64', '6.5', '-64', '96x64x3', '96 x 64'].map(parseSize), Array(7).fill(undefined));
  assert.equal([formatSize([64, 96]), formatSize([28, 28]), formatImage([64, 96, 3])], ['96x64', '28x28', '96x64x3']);
  assert.equal([formatSetting(64), formatSetting([64, 96])], ['64', '96x64']);
});

test('a square is one number, however it was written', () => {
  assert.equal(
    [bothSides(64), bothSides([64, 96])],
    [
      [64, 64],
      [64, 96],
    ],
  );
  assert.equal([oneForm([64, 64]), oneForm([64, 96])], [64, [64, 96]]);
  assert.is(resolveConfig({ recipe: 'dcgan', size: [32, 32] }).size, 32);
  const config = resolveConfig({ recipe: 'dcgan', size: [64, 96], channels: 4 });
  assert.equal(
    [config.size, imageShapeOf(config)],
    [
      [64, 96],
      [64, 96, 4],
    ],
  );
});

test('other sizes are refused by what was expected', () => {
  const refusal = (size: unknown): string => {
    try {
      resolveChanges({ recipe: 'dcgan', size });
    } catch (error) {
      if (error instanceof ConfigError) return error.message;
    }
    return 'taken';
  };
  for (const size of ['96x64', 1.5, [64], [64, 96, 3], null]) {
    const expected = 'size: expected whole pixels, one number for both sides or [height, width]';
    assert.match(refusal(size), `${expected}, but received ${JSON.stringify(size)}.`);
  }
  assert.match(refusal(0), /size: .*expected number to be >0, but received 0/);
  assert.match(refusal([64, 0]), /size\.1: .*expected number to be >0, but received 0/);
});

test.run();
