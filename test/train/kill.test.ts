import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { listCheckpoints, readMetrics } from '../../src/train/index.ts';
import { gannet, spawnGannet, tinyTraining } from '../cli/command.ts';
import { temporaryFolder } from '../data/temporary.ts';
import { checkpointBytes } from './tiny.ts';

/** Steps after which the process is killed, each time wherever it is by then. */
const KILLS = [10, 40, 70];

/** Runs by what they keep or are told beside their weights: options of their training. */
const RUNS: Readonly<Record<string, readonly string[]>> = {
  'a run': [],
  'an evaluated run': ['--set', 'evaluateEvery=9', '--set', 'evaluateCount=30'],
  'a conditional run': ['--set', 'model.condition=embedding', '--set', 'sampleCount=20', '--set', 'ema.halfLife=50'],
  'a conditional run with virtual batch norm': [
    ...[
      '--set',
      'model.condition=projection',
      '--set',
      'model.conditionalNorm=true',
      '--set',
      'model.referenceBatch=6',
    ],
    ...['--set', 'model.generatorNorm=virtual', '--set', 'model.discriminatorNorm=virtual', '--set', 'sampleCount=20'],
  ],
  'a conditional run that replays': ['--set', 'model.condition=projection', '--set', 'replay.share=0.5'],
};

const training = (out: string, steps: number, ...more: string[]): string[] =>
  tinyTraining(
    '--out',
    out,
    '--steps',
    String(steps),
    '--set',
    'checkpointEvery=7',
    '--set',
    'sampleEvery=10',
    ...more,
  );

/** Runs a command in a process of its own and kills it once it has told of a step. */
async function killAfter(step: number, argv: readonly string[]): Promise<void> {
  const child = spawnGannet([...argv, '--json']);
  createInterface(child.stdout).on('line', (line) => {
    const event = JSON.parse(line);
    if (event.type === 'step' && event.step >= step) child.kill('SIGKILL');
  });
  const [errors, [, signal]] = await Promise.all([text(child.stderr), once(child, 'exit')]);
  assert.is(signal, 'SIGKILL', `it ended by itself before step ${step}: ${errors}`);
}

async function completed(argv: readonly string[]): Promise<void> {
  const { exitCode, stderr } = await gannet(argv);
  assert.is(exitCode, 0, stderr);
}

for (const [name, options] of Object.entries(RUNS)) {
  test(`${name} killed again and again, and taken up again, reaches the bits of an unbroken one`, async () => {
    const folder = temporaryFolder();
    const [whole, killed] = [join(folder, 'whole'), join(folder, 'killed')];
    for (const [i, step] of KILLS.entries())
      await killAfter(step, i === 0 ? training(killed, 1e6, ...options) : ['resume', killed]);
    const steps = ((await listCheckpoints(killed)).at(-1)?.step ?? 0) + 3;
    await completed(['resume', killed, '--steps', String(steps)]);
    await completed(training(whole, steps, ...options));

    assert.equal(checkpointBytes(killed, steps), checkpointBytes(whole, steps));
    const valuesOf = async (run: string) => (await readMetrics(run)).map(({ step, values }) => ({ step, values }));
    assert.equal(await valuesOf(killed), await valuesOf(whole));
    const pictures = readdirSync(join(whole, 'samples'));
    assert.ok(pictures.length >= 7);
    for (const name of pictures) {
      assert.equal(readFileSync(join(killed, 'samples', name)), readFileSync(join(whole, 'samples', name)), name);
    }
  });
}

test.run();
