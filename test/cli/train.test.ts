import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { temporaryFolder } from '../data/temporary.ts';
import { IMAGES } from '../train/tiny.ts';
import { gannet, jsonLines, tinyTraining } from './command.ts';

/** A folder that does not exist yet. */
const newRun = (): string => join(temporaryFolder(), 'run');

async function trained(...more: string[]): Promise<string> {
  const run = newRun();
  const { exitCode, stderr } = await gannet(tinyTraining('--out', run, ...more));
  assert.is(exitCode, 0, stderr);
  return run;
}

test('train makes a run folder, shows progress on stderr, and ends by telling where things are and how to go on', async () => {
  const run = newRun();
  const { exitCode, stdout, stderr } = await gannet(tinyTraining('--out', run));
  assert.is(exitCode, 0, stderr);
  assert.equal(
    readdirSync(run)
      .filter((name) => !name.startsWith('events.'))
      .sort(),
    [...['README.md', 'checkpoints', 'config.json', 'environment.json', 'log.txt', 'metrics.jsonl', 'samples']],
  );
  assert.equal(readdirSync(join(run, 'samples')), ['step-000003.png', 'step-000006.png']);
  assert.equal(readdirSync(join(run, 'checkpoints')), ['step-000002', 'step-000004', 'step-000006']);
  const steps = jsonLines(readFileSync(join(run, 'metrics.jsonl'), 'utf8')).map(({ step }) => step);
  assert.equal(steps, [2, 3, 4, 6]);

  assert.match(stderr, /^Device: cpu, as asked$/m);
  assert.match(stderr, /step 6\/6 .*lossD [\d.e-]+ +lossG /);
  assert.match(stdout, /^Finished at step 6\.$/m);
  assert.ok(stdout.includes(join(run, 'samples', 'step-000006.png')));
  assert.ok(stdout.includes(join(run, 'checkpoints', 'step-000006')));
  assert.ok(stdout.includes(`gannet resume ${run} --steps 12`));
  assert.ok(stdout.includes(`gannet sample ${run} --count 64`));
});

test('without --device the best is taken, and told with the reason', async () => {
  const { stderr } = await gannet(tinyTraining('--device', 'auto', '--out', newRun()));
  assert.match(stderr, /^Device: \w+ \(.+\), the best there is/m);
});

test('--json tells every event on a line of its own, and nothing else', async () => {
  const { exitCode, stdout, stderr } = await gannet(tinyTraining('--json', '--out', newRun()));
  assert.is(exitCode, 0);
  assert.is(stderr, '');
  const events = jsonLines(stdout);
  const perTwoSteps = ['step', 'step', 'metrics'];
  assert.equal(
    events.map(({ type }) => type),
    [
      'start',
      ...[...perTwoSteps, 'checkpoint'],
      ...['step', 'sample', 'metrics', 'step', 'metrics', 'checkpoint'],
      ...['step', 'step', 'sample', 'metrics', 'checkpoint'],
      'end',
    ],
  );
  const { step, epoch, imagesSeen, values } = events.find(({ type }) => type === 'metrics') as Record<string, unknown>;
  assert.equal([step, imagesSeen, epoch], [2, 16, 16 / IMAGES]);
  assert.equal(Object.keys(values as object).sort(), [
    ...['dFake', 'dGenerated', 'dReal', 'discriminatorLoss', 'generatorLoss'],
  ]);
  assert.equal(events.at(-1), { type: 'end', step: 6, reason: 'finished', skipped: '' });
});

test('--epochs counts passes over the data', async () => {
  const args = tinyTraining('--json', '--out', newRun()).filter(
    (word, i, all) => word !== '--steps' && all[i - 1] !== '--steps',
  );
  const { stdout } = await gannet([...args, '--epochs', '2']);
  assert.is(jsonLines(stdout)[0]?.steps, (2 * IMAGES) / 8);
});

test('--dry-run checks everything, prints the plan and the device, and writes nothing', async () => {
  const run = newRun();
  const { exitCode, stdout } = await gannet(tinyTraining('--dry-run', '--out', run));
  assert.is(exitCode, 0);
  assert.match(stdout, /^ {2}layer1 +linear, batch norm, relu +4x4x4 /m);
  assert.match(stdout, /^operations +[\d.]+ MFLOP per step of batch 8$/m);
  assert.match(stdout, /^device +cpu, as asked$/m);
  assert.match(stdout, new RegExp(`^data +.*, ${IMAGES} images$`, 'm'));
  assert.not(existsSync(run));
  const [plan] = jsonLines((await gannet(tinyTraining('--dry-run', '--json'))).stdout);
  assert.is(plan?.type, 'plan');
  assert.match(plan?.device as string, /^cpu: /);
  assert.ok((plan?.arenaBytes as number) > 0);
});

