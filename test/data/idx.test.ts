import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { readIdx } from '../../src/data/idx.ts';
import { idx } from './packed_files.ts';
import { rejects } from './rejects.ts';
import { addFiles, temporaryFolder } from './temporary.ts';

const whole = idx([2, 1, 3], [1, 2, 3, 4, 5, 6]);
const folder = temporaryFolder({
  plain: whole,
  zipped: gzipSync(whole),
  'zipped-short': gzipSync(whole).subarray(0, 20),
  short: whole.subarray(0, whole.length - 1),
  'short-header': whole.subarray(0, 10),
  long: Buffer.concat([whole, Buffer.alloc(1)]),
  floats: idx([2, 1, 3], [1, 2, 3, 4, 5, 6], 0x0d),
  empty: '',
  text: 'not an IDX file at all',
});
const read = (name: string, dimensions = 3) => readIdx(join(folder, name), dimensions);

for (const name of ['plain', 'zipped']) {
  test(`reads big-endian sizes and bytes, ${name}`, async () => {
    const { shape, data } = await read(name);
    assert.equal(shape, [2, 1, 3]);
    assert.equal([...data], [1, 2, 3, 4, 5, 6]);
  });
}

test('a file cut short or too long tells both lengths', async () => {
  await rejects(() => read('short'), 'idx_length', /short/, /expected 22 \(/, /2 x 1 x 3/, /has 21/);
  await rejects(() => read('long'), 'idx_length', /has 23/);
  await rejects(() => read('short-header'), 'idx_length', /at least 16/, /has 10/);
});

test('a gzip file is unpacked no further than its header promises', async () => {
  const bomb = gzipSync(Buffer.concat([whole, Buffer.alloc(2 ** 26)]));
  addFiles(folder, { bomb, 'bomb-of-zeros': gzipSync(Buffer.alloc(2 ** 26)) });
  const before = process.resourceUsage().maxRSS;
  await rejects(() => read('bomb'), 'idx_length', /expected 22 \(/, /has more;/);
  await rejects(() => read('bomb-of-zeros'), 'idx_magic');
  const boast = Buffer.from(whole);
  boast.fill(0xff, 4, 16);
  addFiles(folder, { boast: gzipSync(boast) });
  await rejects(() => read('boast'), 'idx_length', /4294967295 x 4294967295 x 4294967295/, /has 22/);
  const growth = (process.resourceUsage().maxRSS - before) * 1024;
  assert.ok(growth < 2 ** 24, `${growth} bytes more in memory`);
});

test('a named pipe is not waited for', () => {
  execFileSync('mkfifo', [join(folder, 'pipe')]);
  return rejects(() => read('pipe'), 'data_unreadable', /pipe: cannot be read: .* a named pipe/);
});

test('a damaged gzip file is told from a damaged IDX file', () => rejects(() => read('zipped-short'), 'idx_gzip'));

test('another magic, element type or number of dimensions is refused', async () => {
  await rejects(() => read('text'), 'idx_magic', /begins with 00000803/, /begins with 6e6f7420/);
  await rejects(() => read('floats'), 'idx_magic', /00000d03/);
  await rejects(() => read('plain', 1), 'idx_magic', /00000801/);
  await rejects(() => read('empty'), 'idx_magic', /begins with nothing/);
});

test('a missing file is a data error', () => rejects(() => read('absent'), 'data_unreadable', /absent/));

test.run();
