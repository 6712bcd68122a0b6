import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { formatParity } from '../../src/cli/parity_table.ts';
import type { ParityResult } from '../../src/parity/index.ts';
import { summarize } from '../../src/parity/summary.ts';
import { temporaryFolder } from '../data/temporary.ts';
import { parseXml } from '../parity/xml.ts';
import { gannet, jsonLines } from './command.ts';

const quick = (...more: string[]): string[] => ['parity', '--device', 'cpu', '--against', 'oracle', ...more];

/** What is wrong with a command line -> what the message must say. */
const MISUSES: [argv: string[], message: RegExp][] = [
  [['--device', 'gpu'], /'--device <kind>' argument 'gpu' is invalid\. Allowed choices are cpu, cuda, simt, tfjs/],
  [['--against', 'torch'], /'--against <kind>' argument 'torch' is invalid\. Allowed choices are .*oracle/],
  [['--device', 'cpu', '--against', 'cpu'], /--device and --against are both cpu/],
  [['--precision', 'float16'], /argument 'float16' is invalid\. Allowed choices are float32, tf32, bfloat16/],
  [
    ['--device', 'cpu', '--precision', 'tf32'],
    /--precision tf32 was asked for, but device 'cpu' multiplies in float32/,
  ],
  [['--only', 'convd2'], /no case's name contains 'convd2'\. Did you mean 'conv2d'\?/],
  [['--budget', '-1'], /--budget expects seconds, more than 0, but received -1/],
  [['--budget', 'long'], /'--budget <seconds>' argument 'long' is invalid\. It should be a number/],
  [['--junit', join(temporaryFolder({}), 'missing/report.xml')], /--junit: .*report\.xml cannot be written/],
];

for (const [argv, message] of MISUSES) {
  test(`gannet parity ${argv.map((word) => word.replace(/^\/.*\//, '')).join(' ')}`, async () => {
    const { exitCode, stdout, stderr } = await gannet(['parity', ...argv]);
    assert.is(exitCode, 2, stderr);
    assert.match(stderr, message);
    assert.is(stdout, '');
  });
}

test('the table names what was compared and the worst error of every op and precision', async () => {
  const { exitCode, stdout, stderr } = await gannet(quick('--only', 'sigmoid', 'step of wgan-clip'));
  assert.is(exitCode, 0, stderr);
  assert.match(stdout, /^gannet +\d+\.\d+\.\d+ on Node v\d+/);
  assert.match(stdout, /\ndevice +cpu: .+, float32\nagainst +oracle: plain loops in float64\n/);
  assert.match(stdout, /\nsigmoid +float32 +2 +\d\.\de-\d+ +\d\.\de-\d+ +\d\.\de-\d+ +1e-4\n/);
  assert.match(stdout, /\nstep of wgan-clip +float32 +1 +\d\.\de-\d+ +- +- +1e-4\n/);
  assert.match(stdout, /\n3 passed, 0 failed, 0 skipped\.\n$/);
});

test('with --json every event is a line: what is compared, each result, the summary', async () => {
  const { exitCode, stdout } = await gannet(quick('--only', 'relu [7,5]', '--json'));
  assert.is(exitCode, 0);
  const [start, result, end, ...rest] = jsonLines(stdout);
  assert.equal(rest, []);
  assert.is(start?.type, 'start');
  assert.equal([result?.type, result?.name, result?.status], ['result', 'relu [7,5]', 'passed']);
  assert.equal([end?.type, end?.ok, end?.passed, end?.failed], ['end', true, 1, 0]);
});

test('with --junit the results are a report as well', async () => {
  const file = join(temporaryFolder({}), 'report.xml');
  await gannet(quick('--only', 'relu [7,5]', 'sgd', '--junit', file));
  const { attributes, children } = parseXml(readFileSync(file, 'utf8'));
  assert.equal([attributes.tests, attributes.failures], ['3', '0']);
  assert.is(children[0]?.attributes.name, 'cpu against oracle');
  assert.equal(
    children[0]?.children.slice(1).map((child) => child.attributes.name),
    ['relu [7,5]', 'sgd unclipped', 'sgd clipped'],
  );
});

test('where every case runs out of its budget the command fails, and says that nothing is known', async () => {
  const { exitCode, stdout } = await gannet(quick('--only', 'step of began', '--budget', '0.001'));
  assert.is(exitCode, 1);
  assert.match(stdout, /Skipped, so nothing is known of them:\n {2}step of began, float32: oracle: took longer than/);
  assert.match(stdout, /0 passed, 0 failed, 1 skipped; nothing was compared, which counts as a failure\./);
});

test('a failed case is named with its error and tolerance, and what is not a number is said to be none', () => {
  const common = { subject: 'conv2d', precision: 'tf32', tolerance: 1e-3, elapsedMs: 1 } as const;
  const results: ParityResult[] = [
    { ...common, name: 'conv2d 1', status: 'passed', errors: { value: 1e-5 } },
    {
      ...{ ...common, name: 'conv2d 2', status: 'failed', errors: { value: 2e-5, gradient: Number.POSITIVE_INFINITY } },
      worst: { result: 'gradient of w', error: Number.POSITIVE_INFINITY },
    },
    { ...common, name: 'conv2d 3', status: 'failed', errors: {}, problem: 'cuda: an illegal address' },
  ];
  const text = formatParity(summarize(results), results);
  assert.match(text, /\nconv2d +tf32 +3 +2\.0e-5 +not finite +- +1e-3 +2 FAILED\n/);
  assert.match(text, /Failed:\n {2}conv2d 2, tf32: gradient of w is missing on a side, or not finite\n/);
  assert.match(text, /\n {2}conv2d 3, tf32: cuda: an illegal address\n/);
  assert.match(text, /1 passed, 2 failed, 0 skipped\.$/);
});

test.run();
