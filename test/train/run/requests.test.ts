import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { askRun, readMetrics, train } from '../../../src/train/index.ts';
import { lockRun, thisProcess } from '../../../src/train/run/lock.ts';
import { RunRequests } from '../../../src/train/run/requests.ts';
import { rejects } from '../../data/rejects.ts';
import { temporaryFolder } from '../../data/temporary.ts';
import { eventsOf, only, tinyConfig } from '../tiny.ts';

test('a request reaches the process that trains the run, once', async () => {
  const folder = temporaryFolder();
  const lock = await lockRun(folder);
  const requests = await RunRequests.open(folder);
  assert.equal(await requests.take(0), []);
  await askRun(folder, 'stop');
  await askRun(folder, 'sample');
  assert.equal(await requests.take(499), [], 'the folder is looked at twice a second');
  assert.equal(await requests.take(500), ['stop', 'sample']);
  assert.equal(await requests.take(1000), []);
  await lock.release();
});

test('a run that no living process trains is asked nothing', async () => {
  const folder = temporaryFolder();
  await rejects(() => askRun(folder, 'stop'), 'run_not_running', /gannet resume/);
  const dead = { ...(await thisProcess()), startedAt: 'before' };
  writeFileSync(join(folder, 'lock.json'), JSON.stringify(dead));
  await rejects(() => askRun(folder, 'stop'), 'run_not_running', /gannet resume/);
  assert.equal(readdirSync(folder), ['lock.json']);
});

test('a request that names another process goes unheard, and one that was left behind is taken away', async () => {
  const folder = temporaryFolder();
  const other = `${JSON.stringify({ ...(await thisProcess()), pid: 1 })}\n`;
  const path = join(folder, 'request-stop.json');
  writeFileSync(path, `${JSON.stringify(await thisProcess())}\n`);
  const requests = await RunRequests.open(folder);
  assert.not.ok(existsSync(path));
  writeFileSync(path, other);
  assert.equal(await requests.take(0), []);
  assert.not.ok(existsSync(path));
});

/** Trains on until an event of this kind, asks, and goes on to the end. */
async function trainAsking(request: 'stop' | 'sample', after: 'metrics' | 'sample') {
  const out = join(temporaryFolder(), 'run');
  // Far more steps than it does before it looks for requests.
  const training = train(tinyConfig({ steps: 100_000, logEvery: 2, sampleEvery: 99_999, checkpointEvery: 99_999 }), {
    out,
  });
  const events = [];
  let isAsked = false;
  for await (const event of training) {
    events.push(event);
    if (event.type === after && !isAsked) {
      isAsked = true;
      await askRun(out, request);
    }
    if (event.type === 'sample') await askRun(out, 'stop');
  }
  return { out, events };
}

test('a training that is asked to stop saves and stops', async () => {
  const { out, events } = await trainAsking('stop', 'metrics');
  const [end] = only(events, 'end');
  assert.is(end?.reason, 'interrupted');
  assert.equal(
    only(events, 'checkpoint').map(({ step }) => step),
    [end?.step],
  );
  assert.match(
    readFileSync(join(out, 'log.txt'), 'utf8'),
    /asked to save and stop\n.* saved .*\n.* interrupted at step/,
  );
  assert.not.ok(existsSync(join(out, 'request-stop.json')));
});

test('a training that is left at its first event leaves no request behind', async () => {
  const out = join(temporaryFolder(), 'run');
  for await (const event of train(tinyConfig(), { out })) {
    assert.is(event.type, 'start');
    await askRun(out, 'stop');
    break;
  }
  assert.not.ok(existsSync(join(out, 'request-stop.json')));
});

test('samples that are asked for are drawn between the steps that draw them, and change no metrics', async () => {
  const { out, events } = await trainAsking('sample', 'metrics');
  const [sample] = only(events, 'sample');
  assert.ok(sample && existsSync(sample.path));
  const drawn = (await readMetrics(out)).filter(({ values }) => values.diversity !== undefined);
  assert.equal(drawn, []);
});

test('a run that diverges says so in its log', async () => {
  const out = join(temporaryFolder(), 'run');
  const config = tinyConfig({ steps: 50, generator: { learningRate: 1e30 }, discriminator: { learningRate: 1e30 } });
  await rejects(() => eventsOf(train(config, { out })), 'diverged', /./);
  assert.match(readFileSync(join(out, 'log.txt'), 'utf8'), /Z diverged: .* at step \d+\./);
});

test.run();
