import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { uses } from '../../scripts/torture/addon/uses.ts';
import { STARTER } from '../starter.ts';

const child = fileURLToPath(new URL('../../scripts/torture/addon/child.ts', import.meta.url));

for (const name of Object.keys(uses)) {
  test(`the process outlives it when ${name}`, () => {
    const { status, signal, stdout, stderr } = spawnSync(process.execPath, ['--import', STARTER, child, '1', name], {
      encoding: 'utf8',
      timeout: 120_000,
    });
    assert.equal(
      { status, signal, last: stdout.trim().split('\n').at(-1) },
      { status: 0, signal: null, last: 'done' },
      stderr,
    );
  });
}

test.run();
