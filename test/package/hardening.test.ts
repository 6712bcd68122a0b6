import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { root } from './packing.ts';

const readelf = (...args: readonly string[]): string => execFileSync('readelf', args, { encoding: 'utf8' });

for (const name of ['gannet.node', 'gannet_simt.so']) {
  const binary = join(root, 'build/Release', name);

  test(`${name} has no executable stack`, () => {
    assert.match(readelf('-lW', binary), /^ +GNU_STACK .* RW +0x/m);
  });

  test(`the tables of ${name} cannot be written once it is loaded`, () => {
    assert.match(readelf('-lW', binary), /^ +GNU_RELRO /m);
    assert.match(readelf('-dW', binary), /\(FLAGS_1\) +Flags:.*\bNOW\b/);
  });
}

test('the addon notices a smashed stack', () => {
  assert.match(readelf('--dyn-syms', '-W', join(root, 'build/Release/gannet.node')), /\b__stack_chk_fail@/);
});

test.run();
