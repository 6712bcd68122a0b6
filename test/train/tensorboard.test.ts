import { once } from 'node:events';
import { appendFileSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import protobuf from 'protobufjs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { ConfigChanges } from '../../src/config/index.ts';
import {
  BIN_EDGES,
  type HistogramsRecord,
  listCheckpoints,
  readHistograms,
  readMetrics,
  resume,
  type SystemFigures,
  train,
} from '../../src/train/index.ts';
import { gannet, spawnGannet, tinyTraining } from '../cli/command.ts';
import { temporaryFolder } from '../data/temporary.ts';
import { eventsOf, tinyConfig } from './tiny.ts';

/** The part of TensorFlow's event.proto, summary.proto and tensor.proto, and of TensorBoard's plugin_data.proto, that a run's events use, for a
 *  reader that shares no code with their writer. */
const { root } = protobuf.parse(`
  syntax = "proto3";
  message Image { int32 height = 1; int32 width = 2; int32 colorspace = 3; bytes encoded_image_string = 4; }
  message Histogram {
    double min = 1; double max = 2; double num = 3; double sum = 4; double sum_squares = 5;
    repeated double bucket_limit = 6; repeated double bucket = 7;
  }
  message Dimension { int64 size = 1; }
  message Shape { repeated Dimension dim = 2; }
  message Tensor { int32 dtype = 1; Shape tensor_shape = 2; repeated float float_val = 5; }
  message PluginData { string plugin_name = 1; bytes content = 2; }
  message Metadata { PluginData plugin_data = 1; string display_name = 2; string summary_description = 3; int32 data_class = 4; }
  message Value {
    string tag = 1; Metadata metadata = 9;
    oneof value { float simple_value = 2; Image image = 4; Histogram histo = 5; Tensor tensor = 8; }
  }
  message AnyValue { oneof kind { double number_value = 2; string string_value = 3; bool bool_value = 4; } }
  message SessionStart { map<string, AnyValue> hparams = 1; string group_name = 4; double start_time_secs = 5; }
  message SessionEnd { int32 status = 1; double end_time_secs = 2; }
  message Hyperparameters { int32 version = 1; SessionStart session_start_info = 3; SessionEnd session_end_info = 4; }
  message Summary { repeated Value value = 1; }
  message SessionLog { int32 status = 1; }
  message Event {
    double wall_time = 1; int64 step = 2;
    oneof what { string file_version = 3; Summary summary = 5; SessionLog session_log = 7; }
  }
`);
const Event = root.lookupType('Event');
const Hyperparameters = root.lookupType('Hyperparameters');

interface Value {
  readonly tag: string;
  readonly simpleValue?: number;
  readonly metadata?: {
    readonly pluginData?: { readonly pluginName: string; readonly content: Uint8Array };
    readonly summaryDescription?: string;
    readonly dataClass?: number;
  };
  readonly tensor?: { readonly dtype: number; readonly floatVal: readonly number[] };
  readonly histo?: {
    readonly min: number;
    readonly max: number;
    readonly num: number;
    readonly sum: number;
    readonly sumSquares: number;
    readonly bucketLimit: readonly number[];
    readonly bucket: readonly number[];
  };
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
  const all = shown(run);
  const { samples = [], ...others } = Object.fromEntries(all);
  const scalars = Object.entries(others).filter(([, points]) =>
    points.every(({ value }) => !value.tensor && !value.histo),
  );
  const kept: Record<string, (readonly [number, number])[]> = {};
  for (const { step, values, imagesPerSecond, system } of records) {
    const { processors, memoryBytes } = system as SystemFigures;
    const ofSystem = { 'system/processors': processors, 'system/memoryBytes': memoryBytes };
    for (const [name, value] of Object.entries({ ...values, imagesPerSecond, ...ofSystem })) {
      kept[name] ??= [];
      kept[name].push([step, Math.fround(value as number)]);
    }
  }
  const told = scalars.map(([tag, points]) => [tag, points.map(({ step, value }) => [step, value.simpleValue ?? 0])]);
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
  assert.equal(shown(out).get('discriminatorLoss')?.at(-1)?.step, 6);
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

test('TensorBoard shows each step once of a run whose process was killed and that was taken up again', async () => {
  const out = newRun();
  const settings = ['--set', 'logEvery=1', '--set', 'sampleEvery=5', '--set', 'checkpointEvery=7'];
  const recorded = ['--set', 'health.outputHistograms=true'];
  const child = spawnGannet(tinyTraining('--out', out, '--steps', '1000000', ...settings, ...recorded, '--json'));
  createInterface(child.stdout).on('line', (line) => {
    const event = JSON.parse(line);
    if (event.type === 'step' && event.step >= 20) child.kill('SIGKILL');
  });
  const [errors, [, signal]] = await Promise.all([text(child.stderr), once(child, 'exit')]);
  assert.is(signal, 'SIGKILL', errors);
  const saved = (await listCheckpoints(out)).at(-1)?.step ?? 0;
  assert.ok(((await readMetrics(out)).at(-1)?.step as number) > saved, 'it had told of steps behind its checkpoint');
  const steps = Math.ceil((saved + 3) / 5) * 5;
  const { exitCode, stderr } = await gannet(['resume', out, '--steps', String(steps)]);
  assert.is(exitCode, 0, stderr);
  await expectWhatTheRunKeeps(
    out,
    Array.from({ length: steps / 5 }, (_, i) => 5 * (i + 1)),
  );
  const all = Array.from({ length: steps }, (_, i) => i + 1);
  assert.equal(
    (await readHistograms(out)).map(({ step }) => step),
    all,
  );
  assert.equal(
    shown(out)
      .get('D(x)')
      ?.map(({ step }) => step),
    all,
  );
});

/** What the HParams tab reads of a run: what was told first of each kind. */
function hyperparametersOf(run: string) {
  const told = new Map(['session_start_info', 'session_end_info'].map((name) => [name, undefined as unknown]));
  for (const name of told.keys()) {
    const [first] = shown(run).get(`_hparams_/${name}`) ?? [];
    if (!first) continue;
    const { metadata, tensor } = first.value;
    assert.equal([metadata?.pluginData?.pluginName, metadata?.dataClass], ['hparams', 2]);
    assert.equal([tensor?.dtype, tensor?.floatVal], [1, [0]]);
    const content = Hyperparameters.decode(metadata?.pluginData?.content as Uint8Array);
    told.set(name, Hyperparameters.toObject(content)[name.replace(/_(.)/g, (_, letter) => letter.toUpperCase())]);
  }
  const start = told.get('session_start_info') as { hparams: Record<string, object>; startTimeSecs: number };
  const end = told.get('session_end_info') as { status: number; endTimeSecs: number } | undefined;
  return { start, end };
}

const [SUCCESS, FAILURE] = [1, 2];

test('TensorBoard shows the settings of a run as hyperparameters, and how it ended', async () => {
  const out = newRun();
  await eventsOf(train(tinyConfig({ ...SETTINGS, augment: { flip: true } }), { out }));
  const { start, end } = hyperparametersOf(out);
  assert.equal(start.hparams['model.width'], { numberValue: 2 });
  assert.equal(start.hparams['augment.flip'], { boolValue: true });
  assert.equal(start.hparams['health.onCollapse'], { stringValue: 'warn' });
  assert.equal(start.hparams['extractor.measures'], { stringValue: '[]' });
  assert.is(end?.status, SUCCESS);
  assert.ok(start.startTimeSecs <= (end?.endTimeSecs ?? 0) && (end?.endTimeSecs ?? 0) <= Date.now() / 1000);
});

test('a run that was stopped has not ended for TensorBoard until it is taken up and does; one that collapsed has failed', async () => {
  const [stopped, collapsed] = [newRun(), newRun()];
  const stop = new AbortController();
  for await (const event of train(tinyConfig(SETTINGS), { out: stopped, signal: stop.signal }))
    if (event.type === 'step' && event.step === 5) stop.abort();
  assert.is(hyperparametersOf(stopped).end, undefined);
  await eventsOf(resume(stopped));
  assert.is(hyperparametersOf(stopped).end?.status, SUCCESS);
  const health = { collapseBelow: 1, collapseAfter: 0, onCollapse: 'stop' };
  await eventsOf(train(tinyConfig({ ...SETTINGS, health }), { out: collapsed }));
  assert.is(hyperparametersOf(collapsed).end?.status, FAILURE);
});

test('TensorBoard says of the samples what each row was asked to be', async () => {
  const out = newRun();
  const conditional: ConfigChanges = { model: { condition: 'embedding' }, sampleCount: 20 };
  await eventsOf(train(tinyConfig({ ...SETTINGS, ...conditional }), { out }));
  const points = shown(out).get('samples') ?? [];
  assert.is(points.length, 3);
  for (const { value } of points) {
    assert.equal([value.metadata?.pluginData?.pluginName, value.metadata?.dataClass], ['images', 3]);
    assert.is(
      value.metadata?.summaryDescription,
      '20 images of the same latents at every step, a row for each label, from the top: `0`, `1`, `2`, `3`, `4`, `5`, `6`, `7`, `8`, `9`',
    );
  }
});

test('TensorBoard shows how what the discriminator says is distributed', async () => {
  const out = newRun();
  await eventsOf(train(tinyConfig({ ...SETTINGS, health: { collapseBelow: 0, outputHistograms: true } }), { out }));
  const records = await readHistograms(out);
  for (const [tag, of] of [
    ['D(x)', 'real'],
    ['D(G(z))', 'fake'],
  ] as const) {
    const points = shown(out).get(tag) ?? [];
    assert.equal(
      points.map(({ step }) => step),
      records.map(({ step }) => step),
    );
    for (const [i, { value }] of points.entries()) {
      const { first, counts } = (records[i] as HistogramsRecord)[of];
      const { min, max, num, sum, sumSquares, bucket, bucketLimit } = value.histo as NonNullable<Value['histo']>;
      assert.equal([num, bucket], [4, counts]);
      assert.equal(bucketLimit, BIN_EDGES.probability.slice(first + 1, first + 1 + counts.length));
      assert.ok((BIN_EDGES.probability[first] as number) <= min && max <= (bucketLimit.at(-1) as number));
      assert.ok(4 * min <= sum && sum <= 4 * max && 4 * min ** 2 <= sumSquares && sumSquares <= 4 * max ** 2);
    }
  }
});

test.run();
