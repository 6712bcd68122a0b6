import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { openExplorer, principalDirections } from '../../src/explore/index.ts';
import { rowsOf } from '../../src/explore/vectors.ts';
import type { Variable } from '../../src/tensor/variable.ts';
import { train } from '../../src/train/index.ts';
import { temporaryFolder } from '../data/temporary.ts';
import { noiseRun } from '../explore/runs.ts';
import { eventsOf, tinyConfig } from '../train/tiny.ts';
import { gannet } from './command.ts';

let run = '';
let unconditional = '';
test.before(async () => {
  run = join(temporaryFolder(), 'run');
  await eventsOf(train(tinyConfig({ recipe: 'dcgan-digits-conditional', steps: 2 }), { out: run }));
  unconditional = await noiseRun();
});

/** Draws single files with --json; answers their bytes and labels. */
async function draw(...argv: string[]): Promise<{ images: string[]; labels: string[] }> {
  const { exitCode, stdout, stderr } = await gannet(['sample', run, '--json', '--out', temporaryFolder(), ...argv]);
  assert.is(exitCode, 0, stderr);
  const { paths, labels } = JSON.parse(stdout) as { paths: string[]; labels: string[] };
  return { images: paths.map((path) => readFileSync(path, 'hex')), labels };
}

async function refused(message: RegExp, ...argv: string[]): Promise<void> {
  const { exitCode, stdout, stderr } = await gannet(argv);
  assert.is(exitCode, 2, stderr);
  assert.match(stderr, message);
  assert.is(stdout, '');
}

test('--class draws images of one class; --classes a row for each, from the same latents', async () => {
  const sevens = await draw('--class', '7', '--count', '2');
  assert.equal(sevens.labels, ['7', '7']);
  const rows = await draw('--classes', '3,7', '--count', '2');
  assert.equal(rows.labels, ['3', '3', '7', '7']);
  assert.equal(rows.images.slice(2), sevens.images);
  assert.not.equal(rows.images.slice(0, 2), sevens.images);
  assert.equal((await draw('--classes', 'all')).labels.length, 80);
});

test('without a class a conditional run draws each in turn', async () => {
  const { images, labels } = await draw('--count', '12');
  assert.equal(labels, [...'012345678901']);
  assert.equal((await draw('--count', '3')).images, images.slice(0, 3), 'more begin with the same');
  assert.is((await draw('--class', '1', '--count', '2')).images[1], images[1]);
});

const sizeOf = async (path: string): Promise<string> => {
  const { width, height } = await sharp(path).metadata();
  return `${width}x${height}`;
};

test('pictures are named after what they show, a column or a captioned row for each class', async () => {
  const sample = async (...argv: string[]) => assert.is((await gannet(['sample', run, ...argv])).exitCode, 0);
  await sample('--count', '20');
  assert.is(await sizeOf(join(run, 'samples', 'seed-1.png')), `${10 * 18 - 2}x${2 * 18 - 2}`);
  await sample('--class', '7', '--count', '4');
  assert.is(await sizeOf(join(run, 'samples', 'seed-1-class-7.png')), '34x34');
  await sample('--classes', 'all', '--scale', '2', '--count', '3');
  const [width, height] = (await sizeOf(join(run, 'samples', 'seed-1-classes-all.png'))).split('x').map(Number);
  assert.is(height, 4 + 10 * 36);
  assert.ok((width as number) > 3 * 36, 'there is room for captions');
});

test('explore draws one class, which the latents file remembers', async () => {
  const out = join(temporaryFolder(), 'paths.png');
  const explore = (...argv: string[]) => gannet(['explore', run, ...argv]);
  assert.is((await explore('interpolate', '--rows', '1', '--class', '7', '--out', out)).exitCode, 0);
  assert.is(JSON.parse(readFileSync(out.replace('.png', '.json'), 'utf8')).class, '7');
  const drawn = async (...argv: string[]) => {
    const again = join(temporaryFolder(), 'again.png');
    const { exitCode, stderr } = await explore('--latents', out.replace('.png', '.json'), '--out', again, ...argv);
    assert.is(exitCode, 0, stderr);
    return readFileSync(again, 'hex');
  };
  assert.is(await drawn(), readFileSync(out, 'hex'));
  assert.is.not(await drawn('--class', '3'), readFileSync(out, 'hex'));
});

test('the directions of a conditional run are those of latents, not of labels', async () => {
  const { space, session, close } = await openExplorer(run);
  const weight = session.model.generator.variables.find(({ name }) => name === 'generator.layer2.weight') as Variable;
  const values = await session.read(weight);
  const found = await space.directions();
  close();
  assert.equal(weight.shape, [4 + 10, 64]);
  // Latents are normal with deviation 1.
  assert.equal(found, principalDirections(rowsOf(values.subarray(0, 4 * 64), 4), 1));
});

test('classes that are not there, are missing or mean nothing are refused', async () => {
  await refused(/this run has no class '12'\..* It has 0, 1, .*; their numbers 0 to 9/, 'sample', run, '--class', '12');
  await refused(/this run has no class 'x'/, 'sample', run, '--classes', '3,x');
  await refused(/a class was asked for, but the recipe 'dcgan-digits'/, 'sample', unconditional, '--class', '7');
  await refused(/a class was asked for/, 'sample', unconditional, '--classes', 'all');
  await refused(/a class was asked for/, 'explore', unconditional, 'interpolate', '--class', '7');
  await refused(/choose with --class among the classes 0, 1, 2/, 'explore', run, 'interpolate');
  await refused(/only a BEGAN keeps/, 'explore', run, 'mean');
  assert.not(existsSync(join(run, 'explore')));
});

test.run();
