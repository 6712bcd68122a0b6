import { join } from 'node:path';
import sharp from 'sharp';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { unitToBytes } from '../../src/data/pixels.ts';
import { openSampler } from '../../src/train/index.ts';
import { temporaryFolder } from '../data/temporary.ts';
import { gannet, jsonLines, tinyTraining } from './command.ts';

/** Discs of one colour on nothing, opaque inside. */
async function discs(count: number): Promise<string> {
  const folder = temporaryFolder();
  for (let i = 0; i < count; i++) {
    const disc = `<svg width="16" height="16"><circle cx="8" cy="8" r="${3 + (i % 4)}" fill="#${i % 2 ? 'd02020' : '2040c0'}"/></svg>`;
    await sharp(Buffer.from(disc))
      .png()
      .toFile(join(folder, `${i}.png`));
  }
  return folder;
}

const folder = temporaryFolder();
const run = join(folder, 'run');
let data = '';

async function succeeds(argv: readonly string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await gannet(argv);
  assert.is(exitCode, 0, stderr);
  return stdout;
}

/** Bytes [height,width,4] of a picture that has transparency. */
async function bytesOf(
  path: string,
): Promise<{ width: number; height: number; pixel(x: number, y: number): number[] }> {
  const { data: bytes, info } = await sharp(path).raw().toBuffer({ resolveWithObject: true });
  assert.is(info.channels, 4, path);
  return { ...info, pixel: (x, y) => [...bytes.subarray(4 * (y * info.width + x), 4 * (y * info.width + x) + 4)] };
}

test.before(async () => {
  data = await discs(24);
  await succeeds([
    ...tinyTraining('--data', data, '--channels', '4', '--set', 'diffAugment.colour=true'),
    '--out',
    run,
  ]);
});

test('a preview of data shows what is transparent as such, on opaque white', async () => {
  const out = join(folder, 'data.png');
  const told = await succeeds(['data', data, '--size', '16', '--channels', '4', '--out', out]);
  assert.match(told, /24 images of 16x16, colour and transparency/);
  const { pixel } = await bytesOf(out);
  assert.equal(
    [pixel(0, 0), pixel(16, 0)],
    [
      [0, 0, 0, 0],
      [255, 255, 255, 255],
    ],
  );
});

test('grids and single files hold what the networks draw, and gaps are opaque', async () => {
  const grid = join(folder, 'grid.png');
  const one = join(folder, 'one.png');
  await succeeds(['sample', run, '--count', '4', '--out', grid]);
  await succeeds(['sample', run, '--count', '1', '--out', one]);
  const session = await openSampler(run);
  try {
    const drawn = [...unitToBytes((await session.sample(await session.drawLatents(1, 1))).data)];
    const [whole, alone] = [await bytesOf(grid), await bytesOf(one)];
    const places = Array.from({ length: 256 }, (_, at) => [at % 16, Math.floor(at / 16)] as const);
    assert.equal(
      places.flatMap(([x, y]) => alone.pixel(x, y)),
      drawn,
    );
    assert.equal(
      places.flatMap(([x, y]) => whole.pixel(x, y)),
      drawn,
    );
    assert.equal(whole.pixel(16, 3), [255, 255, 255, 255]);
  } finally {
    session.close();
  }
});

test('pictures of latents keep transparency within opaque captions', async () => {
  const out = join(folder, 'sweep.png');
  await succeeds(['explore', run, 'eigen', '--rows', '2', '--columns', '3', '--out', out]);
  const { width, height, pixel } = await bytesOf(out);
  assert.equal(pixel(0, 0)[3], 255);
  const opacities = new Set(
    Array.from({ length: width * height }, (_, at) => pixel(at % width, Math.floor(at / width))[3]),
  );
  assert.ok(opacities.size > 1, 'images have an opacity of their own');
});

test('images are found again, measured and exported with four channels', async () => {
  const single = join(folder, 'single');
  await succeeds(['sample', run, '--count', '2', '--separate', '--out', single]);
  const found = join(folder, 'found');
  await succeeds(['project', run, single, '--starts', '1', '--steps', '10', '--out', found]);
  await bytesOf(join(found, '0000.png'));
  const [report] = jsonLines(await succeeds(['evaluate', run, '--count', '16', '--json'])) as [
    { features: { columns: number }; picture: string },
  ];
  assert.is(report.features.columns, 16 * 16 * 4);
  await bytesOf(report.picture);
  const [{ check, description }] = jsonLines(
    await succeeds(['export', run, '--to', 'tfjs', '--out', join(folder, 'exported'), '--json']),
  ) as [{ check: { largestError: number }; description: { image: number[] } }];
  assert.equal(description.image, [16, 16, 4]);
  assert.ok(check.largestError < 2e-5, String(check.largestError));
});

test.run();
