import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { idxFolder } from '../data/packed_files.ts';
import { temporaryFolder } from '../data/temporary.ts';
import { twoModules } from '../models/recipe_file.ts';
import { contrastyRun } from '../projection/runs.ts';
import { tinyData } from '../train/tiny.ts';
import { gannet, jsonLines } from './command.ts';

const folder = temporaryFolder({ 'broken.png': 'no picture', 'layers/.keep': '', ...twoModules() });
const own = join(folder, 'own');
const numbers = temporaryFolder(idxFolder(60, 16, 16));
let run = '';
test.before(async () => {
  run = await contrastyRun();
  await succeeds(['sample', run, '--count', '3', '--seed', '5', '--separate', '--out', own]);
});

async function succeeds(argv: readonly string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await gannet(argv);
  assert.is(exitCode, 0, stderr);
  return stdout;
}

const read = (path: string) => JSON.parse(readFileSync(path, 'utf8'));

test('images of the run lead back to themselves: strips, and latents that explore draws again', async () => {
  const out = join(folder, 'found');
  const stdout = await succeeds(['project', run, own, '--out', out]);
  assert.match(stdout, /^image +start +at start +distance\n0000 +(centre|random \d) +\d+\.\d +0\.\d\n/);
  assert.equal(readdirSync(out).sort(), ['0000.png', '0001.png', '0002.png', 'latents.json']);
  assert.is(readFileSync(join(out, '0001.png')).subarray(1, 4).toString(), 'PNG');
  const { command, rows, step } = read(join(out, 'latents.json'));
  assert.match(command, `gannet project ${run} ${own} --starts 4 --steps 300 --learning-rate 0.2`);
  assert.equal([rows.map(({ caption }: { caption: string }) => caption), step], [['0000', '0001', '0002'], 2]);
  const again = join(folder, 'again.png');
  await succeeds(['explore', run, '--latents', join(out, 'latents.json'), '--out', again]);
  assert.ok(existsSync(again));
  const groups = ['a', 'b', 'c'].flatMap((group, i) => [`--${group}`, `${join(out, 'latents.json')}#${i}`]);
  await succeeds(['explore', run, 'arithmetic', ...groups, '--out', join(folder, 'sum.png')]);
});

test('without --out the strips lie in the run; --json tells each search, the same each time', async () => {
  const argv = ['project', run, join(own, '0001.png'), '--starts', '2', '--steps', '30', '--seed', '4', '--json'];
  const { exitCode, stdout, stderr } = await gannet(argv);
  assert.equal([exitCode, stderr], [0, '']);
  const [report] = jsonLines(stdout) as [Record<string, unknown>];
  const { images, ...about } = report;
  const projections = join(run, 'projections');
  assert.equal(about, { type: 'projection', latents: join(projections, 'latents.json'), step: 2, skipped: [] });
  const [{ searches, way, ...image }] = images as [{ searches: object[]; way: { step: number; distance: number }[] }];
  assert.equal([searches.length, way.map(({ step }) => step)], [2, [0, 1, 3, 10, 30]]);
  const { distance, start } = image as unknown as { distance: number; start: string };
  assert.equal(image, { name: '0001', strip: join(projections, '0001.png'), start, distance });
  assert.is(distance, way.at(-1)?.distance);
  assert.is((await gannet(argv)).stdout, stdout);
});

test('a conditional run: every class, or that of --class', async () => {
  const conditional = await contrastyRun({ recipe: 'dcgan-digits-conditional' });
  const sevens = join(folder, 'sevens');
  await succeeds(['sample', conditional, '--class', '7', '--count', '2', '--separate', '--out', sevens]);
  const out = join(folder, 'classes');
  assert.match(await succeeds(['project', conditional, sevens, '--out', out]), /^image +class.*\n0000 +7 /);
  const { rows, class: label } = read(join(out, 'latents.json'));
  assert.equal([rows[1].caption, label], ['0001: 7', '7']);
  await succeeds(['explore', conditional, '--latents', join(out, 'latents.json'), '--out', join(folder, 'c.png')]);
  const asked = await succeeds(['project', conditional, sevens, '--class', '3', '--steps', '2', '--out', out]);
  assert.match(asked, /0000 +3 /);
});

test('without images some of the data are taken, by the seed', async () => {
  const names = async (seed: string) => {
    const stdout = await succeeds(['project', run, '--count', '3', '--steps', '1', '--seed', seed, '--json']);
    const [{ images }] = jsonLines(stdout) as unknown as [{ images: { name: string }[] }];
    return images.map(({ name }) => name);
  };
  const [first, again, other] = [await names('1'), await names('1'), await names('2')];
  assert.equal(first, again);
  assert.not.equal(first, other);
  assert.is(new Set(first).size, 3);
  assert.ok(first.every((name) => Number(name) < 40));
});

