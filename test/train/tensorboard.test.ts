import { appendFileSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import protobuf from 'protobufjs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { ConfigChanges } from '../../src/config/index.ts';
import { readMetrics, resume, train } from '../../src/train/index.ts';
import { temporaryFolder } from '../data/temporary.ts';
import { eventsOf, tinyConfig } from './tiny.ts';

/** The part of TensorFlow's event.proto and summary.proto that a run's events use, for a reader that shares no code with their writer. */
const { root } = protobuf.parse(`
  syntax = "proto3";
  message Image { int32 height = 1; int32 width = 2; int32 colorspace = 3; bytes encoded_image_string = 4; }
  message Value { string tag = 1; oneof value { float simple_value = 2; Image image = 4; } }
  message Summary { repeated Value value = 1; }
  message SessionLog { int32 status = 1; }
  message Event {
    double wall_time = 1; int64 step = 2;
    oneof what { string file_version = 3; Summary summary = 5; SessionLog session_log = 7; }
  }
`);
const Event = root.lookupType('Event');

interface Value {
  readonly tag: string;
  readonly simpleValue?: number;
  readonly image?: { readonly height: number; readonly width: number; readonly encodedImageString: Uint8Array };
}

interface EventMessage {
  readonly step: number;
  readonly summary?: { readonly value: readonly Value[] };
  readonly sessionLog?: { readonly status: number };
}

/** The records of a file; one that is cut off at the end is left out, as TensorBoard waits for the rest of it. */
function* eventsIn(file: Buffer): Generator<EventMessage> {
  for (let offset = 0; offset + 12 <= file.length; ) {
    const end = offset + 12 + Number(file.readBigUInt64LE(offset));
    if (end + 4 > file.length) return;
    yield Event.toObject(Event.decode(file.subarray(offset + 12, end)), { longs: Number }) as EventMessage;
    offset = end + 4;
  }
}

const START = 1;

/** What TensorBoard shows of a run: the values of every tag in the order of its files, in which a session that starts at a step takes
 *  back what was told of that step and of later ones. */
function shown(run: string): Map<string, { step: number; value: Value }[]> {
  const tags = new Map<string, { step: number; value: Value }[]>();
  const files = readdirSync(run).filter((name) => name.includes('tfevents'));
  for (const event of files.sort().flatMap((name) => [...eventsIn(readFileSync(join(run, name)))])) {
    const step = event.step ?? 0;
    if (event.sessionLog?.status === START) {
      for (const [tag, points] of tags)
        tags.set(
          tag,
          points.filter((point) => point.step < step),
        );
    }
    for (const value of event.summary?.value ?? [])
      tags.set(value.tag, [...(tags.get(value.tag) ?? []), { step, value }]);
  }
  return tags;
}

/** Expects TensorBoard to show every metric of a run once for each step that has it, and every grid of samples. */
async function expectWhatTheRunKeeps(run: string, grids: readonly number[]): Promise<void> {
  const records = await readMetrics(run);
  const { samples = [], ...scalars } = Object.fromEntries(shown(run));
  const kept: Record<string, (readonly [number, number])[]> = {};
  for (const { step, values, imagesPerSecond } of records) {
    for (const [name, value] of Object.entries({ ...values, imagesPerSecond })) {
      kept[name] ??= [];
      kept[name].push([step, Math.fround(value as number)]);
    }
  }
  const told = Object.entries(scalars).map(([tag, points]) => [
    tag,
    points.map(({ step, value }) => [step, value.simpleValue ?? 0]),
  ]);
  assert.equal(Object.fromEntries(told), kept);
  assert.equal(
    samples.map(({ step }) => step),
    grids,
  );
  for (const { step, value } of samples) {
    const png = readFileSync(join(run, 'samples', `step-${String(step).padStart(6, '0')}.png`));
    assert.equal(Buffer.from(value.image?.encodedImageString as Uint8Array), png);
    assert.equal([value.image?.width, value.image?.height], [png.readUInt32BE(16), png.readUInt32BE(20)]);
  }
}

const newRun = (): string => join(temporaryFolder({}), 'run');

const SETTINGS: ConfigChanges = { steps: 8, logEvery: 1, sampleEvery: 3, checkpointEvery: 4, batch: 4 };

test('TensorBoard shows what a finished run keeps', async () => {
  const out = newRun();
  await eventsOf(train(tinyConfig(SETTINGS), { out }));
  await expectWhatTheRunKeeps(out, [3, 6, 8]);
});

test('TensorBoard shows each step of a run once that was stopped and taken up again', async () => {
  const out = newRun();
  const stop = new AbortController();
  for await (const event of train(tinyConfig(SETTINGS), { out, signal: stop.signal }))
    if (event.type === 'step' && event.step === 5) stop.abort();
  await eventsOf(resume(out));
  await expectWhatTheRunKeeps(out, [3, 6, 8]);
});

test('TensorBoard forgets what a run that died told after its last checkpoint, even in the middle of a record', async () => {
  const out = newRun();
  for await (const event of train(tinyConfig(SETTINGS), { out })) if (event.type === 'step' && event.step === 7) break;
  const [events] = readdirSync(out).filter((name) => name.includes('tfevents'));
  appendFileSync(join(out, events as string), readFileSync(join(out, events as string)).subarray(0, 20));
  assert.equal([...shown(out).values()].at(0)?.at(-1)?.step, 6);
  await eventsOf(resume(out));
  await expectWhatTheRunKeeps(out, [3, 6, 8]);
});

test('TensorBoard shows each step of a run once that was rolled back', async () => {
  const out = newRun();
  const health = { collapseBelow: 1, collapseAfter: 0, onCollapse: 'rollback' };
  const events = await eventsOf(train(tinyConfig({ ...SETTINGS, health }), { out }));
  assert.ok(events.some(({ type }) => type === 'rollback'));
  await expectWhatTheRunKeeps(out, [3, 6, 8]);
});

test.run();
