import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { temporaryFolder } from '../data/temporary.ts';
import { gannet, jsonLines } from './command.ts';

/** What is wrong with a command line -> what the message must say. */
const MISUSES: [argv: string[], message: RegExp][] = [
  [['trian'], /unknown command 'trian'[\s\S]*Did you mean train\?/],
  [['train'], /missing required argument 'recipe'/],
  [['train', 'dcgan', 'mnist'], /too many arguments/],
  [['train', 'dcgan', '--devise', 'cpu'], /unknown option '--devise'[\s\S]*Did you mean --device\?/],
  [['train', 'dcgan', '--batch', 'many'], /'--batch <images>' argument 'many' is invalid\. It should be a number/],
  [['train', 'dcgan', '--epochs', '1', '--steps', '2'], /'--epochs <count>' cannot be used with option '--steps/],
  [
    ['sample', 'run', '--count', '0'],
    /'--count <images>' argument '0' is invalid\. It should be a whole number, 1 or more/,
  ],
  [['sample', 'run', '--separate', '--columns', '2'], /cannot be used with option '--columns/],
  [['sample', 'run', '--separate', '--out', 'x.png'], /--separate expects --out to name a folder, but received x\.png/],
  [['data', '.', '--out', 'x.jpg'], /--out expects the name of a \.png file, but received x\.jpg/],
  [
    ['data', '.', '--variants', '100000000000'],
    /'100000000000' is invalid\. It should be a whole number from 1 to 1000/,
  ],
  [['train', 'dcgn'], /there is no recipe 'dcgn'\. Did you mean 'dcgan'\? Known recipes: dcgan, /],
  [['train', 'dcgan', '--set', 'model.widht=4'], /'model\.widht' is no key .* Did you mean 'model\.width'\?/],
  [['train', 'dcgan', '--set', 'stepz=4'], /'stepz' is no key .* Did you mean 'steps'\?/],
  [['train', 'dcgan', '--set', 'model.width'], /--set expects key=value, .* received 'model\.width'/],
  [['train', 'dcgan', '--batch', '0'], /batch: .*expected number to be >0, but received 0/],
  [['train', 'dcgan', '--seed', '1.5'], /seed: .*expected int/],
  [
    ['train', 'dcgan', '--device', 'gpu'],
    /argument 'gpu' is invalid\. It should be one of auto, cpu, cuda, simt\. Did you mean 'cuda'\?/,
  ],
  [['train', 'dcgan', '--set', 'loss=minmax'], /loss: .* but received "minmax"\. Did you mean 'minimax'\?/],
  [['train', 'dcgan', '--size', '50'], /recipe 'dcgan' cannot make images of size 50; it makes 16, 20, 24, 28, 32/],
  [['train', 'dcgan-guide', '--size', '64'], /cannot make images of size 64; it makes 32/],
  [
    ['train', 'mlp-report', '--set', 'model.width=4'],
    /no effect with recipe 'mlp-report':\n {2}model\.width: it is read by dcgan, /,
  ],
  [['train', 'dcgan', '--set', 'generator.momentum=0.5'], /optimiser 'adam' has no setting 'momentum'; it has .*beta1/],
  [['train', 'missing.json'], /missing\.json: the configuration cannot be read/],
];

for (const [argv, message] of MISUSES) {
  test(`gannet ${argv.join(' ')}`, async () => {
    const { exitCode, stdout, stderr } = await gannet(argv);
    assert.is(exitCode, 2, stderr);
    assert.match(stderr, /^gannet: /);
    assert.match(stderr, message);
    assert.not.match(stderr, /\n +at /, 'no stack');
    assert.is(stdout, '');
  });
}

test('a settings file that is a link to itself', async () => {
  const loop = join(temporaryFolder(), 'loop.json');
  symlinkSync(loop, loop);
  const { exitCode, stderr } = await gannet(['plan', loop]);
  assert.is(exitCode, 2);
  assert.match(stderr, /loop\.json: the configuration cannot be read: ELOOP/);
});

test('no command at all shows the commands', async () => {
  const { exitCode, stderr } = await gannet([]);
  assert.is(exitCode, 2);
  for (const name of ['train', 'resume', 'sample', 'plan', 'recipes', 'schema', 'doctor']) {
    assert.match(stderr, new RegExp(`^  ${name}\\b`, 'm'));
  }
});

test('help and version are no errors', async () => {
  const help = await gannet(['train', '--help']);
  assert.is(help.exitCode, 0);
  assert.match(help.stdout, /--dry-run/);
  const version = await gannet(['--version']);
  assert.is(version.exitCode, 0);
  assert.match(version.stdout, /^\d+\.\d+\.\d+\n$/);
});

test('with --json an error is an event as well', async () => {
  const { exitCode, stdout } = await gannet(['train', 'dcgn', '--json']);
  assert.is(exitCode, 2);
  const [event, ...rest] = jsonLines(stdout);
  assert.equal(rest, []);
  assert.is(event?.type, 'error');
  assert.is(event?.name, 'ConfigError');
  assert.is(event?.code, 'unknown_recipe');
  assert.is(event?.exitCode, 2);
  assert.match(event?.message as string, /no recipe 'dcgn'/);
});

test('GANNET_DEBUG shows where an error came from', async () => {
  const { stderr } = await gannet(['train', 'dcgn'], { environment: { GANNET_DEBUG: '1' } });
  assert.match(stderr, /ConfigError unknown_recipe\n[\s\S]*\n +at /);
});

test.run();
