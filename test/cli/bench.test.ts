import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { parseBench } from '../../src/bench/index.ts';
import { exampleBench } from '../bench/example.ts';
import { temporaryFolder } from '../data/temporary.ts';
import { gannet } from './command.ts';

/** What keeps a run short, should one begin. */
const SHORT = ['--small', '--only', 'mixing', '--peers', 'none'];

/** `gannet bench` with these arguments ends with a usage error that says this, before anything is measured. */
async function refused(argv: readonly string[], message: RegExp): Promise<void> {
  const { exitCode, stdout, stderr } = await gannet(['bench', ...argv]);
  assert.is(exitCode, 2, stderr);
  assert.match(stderr, message);
  assert.is(stdout, '');
}

test('bad input is refused before anything is measured', async () => {
  const folder = temporaryFolder({ 'page.md': 'no markers' });
  await refused(['--only', 'conv7'], /none holds 'conv7'/);
  await refused(['--recipe', 'dcgam'], /Did you mean 'dcgan'\?/);
  await refused([...SHORT, '--rounds', '2'], /whole number, 3 or more/);
  await refused([...SHORT, '--batch', '0'], /whole number, 1 or more/);
  await refused([...SHORT, '--device', 'tfjs'], /Allowed choices are cpu, cuda, simt/);
  await refused(['--peers', 'jax'], /Allowed choices are pytorch, tfjs, none/);
  await refused([...SHORT, '--docs', join(folder, 'nowhere.md')], /nowhere\.md cannot be read/);
  await refused([...SHORT, '--docs', join(folder, 'page.md')], /expected a line <!-- bench:begin -->/);
  await refused([...SHORT, '--from', join(folder, 'page.md')], /expected what `gannet bench --json` writes/);
});

test('a run prints its table, and writes JSON and a chart', async () => {
  const folder = temporaryFolder();
  const [json, chart] = [join(folder, 'bench.json'), join(folder, 'bench.svg')];
  const argv = ['bench', ...SHORT, '--json', json, '--chart', chart];
  const { exitCode, stdout, stderr } = await gannet(argv);
  assert.is(exitCode, 0, stderr);
  assert.match(stdout, /\| elementwise mixing images \| \[1,64,64,3\] \|/);
  assert.match(stderr, /^\[1\/1\] elementwise mixing images, small$/m);
  assert.is(parseBench(readFileSync(json, 'utf8'), json).results[0]?.name, 'mixing images');
  assert.match(readFileSync(chart, 'utf8'), /^<svg /);
});

test("a page gets an earlier run's tables and its chart, and keeps the rest", async () => {
  const page = 'Before.\n<!-- bench:begin -->\n<!-- bench:end -->\nAfter.\n';
  const folder = temporaryFolder({ 'page.md': page });
  const json = join(folder, 'bench.json');
  writeFileSync(json, JSON.stringify(exampleBench));
  const { exitCode, stderr } = await gannet(['bench', '--from', json, '--docs', join(folder, 'page.md')]);
  assert.is(exitCode, 0, stderr);
  const written = readFileSync(join(folder, 'page.md'), 'utf8');
  assert.match(written, /^Before\.\n<!-- bench:begin -->\n\nAbacus 3000/);
  assert.match(written, /!\[.*\]\(page\.png\)\n\n<!-- bench:end -->\nAfter\.\n$/);
  assert.match(readFileSync(join(folder, 'page.svg'), 'utf8'), /^<svg /);
  assert.equal([...readFileSync(join(folder, 'page.png')).subarray(1, 4)], [...Buffer.from('PNG')]);
});

test.run();
