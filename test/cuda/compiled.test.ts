import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { PACKAGE_ROOT } from '../../src/package.ts';

const ARCHITECTURE = '80';

test(`compiled for sm_${ARCHITECTURE}, kernels keep to their registers, spill nothing and hold the instructions meant`, () => {
  const check = join(PACKAGE_ROOT, 'scripts/check-kernels.mjs');
  const { status, stdout, stderr } = spawnSync(process.execPath, [check, '--arch', ARCHITECTURE], { encoding: 'utf8' });
  assert.is(status, 0, stderr);
  assert.match(stdout, /^skipped: .*no nvcc was found|^\d+ compilations for sm_80, 0 faults/);
});

test.run();
