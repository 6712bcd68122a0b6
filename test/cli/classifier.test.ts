import { EventEmitter } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { idxFolder } from '../data/packed_files.ts';
import { temporaryFolder } from '../data/temporary.ts';
import { noiseRun } from '../explore/runs.ts';
import { tinyData } from '../train/tiny.ts';
import { gannet, jsonLines } from './command.ts';

const data = temporaryFolder(idxFolder(60, 16, 16));
const training = (out: string, ...more: string[]): string[] => [
  ...['classifier', data, '--out', out, '--size', '16', '--steps', '4', '--batch', '8', '--device', 'cpu'],
  ...['--threads', '1', ...more],
];

test('a classifier is trained, and a run evaluated by its features, named with their hash', async () => {
  const out = join(temporaryFolder(), 'numbers.safetensors');
  const { exitCode, stdout, stderr } = await gannet(training(out));
  assert.is(exitCode, 0, stderr);
  assert.match(stderr, /^Device: cpu, as asked$/m);
  assert.match(stdout, /tells the class of \d+\.\d\d % of 10 images held out by seed 1/);
  const { format, sha256, classes } = JSON.parse(readFileSync(out.replace('.safetensors', '.json'), 'utf8'));
  assert.equal([format, classes.length], ['gannet-classifier', 10]);

  const run = await noiseRun();
  const evaluated = await gannet(['evaluate', run, '--features', out, '--count', '30']);
  assert.is(evaluated.exitCode, 0, evaluated.stderr);
  const [, name] = /Frechet distance \((.*)\)/.exec(evaluated.stdout) ?? [];
  assert.match(name ?? '', new RegExp(`^classifier-.* ${sha256.slice(0, 8)}$`));
  assert.match(evaluated.stdout, 'classifier score (');
  assert.match(evaluated.stdout, /class +real +generated/);
});

test('--json prints what became of it, and nothing else', async () => {
  const out = join(temporaryFolder(), 'numbers.safetensors');
  const { exitCode, stdout, stderr } = await gannet(training(out, '--json', '--seed', '3'));
  assert.equal([exitCode, stderr], [0, '']);
  const [printed] = jsonLines(stdout) as [Record<string, unknown>];
  const { format: _, gannet: __, ...written } = JSON.parse(readFileSync(out.replace('.safetensors', '.json'), 'utf8'));
  assert.equal(printed, {
    type: 'classifier',
    ...written,
    weights: out,
    description: out.replace('.safetensors', '.json'),
  });
  assert.equal(written.data.holdOutBy, { seed: 3 });
});

test('Ctrl-C ends it with 130, and nothing is written', async () => {
  const folder = temporaryFolder();
  const signals = new EventEmitter();
  const command = gannet(training(join(folder, 'numbers.safetensors'), '--steps', '100000'), { signals });
  while (signals.listenerCount('SIGINT') === 0) await new Promise((resolve) => setImmediate(resolve));
  signals.emit('SIGINT');
  const { exitCode, stderr } = await command;
  assert.is(exitCode, 130);
  assert.match(stderr, 'Stopping; nothing is written');
  assert.equal(readdirSync(folder), []);
  assert.is(signals.listenerCount('SIGINT'), 0);
});

test('what no classifier can be trained on or written to is refused with its code', async () => {
  const out = join(temporaryFolder(), 'x.safetensors');
  const refused = async (exitCode: number, code: string, argv: string[]) => {
    const outcome = await gannet([...argv, '--json']);
    const [{ code: found }] = jsonLines(outcome.stdout) as [{ code: string }];
    assert.equal([outcome.exitCode, found], [exitCode, code], argv.join(' '));
  };
  await refused(2, 'out_not_classifier', ['classifier', data, '--out', 'x.txt']);
  await refused(4, 'training_images_few', ['classifier', tinyData(), '--out', out]);
  await refused(4, 'data_unlabelled', ['classifier', 'docs/gallery', '--out', out]);
  await refused(1, 'classifier_missing', ['evaluate', await noiseRun(), '--features', out]);
  assert.not(existsSync(out));
});

test('an earlier classifier is replaced, and files of something else are left as they are', async () => {
  const folder = temporaryFolder({
    'mine.json': '{"format": "my notes"}',
    'weights.safetensors': 'of another program',
  });
  for (const [out, kept] of [
    ['mine.safetensors', 'mine.json'],
    ['weights.json', 'weights.safetensors'],
  ] as const) {
    // Told before the images are read.
    const outcome = await gannet(training(join(folder, out), '--json', '--labels', 'missing.csv'));
    const [{ code, message }] = jsonLines(outcome.stdout) as [{ code: string; message: string }];
    assert.equal([outcome.exitCode, code], [2, 'network_exists']);
    assert.ok(message.includes(join(folder, kept)), message);
  }
  assert.equal(readdirSync(folder).sort(), ['mine.json', 'weights.safetensors']);
  assert.is(readFileSync(join(folder, 'mine.json'), 'utf8'), '{"format": "my notes"}');
  const out = join(folder, 'numbers.safetensors');
  const written = async (seed: string) => {
    assert.is((await gannet(training(out, '--seed', seed))).exitCode, 0);
    return JSON.parse(readFileSync(join(folder, 'numbers.json'), 'utf8')).training.seed;
  };
  assert.equal([await written('1'), await written('2')], [1, 2]);
});

test.run();