test('resume goes on to more steps, and keeps them as the configured ones', async () => {
  const run = await trained();
  const { exitCode, stdout } = await gannet(['resume', run, '--steps', '8', '--json']);
  assert.is(exitCode, 0);
  const [start, ...events] = jsonLines(stdout);
  assert.equal([start?.step, start?.steps], [6, 8]);
  assert.is(events.at(-1)?.step, 8);
  const again = await gannet(['resume', run]);
  assert.is(again.exitCode, 0);
  assert.match(again.stdout, /^Nothing to do: the run has reached its last step, 8\.$/m);
});

test('resume from an earlier step tells which checkpoints it will leave behind', async () => {
  const run = await trained();
  const { exitCode, stderr } = await gannet(['resume', run, '--step', '2']);
  assert.is(exitCode, 0);
  assert.match(stderr, /Going on from step 2\. The checkpoints of later steps \(4, 6\) will be removed/);
});

test('resume refuses a last step that is passed, an unknown step and an unknown device', async () => {
  const run = await trained();
  const refusals: [string[], number, RegExp][] = [
    [['--steps', '4'], 2, /step-000006 is past step 4; name a later one with --steps/],
    [['--step', '3'], 1, /no checkpoint of step 3; there are 2, 4, 6/],
    [['--device', 'gpu'], 2, /argument 'gpu' is invalid.* Did you mean 'cuda'/],
    [['--device', 'cuda'], 3, /cuda was asked for/],
  ];
  for (const [argv, code, message] of refusals) {
    const { exitCode, stderr } = await gannet(['resume', run, ...argv]);
    assert.is(exitCode, code, stderr);
    assert.match(stderr, message);
  }
});

async function pictureSize(path: string): Promise<string> {
  const { width, height, channels } = await sharp(path).metadata();
  return `${width}x${height}x${channels}`;
}

test('sample draws one image, a grid, or single files', async () => {
  const run = await trained();
  const out = temporaryFolder();
  const sample = async (...argv: string[]) => assert.is((await gannet(['sample', run, ...argv])).exitCode, 0);

  await sample('--count', '1', '--out', join(out, 'one.png'));
  assert.is(await pictureSize(join(out, 'one.png')), '16x16x1');
  await sample('--count', '6', '--columns', '3', '--scale', '2', '--out', join(out, 'grid.png'));
  assert.is(await pictureSize(join(out, 'grid.png')), `${3 * 34 - 2}x${2 * 34 - 2}x1`);
  await sample('--count', '3', '--out', join(out, 'folder'));
  assert.equal(readdirSync(join(out, 'folder')), ['0000.png', '0001.png', '0002.png']);
  assert.is(await pictureSize(join(out, 'folder', '0002.png')), '16x16x1');
  await sample('--seed', '7');
  assert.ok(existsSync(join(run, 'samples', 'seed-7.png')));
  await sample('--seed', '7', '--separate', '--count', '2');
  assert.equal(readdirSync(join(run, 'samples', 'seed-7')), ['0000.png', '0001.png']);
});

test('one seed draws the same images, more begin with the same, and other seeds and steps draw others', async () => {
  const run = await trained();
  const draw = async (...argv: string[]): Promise<string[]> => {
    const out = temporaryFolder();
    const { exitCode, stdout } = await gannet(['sample', run, '--json', '--out', out, ...argv]);
    assert.is(exitCode, 0);
    const { paths } = JSON.parse(stdout) as { paths: string[] };
    return paths.map((path) => readFileSync(path, 'hex'));
  };
  const two = await draw('--count', '2');
  assert.equal((await draw('--count', '5')).slice(0, 2), two);
  assert.equal(await draw('--count', '2', '--step', '6'), two, 'the newest checkpoint is that of step 6');
  assert.not.equal(await draw('--count', '2', '--seed', '2'), two);
  assert.not.equal(await draw('--count', '2', '--step', '2'), two);
});

test.run();
