import { appendFileSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { appendLog } from '../../../src/train/run/log.ts';
import { type MetricsRecord, MetricsWriter, readMetrics } from '../../../src/train/run/metrics.ts';
import { withFailingDisk } from './faults.ts';
import { rejection } from './rejects.ts';
import { temporaryFolder } from './temporary.ts';

const record = (step: number): MetricsRecord => ({
  step,
  epoch: step / 100,
  imagesSeen: step * 32,
  elapsedMs: step * 50,
  imagesPerSecond: 640,
  values: { 'generator loss': 0.5, 'discriminator loss': step },
});

async function write(run: string, after: number, steps: readonly number[]): Promise<void> {
  const writer = await MetricsWriter.open(run, after);
  for (const step of steps) await writer.append(record(step));
  await writer.close();
}

const stepsOf = async (run: string): Promise<number[]> => (await readMetrics(run)).map(({ step }) => step);

const fileOf = (run: string): string => join(run, 'metrics.jsonl');

test('metrics are one JSON object per line, read back as they were written', async () => {
  const run = temporaryFolder();
  await write(run, 0, [10, 20]);
  assert.is(
    readFileSync(fileOf(run), 'utf8').split('\n')[0],
    '{"step":10,"epoch":0.1,"imagesSeen":320,"elapsedMs":500,"imagesPerSecond":640,' +
      '"values":{"generator loss":0.5,"discriminator loss":10}}',
  );
  assert.equal(await readMetrics(run), [record(10), record(20)]);
});

test('a run without metrics has none', async () => {
  assert.equal(await readMetrics(temporaryFolder()), []);
});

test('a resumed run leaves the very file of an unbroken one', async () => {
  const broken = temporaryFolder();
  const unbroken = temporaryFolder();
  await write(broken, 0, [10, 20, 30, 40]);
  appendFileSync(fileOf(broken), '{"step":50,"epoch":0.5,"ima');
  await write(broken, 25, [30, 40, 50]);
  await write(unbroken, 0, [10, 20, 30, 40, 50]);
  assert.is(readFileSync(fileOf(broken), 'utf8'), readFileSync(fileOf(unbroken), 'utf8'));
  assert.equal(readdirSync(broken), ['metrics.jsonl'], 'no temporary file is left');
});

test('the line of the resumed step itself is kept', async () => {
  const run = temporaryFolder();
  await write(run, 0, [10, 20, 30]);
  await write(run, 20, []);
  assert.equal(await stepsOf(run), [10, 20]);
});

test('a last line without its end is completed or dropped, never run into the next', async () => {
  const run = temporaryFolder();
  await write(run, 0, [10]);
  writeFileSync(fileOf(run), `${readFileSync(fileOf(run), 'utf8')}${JSON.stringify(record(20))}`);
  await write(run, 20, [30]);
  assert.equal(await stepsOf(run), [10, 20, 30]);
});

test('a run begun anew starts an empty file', async () => {
  const run = temporaryFolder();
  await write(run, 0, [10]);
  await write(run, 0, []);
  assert.is(readFileSync(fileOf(run), 'utf8'), '');
});

test('a loss that is no number is null', async () => {
  const run = temporaryFolder();
  const writer = await MetricsWriter.open(run, 0);
  await writer.append({ ...record(1), values: { loss: Number.NaN } });
  await writer.close();
  assert.equal((await readMetrics(run))[0]?.values, { loss: null });
});

test('the log keeps messages in order after their time', async () => {
  const run = temporaryFolder();
  await appendLog(run, 'started', new Date('2026-11-22T03:00:00Z'));
  await appendLog(run, 'saved step 100', new Date('2026-11-22T03:01:00Z'));
  assert.is(
    readFileSync(join(run, 'log.txt'), 'utf8'),
    '2026-11-22T03:00:00.000Z started\n2026-11-22T03:01:00.000Z saved step 100\n',
  );
});

test('a place that is not there names the path', async () => {
  const error = await rejection(MetricsWriter.open('/nonexistent/run', 0), 'storage_failed');
  assert.match(error.message, '/nonexistent/run/metrics.jsonl (ENOENT)');
});

test('a full disk is named, by metrics and log', async () => {
  const run = temporaryFolder();
  const writer = await MetricsWriter.open(run, 0);
  await writer.close();
  const error = await rejection(
    withFailingDisk('ENOSPC', 10, () => appendLog(run, 'x')),
    'disk_full',
  );
  assert.match(error.message, `write ${join(run, 'log.txt')} (ENOSPC)`);
  await rejection(
    withFailingDisk('ENOSPC', 10, () => write(run, 0, [1])),
    'disk_full',
  );
});

test('a line without values, or with a step that is none, is no line of metrics', async () => {
  const run = temporaryFolder();
  await write(run, 0, [10]);
  for (const line of [
    '{"step":20}',
    'null',
    '{"step":-1,"values":{}}',
    '{"step":30,"values":[1]}',
    '{"step":30,"values":{"a":"b"}}',
  ])
    appendFileSync(fileOf(run), `${line}\n`);
  assert.equal(await stepsOf(run), [10]);
});

test('a folder or a link in place of the file is refused by name', async () => {
  const run = temporaryFolder();
  mkdirSync(fileOf(run));
  for (const opening of [() => readMetrics(run), () => MetricsWriter.open(run, 0)]) {
    const error = await rejection(opening(), 'not_a_file');
    assert.match(error.message, `${fileOf(run)} is a folder, where a regular file is expected. Move that away.`);
  }
  symlinkSync('/dev/null', join(run, 'log.txt'));
  await rejection(appendLog(run, 'x'), 'not_a_file');
});

test.run();
