import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { EXIT } from '../../src/cli/exit_codes.ts';
import { temporaryFolder } from '../data/temporary.ts';
import { gannet, jsonLines, tinyTraining } from './command.ts';

const folder = temporaryFolder();
const data = temporaryFolder();
const run = join(folder, 'run');

async function succeeds(argv: readonly string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await gannet(argv);
  assert.is(exitCode, 0, stderr);
  return stdout;
}

/** Width and height of a picture. */
async function sizeOf(path: string): Promise<[number | undefined, number | undefined]> {
  const { width, height } = await sharp(path).metadata();
  return [width, height];
}

/** Pictures twice as large as what is trained on: red on the left, blue on the right, brighter from one to the next. */
test.before(async () => {
  for (let i = 0; i < 24; i++) {
    const half = (x: number, colour: string) => `<rect x="${x}" width="24" height="32" fill="${colour}"/>`;
    const picture = `<svg width="48" height="32">${half(0, `rgb(${100 + 6 * i},0,0)`)}${half(24, `rgb(0,0,${240 - 6 * i})`)}</svg>`;
    await sharp(Buffer.from(picture))
      .png()
      .toFile(join(data, `${String(i).padStart(2, '0')}.png`));
  }
  const training = tinyTraining('--data', data, '--size', '24x16', '--channels', '3');
  await succeeds([...training, '--set', 'augment.flip=true', '--set', 'diffAugment.translation=0.2', '--out', run]);
});

test('a preview shows whole pictures, their left to the left', async () => {
  const out = join(folder, 'data.png');
  const told = await succeeds(['data', data, '--size', '24x16', '--variants', '1', '--count', '2', '--out', out]);
  assert.match(told, /24 images of 24x16, colour/);
  const { data: bytes, info } = await sharp(out).raw().toBuffer({ resolveWithObject: true });
  const at = (x: number, y: number) => [...bytes.subarray(3 * (y * info.width + x), 3 * (y * info.width + x) + 3)];
  assert.equal(
    [at(0, 15), at(23, 0), at(24, 8)],
    [
      [100, 0, 0],
      [0, 0, 240],
      [255, 255, 255],
    ],
  );
});

test('a run keeps its size as [height, width], and goes on', async () => {
  assert.equal(JSON.parse(readFileSync(join(run, 'config.json'), 'utf8')).size, [16, 24]);
  await succeeds(['resume', run, '--steps', '8']);
  const { exitCode, stderr } = await gannet(['resume', run, '--steps', '9', '--set', 'size=[24,16]']);
  assert.is(exitCode, 2);
  assert.match(stderr, /size from \[16,24\] to \[24,16\]: the networks were made for images of that size/);
});

test('pictures of a run are as wide and as high as its images', async () => {
  const out = (name: string): string => join(folder, name);
  await succeeds(['sample', run, '--count', '6', '--columns', '3', '--out', out('grid.png')]);
  assert.equal(await sizeOf(out('grid.png')), [3 * 24 + 2 * 2, 2 * 16 + 2]);
  await succeeds(['sample', run, '--count', '2', '--separate', '--out', out('single')]);
  assert.equal(await sizeOf(out('single/0001.png')), [24, 16]);
  await succeeds([
    'explore',
    run,
    'interpolate',
    '--rows',
    '2',
    '--columns',
    '3',
    '--scale',
    '1',
    '--out',
    out('paths.png'),
  ]);
  const [width, height] = (await sizeOf(out('paths.png'))) as [number, number];
  assert.ok(width >= 3 * 24 && height >= 2 * 16 && width > height, `${width}x${height}`);
  await succeeds(['project', run, out('single'), '--starts', '1', '--steps', '10', '--out', out('found')]);
  assert.ok(((await sizeOf(out('found/0000.png')))[0] as number) > 24);
});

test('images are measured and exported', async () => {
  const evaluated = await succeeds(['evaluate', run, '--count', '16', '--json']);
  const [{ figures }] = jsonLines(evaluated) as [{ figures: { slicedWasserstein: object[]; similarity: object } }];
  assert.is(figures.slicedWasserstein.length, 1);
  assert.ok(figures.similarity);
  const exported = await succeeds(['export', run, '--to', 'tfjs', '--out', join(folder, 'exported'), '--json']);
  const [{ description, check }] = jsonLines(exported) as [
    { description: { image: number[] }; check: { largestError: number } },
  ];
  assert.equal(description.image, [16, 24, 3]);
  assert.ok(check.largestError < 2e-5, String(check.largestError));
});

test('what needs squares, and sizes that are none, are refused by name', async () => {
  const refused = async (argv: readonly string[], message: RegExp, code: number = EXIT.usage): Promise<void> => {
    const { exitCode, stderr } = await gannet(argv);
    assert.is(exitCode, code, stderr);
    assert.match(stderr, message);
  };
  const training = tinyTraining('--data', data, '--channels', '3', '--out', join(folder, 'never'));
  await refused(
    [...training, '--size', '24x16', '--set', 'augment.rotate=true'],
    /augment\.rotate: quarter turns need square images, but .* is opened at 24x16; set it to false, or choose one size/,
    EXIT.data,
  );
  await refused(
    [...training, '--size', '24 by 16'],
    /--size.*whole pixels: one number for both sides, or width and height, such as 96x64/s,
  );
  await refused([...training, '--size', '25x16'], /cannot make images of size 25x16; it makes 16, 20/);
  await refused(
    [...training, '--set', 'size=24x16'],
    /size: expected whole pixels, one number for both sides or \[height, width\]/,
  );
});

test.run();
