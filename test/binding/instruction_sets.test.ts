import { spawnSync } from 'node:child_process';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

// Inner loops are compiled once per instruction set, and a process uses the best one; here every lesser one has its turn.

for (const isa of ['baseline', 'avx2']) {
  for (const file of ['ops', 'chains', 'statistics', 'random', 'updates', 'convolution']) {
    test(`${file} passes with the loops for ${isa}`, () => {
      const path = new URL(`./${file}.test.ts`, import.meta.url).pathname;
      const { status, stdout } = spawnSync(process.execPath, ['--import', 'tsx', path], {
        env: { ...process.env, GANNET_CPU_ISA: isa },
        encoding: 'utf8',
      });
      assert.is(status, 0, stdout);
    });
  }
}

test.run();
