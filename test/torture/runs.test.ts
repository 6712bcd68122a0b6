import { spawnSync } from 'node:child_process';
import { constants } from 'node:os';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { differing, outcomeOf } from '../../scripts/torture/runs/outcome.ts';
import { Workshop } from '../../scripts/torture/runs/workshop.ts';

test('what differs between two runs is named, whichever of them lacks it', () => {
  const a = new Map([
    ['same', '1'],
    ['other', '2'],
    ['only here', '3'],
  ]);
  const b = new Map([
    ['same', '1'],
    ['other', '4'],
    ['only there', '5'],
  ]);
  assert.equal(differing(a, b), ['other', 'only here', 'only there']);
});

if (process.platform === 'linux' && spawnSync('cc', ['--version']).status === 0) {
  test('a run is killed at a chosen system call, or has it fail, and goes on to what an unbroken one leaves', async () => {
    const workshop = new Workshop();
    try {
      const expected = await workshop.unbroken('dcgan');
      const killed = workshop.newRun();
      assert.is((await workshop.train('dcgan', killed, { at: 120, errno: -1 })).signal, 'SIGKILL');
      assert.is((await workshop.goOn('dcgan', killed, { at: 40, errno: constants.errno.ENOSPC })).error, 'disk_full');
      assert.is((await workshop.goOn('dcgan', killed)).exitCode, 0);
      assert.equal(differing(outcomeOf(killed), expected), []);
    } finally {
      workshop.remove();
    }
  });
}

test.run();
