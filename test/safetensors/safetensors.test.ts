import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  digestFile,
  SafetensorsFile,
  type TensorData,
  type TensorSource,
  writeSafetensors,
} from '../../src/safetensors/safetensors.ts';
import { rejection } from '../train/run/rejects.ts';
import { temporaryFolder } from '../train/run/temporary.ts';

const newPath = (): string => join(temporaryFolder(), 'x.safetensors');

const weight: TensorSource = {
  name: 'weight',
  dtype: 'float32',
  shape: [2, 3],
  data: Float32Array.of(1, -2, 0.5, Number.NaN, Number.POSITIVE_INFINITY, -0),
};
const counter: TensorSource = { name: 'counter', dtype: 'int32', shape: [], data: Int32Array.of(-7) };
const empty: TensorSource = { name: 'empty', dtype: 'float32', shape: [0, 4], data: new Float32Array(0) };

const bits = (data: TensorData): number[] => [...new Uint32Array(data.buffer)];

/** A file with the given header and as many bytes of data. */
function foreignFile(header: unknown, dataBytes: number): string {
  const path = newPath();
  const json = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  writeFileSync(path, Buffer.concat([length, json, Buffer.alloc(dataBytes)]));
  return path;
}

const f32 = (begin: number, end: number, shape = [(end - begin) / 4]): object => ({
  dtype: 'F32',
  shape,
  data_offsets: [begin, end],
});

test('what is written is read back bit for bit, with types, shapes and metadata', async () => {
  const path = newPath();
  await writeSafetensors(path, [weight, counter, empty], { filterLayout: 'KRSC' });
  const file = await SafetensorsFile.open(path);
  assert.equal([...file.tensors.keys()], ['counter', 'empty', 'weight']);
  assert.equal(file.tensors.get('weight')?.shape, [2, 3]);
  assert.equal(file.metadata, { filterLayout: 'KRSC' });
  assert.equal(bits(await file.read('weight')), bits(weight.data as Float32Array));
  assert.equal(await file.read('counter'), Int32Array.of(-7));
  assert.equal(await file.read('empty'), new Float32Array(0));
});

test('a file is laid out as the format says, to the byte', async () => {
  const path = newPath();
  await writeSafetensors(path, [
    { name: 'b', dtype: 'int32', shape: [1], data: Int32Array.of(2) },
    { name: 'a', dtype: 'float32', shape: [1], data: Float32Array.of(1) },
  ]);
  const bytes = readFileSync(path);
  const json =
    '{"__metadata__":{},"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"I32","shape":[1],"data_offsets":[4,8]}}';
  assert.is(bytes.readBigUInt64LE(), 128n, 'the data starts at a multiple of eight');
  assert.is(bytes.toString('utf8', 8, 136), json.padEnd(128));
  assert.equal([...bytes.subarray(136)], [0, 0, 0x80, 0x3f, 2, 0, 0, 0]);
});

test('data given as functions is fetched one tensor at a time', async () => {
  const events: string[] = [];
  const lazy = (name: string): TensorSource => ({
    name,
    dtype: 'float32',
    shape: [1 << 19],
    data: async () => {
      events.push(`begin ${name}`);
      await Promise.resolve();
      events.push(`end ${name}`);
      return new Float32Array(1 << 19).fill(3);
    },
  });
  const path = newPath();
  await writeSafetensors(path, [lazy('b'), lazy('a')]);
  assert.equal(events, ['begin a', 'end a', 'begin b', 'end b']);
  assert.is((await (await SafetensorsFile.open(path)).read('b')).at(-1), 3);
});

test('the digest of what was written is that of the file', async () => {
  const path = newPath();
  const large: TensorSource = {
    name: 'large',
    dtype: 'float32',
    shape: [600_001],
    data: new Float32Array(600_001).fill(0.1),
  };
  const written = await writeSafetensors(path, [large]);
  assert.equal(written, await digestFile(path));
  assert.is(written.sha256, createHash('sha256').update(readFileSync(path)).digest('hex'));
});

