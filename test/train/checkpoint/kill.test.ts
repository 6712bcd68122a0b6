import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { loadCheckpoint, saveCheckpoint } from '../../../src/train/checkpoint/checkpoint.ts';
import { STARTER } from '../../starter.ts';
import { temporaryFolder } from '../run/temporary.ts';

const SAVER = fileURLToPath(new URL('saver_child.ts', import.meta.url));

/** Kills a process that saves without pause, once it has told of `saves`; returns the last step it told of. */
async function killWhileSaving(run: string, saves: number): Promise<number> {
  const saver = fork(SAVER, [run], { execArgv: ['--import', STARTER] });
  let told = 0;
  saver.on('message', (step: number) => {
    told = step;
    if (step === saves) saver.kill('SIGKILL');
  });
  const [, signal] = await once(saver, 'exit');
  assert.is(signal, 'SIGKILL');
  return told;
}

test('a process killed while it saves leaves its last finished checkpoint, whole', async () => {
  for (const saves of [1, 2, 3, 5]) {
    const run = temporaryFolder();
    const told = await killWhileSaving(run, saves);
    const checkpoint = await loadCheckpoint(run);
    assert.ok(checkpoint.step >= told, `step ${told} was told, ${checkpoint.step} is there`);
    assert.equal(checkpoint.state, { step: checkpoint.step });
    const weight = await checkpoint.files.get('generator')?.read('weight');
    assert.ok(weight?.every((value) => value === checkpoint.step));

    const next = checkpoint.step + 1;
    await saveCheckpoint(run, next, { files: {}, state: null }, { keepLast: 1 });
    assert.equal(readdirSync(join(run, 'checkpoints')), [`step-00000${next}`], 'nothing unfinished is left');
  }
});

test.run();
