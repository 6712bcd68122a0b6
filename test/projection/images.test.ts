import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { readImages } from '../../src/projection/index.ts';
import { uniformPng } from '../data/pictures.ts';
import { rejects } from '../data/rejects.ts';
import { temporaryFolder } from '../data/temporary.ts';

const grey = { size: 4, channels: 1, crop: 0, maxPixels: 10_000 } as const;

test('files and folders, in the size and channels of the run, each with a name of its own', async () => {
  const folder = temporaryFolder({
    'white.png': await uniformPng(8, 8, [255, 255, 255]),
    'more/white.png': await uniformPng(3, 5, [255]),
    'more/black.png': await uniformPng(4, 4, [0, 0, 0]),
    'more/broken.png': 'no picture',
  });
  const { images, names, skipped } = await readImages([join(folder, 'white.png'), join(folder, 'more')], grey);
  assert.equal(names, ['white', 'black', 'white-2']);
  assert.equal(images.shape, [3, 4, 4, 1]);
  assert.equal(
    [0, 16, 32].map((first) => [...new Set(images.data.subarray(first, first + 16))]),
    [[1], [-1], [1]],
  );
  assert.equal(skipped, [{ path: 'broken.png', reason: 'not an image of a known format' }]);
  const colour = await readImages([join(folder, 'more/black.png')], { ...grey, channels: 3 });
  assert.equal(colour.images.shape, [1, 4, 4, 3]);
});

test('a file that is named and cannot be read is told of, with the reason', async () => {
  const folder = temporaryFolder({
    'broken.png': 'no picture',
    'large.png': await uniformPng(200, 200, [0]),
    'bad/broken.png': '',
  });
  const read = (name: string) => () => readImages([join(folder, name)], grey);
  await rejects(read('broken.png'), 'image_unreadable', /broken\.png: not an image of a known format/);
  await rejects(read('large.png'), 'image_unreadable', /200x200 pixels, more than the 10000/);
  await rejects(read('none.png'), 'image_unreadable', /none\.png: it is not there/);
  await rejects(read('bad'), 'data_all_bad', /bad: expected images, but none could be read/);
});

test.run();
