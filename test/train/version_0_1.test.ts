import { createHash } from 'node:crypto';
import { cpSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { openSampler, readMonitors, resume } from '../../src/train/index.ts';
import { temporaryFolder } from '../data/temporary.ts';
import { eventsOf, only } from './tiny.ts';

// The bits of a run depend on the instruction set; every processor has this one. It is settled when the first device opens.
process.env.GANNET_CPU_ISA = 'baseline';
delete process.env.ONEDNN_MAX_CPU_ISA;

const FIXTURES = fileURLToPath(new URL('../fixtures/version_0_1', import.meta.url));

/** A copy of a run of version 0.1, which has trained three of six steps. */
function runOf(game: string): string {
  const folder = join(temporaryFolder(), 'run');
  cpSync(join(FIXTURES, game), folder, { recursive: true });
  return folder;
}

/** SHA-256 of each file of tensors of a run's last checkpoint. */
function digests(run: string, names: readonly string[]): Record<string, string> {
  const folder = join(run, 'checkpoints', 'step-000006');
  const digest = (name: string) =>
    createHash('sha256')
      .update(readFileSync(join(folder, name)))
      .digest('hex');
  return Object.fromEntries(names.map((name) => [name, digest(name)]));
}

for (const game of ['adversarial', 'equilibrium']) {
  test(`a run of version 0.1, game ${game}, goes on to the bits that version 0.1 reached`, async () => {
    const run = runOf(game);
    const events = await eventsOf(resume(run, { data: join(FIXTURES, 'data') }));
    assert.is(only(events, 'end')[0]?.step, 6);
    const expected = JSON.parse(readFileSync(join(run, 'expected.json'), 'utf8')) as Record<string, string>;
    assert.is(Object.keys(expected).length, 5);
    assert.equal(digests(run, Object.keys(expected)), expected);
  });

  test(`a run of version 0.1, game ${game}, is sampled, and its metrics have monitors`, async () => {
    const run = runOf(game);
    const session = await openSampler(run);
    const images = await session.sample(await session.drawLatents(3, 1));
    session.close();
    assert.equal(images.shape, [3, 16, 16, 1]);
    assert.ok(images.data.every((value) => Math.abs(value) <= 2));
    assert.is((await readMonitors(run)).discriminatorLoss?.meaning, 'loss');
  });
}

test.run();