test('a view into a larger buffer is written alone', async () => {
  const path = newPath();
  const data = Float32Array.of(9, 1, 2, 9).subarray(1, 3);
  await writeSafetensors(path, [{ name: 'view', dtype: 'float32', shape: [2], data }]);
  assert.equal(await (await SafetensorsFile.open(path)).read('view'), Float32Array.of(1, 2));
});

test('data that does not fit its tensor is refused', async () => {
  const short = await rejection(writeSafetensors(newPath(), [{ ...weight, shape: [2, 4] }]), 'safetensors_data');
  assert.match(short.message, "'weight' expects 8 values of float32 for shape [2,4], received 6 of float32");
  await rejection(writeSafetensors(newPath(), [{ ...counter, dtype: 'float32' }]), 'safetensors_data');
});

test('names must be unique and leave the metadata its own', async () => {
  await rejection(writeSafetensors(newPath(), [counter, counter]), 'safetensors_name');
  await rejection(writeSafetensors(newPath(), [{ ...counter, name: '__metadata__' }]), 'safetensors_name');
});

test('a file cut short anywhere is refused when it is opened', async () => {
  const whole = newPath();
  await writeSafetensors(whole, [weight, counter]);
  const bytes = readFileSync(whole);
  for (const length of [0, 7, 8, 50, bytes.length - 28, bytes.length - 1]) {
    const path = newPath();
    writeFileSync(path, bytes.subarray(0, length));
    const error = await rejection(SafetensorsFile.open(path), 'safetensors_truncated');
    assert.match(error.message, `${path} is cut short`);
    if (length === 50) assert.match(error.message, /expected a header of \d+ bytes, the file has 50/);
  }
});

test('a header that is too long, no JSON, no object or no description is refused', async () => {
  const tooLong = newPath();
  writeFileSync(tooLong, Buffer.from('ffffffffffffffff00', 'hex'));
  await rejection(SafetensorsFile.open(tooLong), 'safetensors_header');
  const headers = [
    '{"a":',
    '[]',
    'null',
    { a: 1 },
    { a: { ...f32(0, 4), shape: [-1] } },
    { a: { ...f32(0, 4), shape: 1 } },
    { a: { ...f32(0, 4), data_offsets: [0] } },
    { a: { ...f32(0, 4), data_offsets: [0, 4.5] } },
    { a: f32(0, 4), __metadata__: { step: 4 } },
  ];
  for (const header of headers) await rejection(SafetensorsFile.open(foreignFile(header, 4)), 'safetensors_header');
});

test('types other than float32 and int32 are refused by name', async () => {
  const error = await rejection(
    SafetensorsFile.open(foreignFile({ a: { ...f32(0, 4), dtype: 'BF16' } }, 4)),
    'safetensors_dtype',
  );
  assert.match(error.message, `tensor 'a': expected type F32 or I32, received "BF16"`);
});

test('offsets must cover the data exactly: no overlap, gap, wrong size or rest', async () => {
  const refused = {
    overlap: [{ a: f32(0, 8), b: f32(4, 12) }, 12],
    gap: [{ a: f32(0, 4), b: f32(8, 12) }, 12],
    late: [{ a: f32(4, 8) }, 8],
    reversed: [{ a: f32(4, 0, [1]) }, 4],
    size: [{ a: f32(0, 8, [3]) }, 8],
    rest: [{ a: f32(0, 4) }, 8],
  } as const;
  for (const [header, dataBytes] of Object.values(refused))
    await rejection(SafetensorsFile.open(foreignFile(header, dataBytes)), 'safetensors_offsets');
});

test('the order of the header need not be that of the data', async () => {
  const file = await SafetensorsFile.open(foreignFile({ b: f32(4, 8), empty: f32(4, 4), a: f32(0, 4) }, 8));
  assert.equal([...file.tensors.keys()], ['a', 'empty', 'b']);
});

test('a tensor that is not there is refused by name', async () => {
  const file = await SafetensorsFile.open(foreignFile({ a: f32(0, 4) }, 4));
  const error = await rejection(file.read('b'), 'safetensors_missing');
  assert.match(error.message, "holds no tensor 'b'");
});

test.run();
