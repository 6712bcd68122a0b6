import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { differing, outcomeOf } from '../../scripts/torture/runs/outcome.ts';
import { SmallDisk } from '../../scripts/torture/runs/small_disk.ts';
import { Workshop } from '../../scripts/torture/runs/workshop.ts';
import { loadCheckpoint } from '../../src/train/index.ts';

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

const PLENTY = { bytes: 2 ** 24, files: 1000 };
const disk = SmallDisk.mount(PLENTY);

if (disk) {
  test.after(() => disk.remove());

  test('a disk that is full of bytes or of files says so, and once there is room the run goes on to the same', async () => {
    const workshop = new Workshop();
    try {
      const expected = await workshop.unbroken('dcgan');
      for (const scarce of [{ bytes: 76 * 1024 }, { files: 20 }]) {
        const run = join(disk.folder, `run-${Object.keys(scarce)}`);
        disk.resize({ ...PLENTY, ...scarce });
        const { error, message, saved } = await workshop.train('dcgan', run);
        assert.is(error, 'disk_full');
        assert.match(message ?? '', 'The disk is full: free some space');
        assert.ok(saved.length > 0, 'it fills up after a checkpoint');
        assert.is((await loadCheckpoint(run)).step, saved.at(-1));
        disk.resize(PLENTY);
        assert.is((await workshop.goOn('dcgan', run)).exitCode, 0);
        assert.equal(differing(outcomeOf(run), expected), []);
        rmSync(run, { recursive: true });
      }
    } finally {
      workshop.remove();
    }
  });
}

test.run();