test('--split takes images of the other part of the data', async () => {
  const parts = Object.entries(idxFolder(5, 16, 16)).map(([name, bytes]) => [name.replace('train', 't10k'), bytes]);
  const data = temporaryFolder({ ...idxFolder(60, 16, 16), ...Object.fromEntries(parts) });
  const trained = await contrastyRun({ data });
  const { exitCode, stderr } = await gannet(['project', trained, '--split', 'test', '--count', '6']);
  assert.is(exitCode, 4);
  assert.match(stderr, /6 images were asked for, but .* holds 5/);
});

test('--scale: the side of a pixel in the strips', async () => {
  const widthOf = async (scale: string) => {
    const out = join(folder, `scale-${scale}`);
    await succeeds(['project', run, join(own, '0000.png'), '--steps', '1', '--scale', scale, '--out', out]);
    return (await sharp(join(out, '0000.png')).metadata()).width;
  };
  assert.is((await widthOf('8')) - (await widthOf('4')), 3 * 16 * 4, 'the image and two moments of 16 pixels');
});

test('a run of a recipe of its own', async () => {
  const mine = join(folder, 'mine');
  await succeeds([
    ...['train', join(folder, 'mine.ts'), '--out', mine, '--data', tinyData(), '--batch', '8', '--steps', '2'],
    ...['--device', 'cpu', '--threads', '1', '--set', 'sampleCount=4', '--set', 'health.collapseBelow=0'],
  ]);
  await succeeds(['sample', mine, '--count', '1', '--out', join(folder, 'mine.png')]);
  await succeeds(['project', mine, join(folder, 'mine.png'), '--steps', '5']);
  assert.equal(readdirSync(join(mine, 'projections')).sort(), ['latents.json', 'mine.png']);
});

test('features of a classifier are compared, too', async () => {
  const file = join(folder, 'numbers.safetensors');
  const training = ['--size', '16', '--steps', '2', '--batch', '8', '--device', 'cpu', '--threads', '1'];
  await succeeds(['classifier', numbers, '--out', file, ...training]);
  const loss = async (...more: string[]) => {
    const stdout = await succeeds(['project', run, own, '--steps', '1', '--starts', '1', '--json', ...more]);
    const [{ images }] = jsonLines(stdout) as unknown as [{ images: { searches: { loss: number }[] }[] }];
    return images[0]?.searches[0]?.loss as number;
  };
  const [pixels, ...both] = [
    await loss(),
    await loss('--features', file),
    await loss('--features', file, '--feature-weight', '1'),
  ];
  assert.ok(pixels < (both[0] as number) && (both[0] as number) < (both[1] as number));
});

test('bad input: what is wrong, and the exit code', async () => {
  writeFileSync(join(folder, 'note.txt'), 'text');
  const image = join(own, '0000.png');
  const other = join(folder, 'other.safetensors');
  await succeeds([
    ...['classifier', numbers, '--out', other, '--size', '32', '--steps', '1', '--batch', '8', '--device', 'cpu'],
  ]);
  const cases: [string[], number, RegExp][] = [
    [[run, image, '--count', '2'], 2, /leave them out/],
    [[run, '--count', '99'], 4, /holds 40/],
    [[run, join(folder, 'broken.png')], 4, /broken\.png: not an image/],
    [[run, join(folder, 'none.png')], 4, /none\.png: it is not there/],
    [[run, run], 4, /folder of a run/],
    [[folder, image], 1, /checkpoint|run/],
    [[run, image, '--step', '7'], 1, /step 7/],
    [[run, image, '--class', '7'], 2, /was not told any/],
    [[run, image, '--out', 'strip.png'], 2, /name of a folder/],
    [[run, image, '--features', other], 2, /32x32x1.*16x16x1.*--size 16/],
    [[run, image, '--features', 'encoder'], 2, /only a BEGAN/],
    [[run, image, '--features', join(folder, 'none.safetensors')], 1, /none\.safetensors/],
    [[run, image, '--learning-rate', '0'], 2, /learning rate above 0/],
  ];
  for (const [argv, code, message] of cases) {
    const { exitCode, stderr } = await gannet(['project', ...argv]);
    assert.is(exitCode, code, `${argv.join(' ')}: ${stderr}`);
    assert.match(stderr.replaceAll('\n', ' '), message);
  }
});

test.run();
