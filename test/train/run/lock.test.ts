import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { constants, hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { FaultLibrary } from '../../../scripts/torture/runs/fault_library.ts';
import { lockRun } from '../../../src/train/run/lock.ts';
import { STARTER } from '../../starter.ts';
import { rejection } from './rejects.ts';
import { temporaryFolder } from './temporary.ts';

const lockOf = (run: string): string => join(run, 'lock.json');

/** A run that another process seems to hold. */
function heldBy(holder: object): string {
  const run = temporaryFolder();
  writeFileSync(lockOf(run), JSON.stringify(holder));
  return run;
}

/** The number of a process that has ended. */
const endedProcess = (): number => spawnSync(process.execPath, ['-e', '']).pid;

async function expectTakenOver(run: string): Promise<void> {
  const lock = await lockRun(run);
  assert.is(JSON.parse(readFileSync(lockOf(run), 'utf8')).pid, process.pid);
  await lock.release();
  assert.equal(readdirSync(run), []);
}

test('a run is held by one until it is released, and nothing is left then', async () => {
  const run = temporaryFolder();
  const lock = await lockRun(run);
  const error = await rejection(lockRun(run), 'run_locked');
  assert.match(error.message, `${run} is being trained by process ${process.pid} on ${hostname()}`);
  assert.match(error.message, `if it does not run any more, remove ${lockOf(run)}`);
  assert.equal(readdirSync(run), ['lock.json']);
  await lock.release();
  assert.equal(readdirSync(run), []);
  await expectTakenOver(run);
});

if (process.platform === 'linux' && spawnSync('cc', ['--version']).status === 0) {
  test('whatever system call fails, a run is locked and released, or the error says what the disk does', () => {
    const faults = new FaultLibrary();
    try {
      const script = `import { lockRun } from '${new URL('../../../src/train/run/lock.ts', import.meta.url).pathname}';
        lockRun(process.argv.at(-1)).then((lock) => lock.release()).then(() => console.log('done'), ({ code }) => console.log(code));`;
      const program = join(temporaryFolder(), 'lock.mjs');
      writeFileSync(program, script);
      const endings = Array.from({ length: 12 }, (_, call) => {
        const run = temporaryFolder();
        const fault = { at: call + 1, errno: constants.errno.EIO };
        const { stdout, stderr } = spawnSync(process.execPath, ['--import', STARTER, program, run], {
          encoding: 'utf8',
          env: { ...process.env, ...faults.environment(run, fault) },
        });
        assert.match(stdout, /^(done|storage_failed)$/m, stderr);
        return stdout.trim();
      });
      assert.is(endings[0], 'storage_failed');
      assert.is(endings.at(-1), 'done', 'there are not so many calls');
    } finally {
      faults.remove();
    }
  });
}

test('of many that want a run at once, one gets it', async () => {
  const dead = { pid: endedProcess(), host: hostname(), startedAt: null };
  const runs = [temporaryFolder(), ...Array.from({ length: 100 }, () => heldBy(dead))];
  for (const run of runs) {
    const tries = await Promise.allSettled(Array.from({ length: 8 }, () => lockRun(run)));
    const held = tries.flatMap((attempt) => (attempt.status === 'fulfilled' ? [attempt.value] : []));
    assert.is(held.length, 1);
    await held[0]?.release();
    assert.equal(readdirSync(run), []);
  }
});

test('a process that was killed while it took a run over does not hinder the next', async () => {
  const dead = JSON.stringify({ pid: endedProcess(), host: hostname(), startedAt: '1' });
  const run = temporaryFolder();
  writeFileSync(lockOf(run), dead);
  writeFileSync(`${lockOf(run)}.${createHash('sha256').update(dead).digest('hex')}`, dead);
  await expectTakenOver(run);
});

test('the lock of a process that was killed is taken over', async () => {
  await expectTakenOver(heldBy({ pid: endedProcess(), host: hostname(), startedAt: '1' }));
});

if (existsSync('/proc/self/stat')) {
  test('a later process of the same number holds nothing', async () => {
    await expectTakenOver(heldBy({ pid: process.pid, host: hostname(), startedAt: '1' }));
  });

  test('a process that has ended holds nothing, though its parent never asks how', async () => {
    const parent = spawn('sh', ['-c', 'sleep 0.2 & echo $!; exec sleep 60'], { stdio: ['ignore', 'pipe', 'ignore'] });
    const pid = Number(await once(parent.stdout, 'data'));
    while (!/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))) await setTimeout(20);
    await expectTakenOver(heldBy({ pid, host: hostname(), startedAt: null }));
    parent.kill();
  });
}

test('a process that is about to end is waited for', async () => {
  const ending = spawn('sleep', ['1']);
  await expectTakenOver(heldBy({ pid: ending.pid, host: hostname(), startedAt: null }));
});

test('a process that lives holds its lock, whoever it belongs to', async () => {
  await rejection(lockRun(heldBy({ pid: 1, host: hostname(), startedAt: null })), 'run_locked');
});

test('the lock of another machine holds while it is renewed', async () => {
  const run = heldBy({ pid: 7, host: 'elsewhere', startedAt: '1' });
  const error = await rejection(lockRun(run), 'run_locked');
  assert.match(error.message, 'process 7 on elsewhere');
  const threeMinutesAgo = Date.now() / 1000 - 180;
  utimesSync(lockOf(run), threeMinutesAgo, threeMinutesAgo);
  await expectTakenOver(run);
});

test('what is no lock holds nothing', async () => {
  for (const content of ['', 'null', '{"pid":"x"}']) {
    const run = temporaryFolder();
    writeFileSync(lockOf(run), content);
    await expectTakenOver(run);
  }
  const run = temporaryFolder();
  mkdirSync(lockOf(run));
  await rejection(lockRun(run), 'not_a_file');
});

test("releasing leaves another's lock alone", async () => {
  const run = temporaryFolder();
  const lock = await lockRun(run);
  writeFileSync(lockOf(run), JSON.stringify({ pid: 1, host: hostname(), startedAt: null }));
  await lock.release();
  assert.ok(existsSync(lockOf(run)));
});

test.run();
