import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { expectOutsideData } from '../../src/data/index.ts';
import { idxFolder } from '../data/packed_files.ts';
import { uniformPng } from '../data/pictures.ts';
import { rejects } from '../data/rejects.ts';
import { temporaryFolder } from '../data/temporary.ts';
import { gannet, jsonLines, tinyTraining } from './command.ts';

/** A folder of ten pictures. */
async function pictures(): Promise<string> {
  const files: Record<string, Uint8Array> = {};
  for (let i = 0; i < 10; i++) files[`${i}.png`] = await uniformPng(16, 16, [20 * i, 0, 255]);
  return temporaryFolder(files);
}

test('a run within the folder of its own data is not trained on, and goes on', async () => {
  const data = await pictures();
  const run = join(data, 'runs', 'first');
  const trained = await gannet(tinyTraining('--data', data, '--out', run));
  assert.is(trained.exitCode, 0, trained.stderr);
  assert.is((await gannet(['sample', run])).exitCode, 0);
  const resumed = await gannet(['resume', run, '--steps', '8', '--json']);
  assert.is(resumed.exitCode, 0, resumed.stderr);
  const summary = jsonLines(
    (await gannet(['data', data, '--size', '16', '--out', join(run, 'x.png'), '--json'])).stdout,
  );
  assert.is(summary[0]?.count, 10);
});

test('no picture is written among the images that it was made from', async () => {
  const data = await pictures();
  const run = join(temporaryFolder(), 'run');
  assert.is((await gannet(tinyTraining('--data', data, '--out', run))).exitCode, 0);
  const commands = [
    ['sample', run, '--out', join(data, 'grid.png')],
    ['sample', run, '--separate', '--out', join(data, 'generated')],
    ['explore', run, 'interpolate', '--out', join(data, 'path.png')],
    ['data', data, '--size', '16', '--out', join(data, 'preview.png')],
  ];
  for (const command of commands) {
    const { exitCode, stderr } = await gannet(command);
    assert.is(exitCode, 2, command.join(' '));
    assert.match(stderr, /--out .* lies in the folder of the data, .*, and would become one of its images/);
  }
  const summary = jsonLines(
    (await gannet(['data', data, '--size', '16', '--out', join(run, 'x.png'), '--json'])).stdout,
  );
  assert.is(summary[0]?.count, 10);
});

test('a picture may be where no data is looked for', async () => {
  const data = await pictures();
  mkdirSync(join(data, 'runs', 'first', 'checkpoints'), { recursive: true });
  for (const out of ['.hidden/x.png', '.x.png', 'x.svg', '../x.png']) expectOutsideData(join(data, out), data);
  const packed = temporaryFolder(idxFolder(2, 4, 4));
  expectOutsideData(join(packed, 'x.png'), packed);
  expectOutsideData('x.png', 'mnist');
  expectOutsideData('x.png', 'gone');
});

test('a link into the data is in the data', async () => {
  const data = await pictures();
  const link = join(temporaryFolder(), 'link');
  symlinkSync(data, link);
  await rejects(() => expectOutsideData(join(link, 'new', 'x.png'), data), 'out_in_data');
  await rejects(() => expectOutsideData(join(data, 'x.png'), link), 'out_in_data');
});

test.run();
