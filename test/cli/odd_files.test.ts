import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { temporaryFolder } from '../data/temporary.ts';
import { writeManifest } from '../train/tiny.ts';
import { gannet, tinyTraining } from './command.ts';

let made: string | undefined;

/** A run of 6 steps with checkpoints of 4 and 6, which a test may damage. */
async function newRun(): Promise<string> {
  if (made === undefined) {
    made = join(temporaryFolder(), 'run');
    const { exitCode, stderr } = await gannet(tinyTraining('--out', made, '--set', 'keepCheckpoints=2'));
    assert.is(exitCode, 0, stderr);
  }
  const run = join(temporaryFolder(), 'run');
  cpSync(made, run, { recursive: true });
  return run;
}

/** What takes a file's place. */
const REPLACEMENTS: Record<string, (path: string) => void> = {
  'a folder': (path) => mkdirSync(path),
  'a named pipe': (path) => execFileSync('mkfifo', [path]),
  'a device': (path) => symlinkSync('/dev/zero', path),
};

async function refused(argv: readonly string[], exitCode: number, ...messages: (string | RegExp)[]): Promise<void> {
  const outcome = await gannet(argv);
  assert.is(outcome.exitCode, exitCode, outcome.stderr);
  for (const message of messages)
    assert.ok(
      typeof message === 'string' ? outcome.stderr.includes(message) : message.test(outcome.stderr),
      outcome.stderr,
    );
  assert.not.match(outcome.stderr, /not foreseen/);
}

for (const [kind, replace] of Object.entries(REPLACEMENTS)) {
  test(`${kind} in place of a run's file is named, and never waited for`, async () => {
    for (const [name, command] of [
      ['config.json', 'resume'],
      ['environment.json', 'sample'],
      ['metrics.jsonl', 'resume'],
      ['metrics.jsonl', 'curves'],
      ['log.txt', 'resume'],
    ] as const) {
      const path = join(await newRun(), name);
      rmSync(path, { recursive: true });
      replace(path);
      const more = command === 'resume' ? ['--steps', '8'] : [];
      // Nothing is written through a link, whatever it leads to.
      const told = new RegExp(`${path} is (${kind}|a link), where a regular file is expected`);
      await refused([command, join(path, '..'), ...more], 1, told);
    }
  });

  test(`${kind} in place of a checkpoint's file is damage, and an earlier checkpoint is offered`, async () => {
    for (const name of ['trainer_state.json', 'generator.safetensors']) {
      const run = await newRun();
      const path = join(run, 'checkpoints', 'step-000006', name);
      rmSync(path);
      replace(path);
      await refused(
        ['sample', run],
        1,
        `${path} is damaged: it is ${kind} and no regular file`,
        `gannet resume ${run} --step 4`,
      );
    }
  });
}

test('a configuration file that is a pipe is refused', async () => {
  const path = join(temporaryFolder(), 'mine.json');
  execFileSync('mkfifo', [path]);
  await refused(['train', path], 2, `${path} is a named pipe, where a regular file is expected`);
});

test('JSON that is no object of keys, or holds other things than a configuration', async () => {
  for (const content of ['null', '[]', '"text"', '7']) {
    const run = await newRun();
    writeFileSync(join(run, 'config.json'), content);
    for (const command of ['resume', 'sample'])
      await refused([command, run], 1, `${join(run, 'config.json')} is damaged: it holds no JSON object of keys`);
  }
  const run = await newRun();
  const config = JSON.parse(readFileSync(join(run, 'config.json'), 'utf8'));
  for (const [changes, message] of [
    [{ recipe: 7 }, /recipe '7', which gannet does not have/],
    [{ model: null }, /model: expected object, but received null/],
    [{ generator: [] }, /generator: expected object, but received \[\]/],
    [{ steps: -1 }, /steps: Too small/],
    [{ strange: 1 }, /'strange' is no key/],
  ] as const) {
    writeFileSync(join(run, 'config.json'), JSON.stringify({ ...config, ...changes }));
    await refused(['resume', run], 2, join(run, 'config.json'), message);
  }
});

test('a byte order mark, which some editors write, is no damage', async () => {
  const run = await newRun();
  const path = join(run, 'config.json');
  writeFileSync(path, `\uFEFF${readFileSync(path, 'utf8')}`);
  const { exitCode, stderr } = await gannet(['sample', run, '--count', '1']);
  assert.is(exitCode, 0, stderr);
  const settings = join(temporaryFolder({ 'mine.json': '\uFEFF{"recipe": "dcgan-digits"}' }), 'mine.json');
  assert.is((await gannet(['plan', settings])).exitCode, 0);
});

test('a trainer_state.json with the right checksum and the wrong content', async () => {
  const run = await newRun();
  const path = join(run, 'checkpoints', 'step-000006', 'trainer_state.json');
  const { sha256: _, ...good } = JSON.parse(readFileSync(path, 'utf8'));
  const { files: __, ...withoutFiles } = good;
  const { state: ___, ...withoutState } = good;
  const { decay: ____, ...state } = good.state;
  for (const [content, problem] of [
    [withoutFiles, 'files: '],
    [{ ...good, files: { 'generator.safetensors': null } }, 'files.generator.safetensors: '],
    [{ ...good, files: { '../x': { bytes: 1, sha256: '' } } }, "'../x' is no file name of a checkpoint"],
    [withoutState, 'state'],
    [{ ...good, state: null }, 'state: '],
    [{ ...good, step: -1 }, 'step: '],
    [{ ...good, state: { ...good.state, step: -6 } }, 'state.step: '],
    [{ ...good, state: { ...good.state, step: 5 } }, "state.step is 5, but the checkpoint's is 6"],
    [{ ...good, state: { ...state, decay: { scale: 'half' } } }, 'state.decay.scale: '],
    [{ ...good, state: { ...state, data: [] } }, 'state.data: '],
    [{ ...good, state: { ...state, health: { told: 1 } } }, 'state.health.told: '],
    [{ ...good, state: { ...state, config: 7 } }, 'state.config: '],
  ] as const) {
    writeManifest(path, content);
    await refused(['resume', run, '--steps', '8'], 1, `${path} is damaged: ${problem}`);
  }
  writeManifest(path, { ...good, format: null });
  await refused(['resume', run], 1, `${path} has format null; this gannet reads format 1`);
});

test('a line of metrics that is none is left out of the curves', async () => {
  const run = await newRun();
  const path = join(run, 'metrics.jsonl');
  writeFileSync(path, `{"step": 1}\nnull\n{"step": 2, "values": null}\n${readFileSync(path, 'utf8')}`);
  assert.is((await gannet(['curves', run])).exitCode, 0);
});

test('folders with the names of checkpoints that hold none do not keep a run from its own', async () => {
  const run = await newRun();
  const checkpoints = join(run, 'checkpoints');
  for (const name of ['step-000099', 'step-9999999999999999999999', 'step-0000099']) mkdirSync(join(checkpoints, name));
  writeFileSync(join(checkpoints, 'step-000098'), '');
  writeFileSync(join(checkpoints, 'step-9999999999999999999999', 'a'), '');
  const { exitCode, stderr } = await gannet(['resume', run, '--steps', '8', '--json']);
  assert.is(exitCode, 0, stderr);
});

test.run();
