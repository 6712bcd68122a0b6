import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { unitToBytes } from '../../src/data/pixels.ts';
import { chooseLabel, expectConditional } from '../../src/train/by_label.ts';
import { openSampler, repeatedEach } from '../../src/train/index.ts';
import { temporaryFolder } from '../data/temporary.ts';
import { madeUpRun, smallConfig } from '../export/runs.ts';
import { gannet } from './command.ts';

const run = await madeUpRun(smallConfig('dcgan-digits-conditional', { size: 16, model: { width: 2 } }));

const bytesOf = (path: string): Promise<Uint8Array> => sharp(path).extractChannel(0).raw().toBuffer();

test('single files hold the images of the seed, one after another, over any number of batches', async () => {
  const out = join(temporaryFolder(), 'images');
  const { exitCode, stdout } = await gannet(['sample', run, '--separate', '--count', '131', '--out', out, '--json']);
  assert.is(exitCode, 0);
  const { paths, count, labels } = JSON.parse(stdout);
  assert.equal([count, paths.length, labels.length], [131, 131, 131]);
  assert.equal(
    readdirSync(out).sort(),
    Array.from({ length: 131 }, (_, i) => `${String(i).padStart(4, '0')}.png`),
  );
  const session = await openSampler(run);
  try {
    const latents = await session.drawLatents(131, 1);
    const on = expectConditional(session.model.config);
    const vectors = repeatedEach(
      labels.map((name: string) => chooseLabel(on, name)),
      1,
    );
    const { data } = await session.sample(latents, vectors);
    for (const i of [0, 63, 64, 127, 128, 130])
      assert.equal(
        await bytesOf(paths[i]),
        Buffer.from(unitToBytes(data.subarray(256 * i, 256 * (i + 1)))),
        `image ${i}`,
      );
  } finally {
    session.close();
  }
});

test('rows of classes as single files have the same latents in each row', async () => {
  const out = join(temporaryFolder(), 'images');
  const { exitCode } = await gannet(['sample', run, '--classes', '3,5', '--count', '2', '--separate', '--out', out]);
  assert.is(exitCode, 0);
  const ofClass = async (name: string): Promise<Uint8Array[]> => {
    const folder = join(temporaryFolder(), name);
    await gannet(['sample', run, '--class', name, '--count', '2', '--separate', '--out', folder]);
    return ['0000.png', '0001.png'].map((file) => readFileSync(join(folder, file)));
  };
  const files = ['0000.png', '0001.png', '0002.png', '0003.png'].map((file) => readFileSync(join(out, file)));
  assert.equal(files, [...(await ofClass('3')), ...(await ofClass('5'))]);
});

test('a file that cannot be written ends the command with its name', async () => {
  const out = temporaryFolder({ '0070.png/in-the-way': '' });
  const { exitCode, stderr } = await gannet(['sample', run, '--separate', '--count', '100', '--out', out]);
  assert.is(exitCode, 1);
  assert.match(stderr, /0070\.png: the picture cannot be written/);
});

test.run();
