import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { crc32c } from '../../../src/train/run/crc32c.ts';
import { EventWriter, frameRecord } from '../../../src/train/run/tfevents.ts';
import { withFailingDisk } from './faults.ts';
import { rejection } from './rejects.ts';
import { temporaryFolder } from './temporary.ts';

type Fields = Record<number, (number | Buffer)[]>;

/** Splits a file into its records, checking both checksums of each. */
function readRecords(file: Buffer): Buffer[] {
  const records: Buffer[] = [];
  for (let offset = 0; offset < file.length; ) {
    const length = Number(file.readBigUInt64LE(offset));
    const record = file.subarray(offset, offset + 16 + length);
    const data = record.subarray(12, 12 + length);
    assert.is(unmask(record.readUInt32LE(8)), crc32c(record.subarray(0, 8)));
    assert.is(unmask(record.readUInt32LE(12 + length)), crc32c(data));
    records.push(data);
    offset += 16 + length;
  }
  return records;
}

/** The inverse of the format's mask: take the constant off, turn the bits back. */
function unmask(masked: number): number {
  const rotated = (masked - 0xa282ead8) >>> 0;
  return ((rotated << 15) | (rotated >>> 17)) >>> 0;
}

/** A message's fields by number, each with its values in order. */
function decode(message: Buffer): Fields {
  const fields: Fields = {};
  let offset = 0;
  const varint = (): number => {
    let value = 0;
    for (let scale = 1; ; scale *= 0x80) {
      const byte = message.readUInt8(offset++);
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
  };
  const take = (length: number): Buffer => {
    offset += length;
    return message.subarray(offset - length, offset);
  };
  const value = (wireType: number): number | Buffer => {
    if (wireType === 0) return varint();
    if (wireType === 1) return take(8).readDoubleLE();
    return wireType === 5 ? take(4).readFloatLE() : take(varint());
  };
  while (offset < message.length) {
    const tag = varint();
    const number = Math.floor(tag / 8);
    fields[number] = [...(fields[number] ?? []), value(tag % 8)];
  }
  return fields;
}

const message = (fields: Fields, number: number, index = 0): Fields => decode(fields[number]?.[index] as Buffer);

const text = (fields: Fields, number: number): string => String(fields[number]?.[0]);

/** The events that one sitting wrote. */
async function eventsOf(step: number, write: (writer: EventWriter) => Promise<void>): Promise<Fields[]> {
  const run = temporaryFolder();
  const writer = await EventWriter.open(run, step, () => 1_700_000_000_500);
  await write(writer);
  await writer.close();
  const [name] = readdirSync(run);
  assert.match(name as string, /^events\.out\.tfevents\.1700000000\.500\./);
  return readRecords(readFileSync(join(run, name as string))).map(decode);
}

test('the checksum is CRC-32C', () => {
  assert.is(crc32c(Buffer.from('123456789')), 0xe3069283);
  assert.is(crc32c(Buffer.alloc(32)), 0x8a9136aa, 'RFC 3720: 32 bytes of zeros');
  assert.is(crc32c(Buffer.alloc(32, 0xff)), 0x62a8ab43, 'RFC 3720: 32 bytes of ones');
  assert.is(crc32c(Buffer.alloc(0)), 0);
});

test('a record is framed by its length and masked checksums', () => {
  const record = Buffer.from(frameRecord(Buffer.from('123456789')));
  assert.is(record.length, 25);
  assert.is(record.readBigUInt64LE(), 9n);
  assert.is(record.toString('latin1', 12, 21), '123456789');
  // 0xe3069283 rotated right by 15 bits is 0x2507c60d, and the constant is added to that.
  assert.is(record.readUInt32LE(21), (0x2507c60d + 0xa282ead8) >>> 0);
});

test('a file begins with the version of its format and the time', async () => {
  const [first, ...rest] = await eventsOf(0, async () => {});
  assert.is(first?.[1]?.[0], 1_700_000_000.5);
  assert.is(text(first as Fields, 3), 'brain.Event:2');
  assert.is(rest.length, 1);
});

test('every sitting, the first too, says from which step its events count', async () => {
  for (const step of [0, 400]) {
    const [, start] = await eventsOf(step, async () => {});
    assert.is(start?.[2]?.[0], step + 1);
    assert.equal(message(start as Fields, 7), { 1: [1] });
  }
});

test('a later sitting has a later name, even if the clock was set back', async () => {
  const run = temporaryFolder();
  const names: string[] = [];
  for (const milliseconds of [1_700_000_000_500, 1_600_000_000_000, 1_600_000_000_000, 1_700_000_000_502]) {
    const writer = await EventWriter.open(run, 0, () => milliseconds);
    await writer.close();
    names.push(readdirSync(run).sort().at(-1) as string);
  }
  assert.equal(
    names.map((name) => name.split('.').slice(3, 5).join('.')),
    ['1700000000.500', '1700000000.501', '1700000000.502', '1700000000.503'],
  );
});

test('scalars carry their step, names and values', async () => {
  const [, , event] = await eventsOf(0, (writer) => writer.scalars(300, { 'loss/generator': 0.5, nan: Number.NaN }));
  assert.is(event?.[2]?.[0], 300);
  const summary = message(event as Fields, 5);
  assert.is(summary[1]?.length, 2);
  assert.is(text(message(summary, 1, 0), 1), 'loss/generator');
  assert.is(message(summary, 1, 0)[2]?.[0], 0.5);
  assert.ok(Number.isNaN(message(summary, 1, 1)[2]?.[0]));
});

test('images carry their sizes and bytes', async () => {
  const png = Buffer.alloc(300, 'png');
  const [, , event] = await eventsOf(0, (writer) =>
    writer.image(20, 'samples', { png, width: 512, height: 64, channels: 3 }),
  );
  const value = message(message(event as Fields, 5), 1);
  assert.is(text(value, 1), 'samples');
  assert.equal(message(value, 4), { 1: [64], 2: [512], 3: [3], 4: [png] });
});

test('steps beyond 32 bits keep all their digits', async () => {
  const [, , event] = await eventsOf(0, (writer) => writer.scalars(2 ** 40 + 1, {}));
  assert.is(event?.[2]?.[0], 2 ** 40 + 1);
});

test('a full disk is named', async () => {
  const run = temporaryFolder();
  const error = await rejection(
    withFailingDisk('ENOSPC', 60, async () => {
      const writer = await EventWriter.open(run, 0);
      for (let step = 1; step < 9; step++) await writer.scalars(step, { loss: 1 });
    }),
    'disk_full',
  );
  assert.match(error.message, `write ${join(run, 'events.out.tfevents.')}`);
});

test.run();
