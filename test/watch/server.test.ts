import { appendFileSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { readSources } from '../../src/models/index.ts';
import { lockRun } from '../../src/train/run/lock.ts';
import type { OutputHistory, Problem, RunDetail, RunList, RunsChanged, SeriesReply } from '../../src/watch/protocol.ts';
import { openWatch, type Watch, type WatchOptions } from '../../src/watch/server.ts';
import { rejects } from '../data/rejects.ts';
import { temporaryFolder } from '../data/temporary.ts';
import { folderOf, histogramsLine, metricsLine, PIXEL, writeRun } from './runs.ts';

const test = suite('watch server');
const open: Watch[] = [];
test.after.each(async () => {
  for (const watch of open.splice(0)) await watch.close();
});

async function serve(folder: string, options: WatchOptions = {}): Promise<Watch> {
  const watch = await openWatch(folder, { port: 0, intervalMs: 5, ...options });
  open.push(watch);
  return watch;
}

const get = (watch: Watch, path: string): Promise<Response> => fetch(new URL(path, watch.url));

async function json<T>(watch: Watch, path: string): Promise<T> {
  const response = await get(watch, path);
  assert.is(response.status, 200, path);
  return response.json() as Promise<T>;
}

/** The status of a request with headers that fetch does not let one set. */
function statusOf(url: string, headers: Readonly<Record<string, string>>): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    request(url, { headers }, (answer) => {
      answer.resume();
      resolve(answer.statusCode);
    })
      .on('error', reject)
      .end();
  });
}

/** The status of an answer that something cannot be done, and its code. */
const problemOf = async (response: Response): Promise<[number, string]> => [
  response.status,
  ((await response.json()) as Problem).code,
];

test('lists every run below a folder with what became of it', async () => {
  const lines = [metricsLine(10, { loss: 2 }), metricsLine(20, { loss: 1 })];
  const root = folderOf({
    finished: { metrics: lines, log: ['started on cpu', 'finished at step 20'], grids: [10, 20] },
    'group/stopped': { log: ['started on cpu', 'interrupted at step 20'] },
    diverged: { log: ['started on cpu', 'diverged: loss is NaN at step 3.'] },
    crashed: { log: ['started on cpu'], metrics: [...lines, '{"step": 30, "va'] },
    running: { metrics: lines },
  });
  writeFileSync(join(root, 'config.json'), '{}');
  mkdirSync(join(root, 'empty'));
  const lock = await lockRun(join(root, 'running'));
  const { runs } = await json<RunList>(await serve(root), 'api/runs');
  await lock.release();
  assert.equal(
    runs.map(({ id, state, step }) => [id, state, step]),
    [
      ['crashed', 'crashed', 20],
      ['diverged', 'diverged', 0],
      ['finished', 'finished', 20],
      ['group/stopped', 'stopped', 0],
      ['running', 'running', 20],
    ],
  );
  const [finished, running] = [runs[2], runs[4]];
  assert.equal([finished?.recipe, finished?.data, finished?.steps], ['dcgan-digits', 'mnist', 100]);
  assert.equal([finished?.picture?.step, finished?.remainingMs], [20, null]);
  // 80 steps of 8 images, 80 images a second.
  assert.is(running?.remainingMs, 8000);
});

test('the folder of one run is a list of that one', async () => {
  const root = folderOf({ one: {} });
  const { runs } = await json<RunList>(await serve(join(root, 'one')), 'api/runs');
  assert.equal(
    runs.map(({ id }) => id),
    ['.'],
  );
});

test('a run is described by its panels, grids, marks and settings', async () => {
  const root = folderOf({
    a: {
      config: { model: { width: 8 } },
      metrics: [metricsLine(10, { discriminatorLoss: 1, generatorLoss: 2, own: 3 })],
      log: ['started on cpu', 'warning at step 10: alike'],
      grids: [10],
    },
  });
  const detail = await json<RunDetail>(await serve(root), 'api/run?id=a');
  const titles = detail.panels.map(({ title, metrics }) => [title, metrics.map(({ name }) => name).join()]);
  assert.equal(titles, [
    ['losses', 'discriminatorLoss,generatorLoss'],
    ['speed', 'imagesPerSecond'],
    ['own', 'own'],
  ]);
  assert.is(detail.settings['model.width'], '8');
  assert.equal(detail.grids[0]?.step, 10);
  assert.equal(detail.marks, [{ kind: 'warning', step: 10, text: 'alike', at: { step: 10, images: 80, time: 1 } }]);
});

test('what a run takes of the machine are curves that stand apart from those of its training', async () => {
  const system = { processors: 1.5, memoryBytes: 2 ** 31, gpuMemoryBytes: 2 ** 32 };
  const root = folderOf({
    a: {
      metrics: [
        metricsLine(10, { loss: 1 }),
        metricsLine(20, { loss: 1 }, system),
        metricsLine(30, {}, { processors: 'x' }),
      ],
    },
  });
  const watch = await serve(root);
  const { panels } = await json<RunDetail>(watch, 'api/run?id=a');
  assert.equal(
    panels.map(({ title, unit, isOfSystem }) => [title, unit, isOfSystem]),
    [
      ['speed', 'images/s', false],
      ['system: processors in use', '', true],
      ['system: memory', 'GiB', true],
      ['loss', '', false],
    ],
  );
  const names = 'name=system/processors&name=system/memory&name=system/gpuMemory';
  const reply = await json<SeriesReply>(watch, `api/series?id=a&${names}&axis=step&pixels=100&halfLife=0`);
  assert.equal(reply, {
    'system/processors': { x: [20], y: [1.5], count: 1 },
    'system/memory': { x: [20], y: [2], count: 1 },
    'system/gpuMemory': { x: [20], y: [4], count: 1 },
  });
});

test('the histograms of a run grow with their file, and go back with a run that is taken up', async () => {
  const root = folderOf({ a: { histograms: [histogramsLine(10, [4]), histogramsLine(20, [1, 3])] }, b: {} });
  const watch = await serve(root);
  const read = () => json<OutputHistory>(watch, 'api/histograms?id=a');
  const stepsOf = ({ columns }: OutputHistory) => columns.map(({ from, to }) => [from, to]);
  const first = await read();
  assert.equal([first.kind, first.edges.length, first.edges[64]], ['score', 129, 0]);
  assert.equal(first.columns[1], {
    from: 20,
    to: 20,
    real: { first: 64, counts: [1, 3] },
    fake: { first: 60, counts: [1, 1] },
  });
  const path = join(root, 'a', 'histograms.jsonl');
  appendFileSync(path, `${histogramsLine(30, [2])}\n{"step": 4`);
  assert.equal(stepsOf(await read()), [
    [10, 10],
    [20, 20],
    [30, 30],
  ]);
  writeFileSync(path, `${[histogramsLine(10, [4]), histogramsLine(15, [5])].join('\n')}\n`);
  assert.equal(stepsOf(await read()), [
    [10, 10],
    [15, 15],
  ]);
  const told = [await json<RunDetail>(watch, 'api/run?id=a'), await json<RunDetail>(watch, 'api/run?id=b')];
  assert.equal(
    told.map(({ hasHistograms }) => hasHistograms),
    [true, false],
  );
  assert.equal((await json<OutputHistory>(watch, 'api/histograms?id=b')).columns, []);
});

test('the code of an own recipe that a run keeps is not run by looking at it', async () => {
  const root = folderOf({
    a: {
      config: { recipe: 'mine' },
      metrics: [metricsLine(10, { discriminatorLoss: 1, mine: 2 })],
      files: { 'recipe/mine.mjs': 'globalThis.recipeRan = true; export default {};' },
    },
  });
  const file = join(root, 'a', 'recipe', 'mine.mjs');
  const kept = { file: 'mine.mjs', from: file, sha256: readSources(file).hash };
  writeFileSync(join(root, 'a', 'recipe.json'), JSON.stringify(kept));
  const { panels } = await json<RunDetail>(await serve(root), 'api/run?id=a');
  assert.equal(
    panels.map(({ title }) => title),
    ['losses', 'speed', 'mine'],
  );
  assert.is((globalThis as { recipeRan?: boolean }).recipeRan, undefined);
});

test('curves grow with the file, and go back with a run that is taken up from an earlier step', async () => {
  const root = folderOf({ a: { metrics: [metricsLine(10, { 'a,b': 1 }), metricsLine(20, { 'a,b': 2 })] } });
  const watch = await serve(root);
  const read = async () => {
    const reply = await json<SeriesReply>(watch, 'api/series?id=a&name=a%2Cb&axis=step&pixels=100&halfLife=0');
    return reply['a,b'];
  };
  assert.equal(await read(), { x: [10, 20], y: [1, 2], count: 2 });
  const path = join(root, 'a', 'metrics.jsonl');
  appendFileSync(path, `${metricsLine(30, { 'a,b': 3 })}\n{"step": 4`);
  assert.equal((await read())?.y, [1, 2, 3]);
  writeFileSync(path, `${[metricsLine(10, { 'a,b': 1 }), metricsLine(15, { 'a,b': 7 })].join('\n')}\n`);
  assert.equal(await read(), { x: [10, 15], y: [1, 7], count: 2 });
});

test('tells of new runs, new metrics and runs that are gone', async () => {
  const root = folderOf({ a: {} });
  const watch = await serve(root);
  const events = streamOf(await get(watch, 'api/events'));
  const first = await events.next();
  assert.equal([first.isWhole, first.changed.map(({ id }) => id)], [true, ['a']]);
  writeRun(join(root, 'b'));
  const next = await events.until(({ changed }) => changed.some(({ id }) => id === 'b'));
  assert.is(next.isWhole, false);
  appendFileSync(join(root, 'a', 'metrics.jsonl'), `${metricsLine(50, {})}\n`);
  const grown = await events.until(({ changed }) => changed.some(({ id, step }) => id === 'a' && step === 50));
  assert.equal(grown.changed.length, 1);
  rmSync(join(root, 'b'), { recursive: true });
  const last = await events.until(({ gone }) => gone.length > 0);
  assert.equal([last.gone, last.isWhole], [['b'], false]);
  await events.close();
});

/** The events of a stream, one by one. */
function streamOf(response: Response) {
  const reader = (response.body as ReadableStream<Uint8Array>).getReader();
  let text = '';
  const next = async (): Promise<RunsChanged> => {
    for (;;) {
      const [, data] = /event: runs\ndata: (.*)\n\n/.exec(text) ?? [];
      if (data !== undefined) {
        text = text.slice(text.indexOf(data) + data.length + 2);
        return JSON.parse(data);
      }
      const { value } = await reader.read();
      text += Buffer.from(value ?? []).toString();
    }
  };
  const until = async (isIt: (change: RunsChanged) => boolean): Promise<RunsChanged> => {
    for (;;) {
      const change = await next();
      if (isIt(change)) return change;
    }
  };
  return { next, until, close: () => reader.cancel() };
}

test('a wrong or missing token opens nothing', async () => {
  const watch = await serve(folderOf({ a: {} }), { token: 'right' });
  const { origin } = new URL(watch.url);
  for (const path of [
    '/',
    '/api/runs',
    '/wrong/',
    '/wrong/api/runs',
    '/righ/api/runs',
    '/right%2F/api/runs',
    '//api/runs',
  ]) {
    const response = await fetch(origin + path);
    assert.is(response.status, 403, path);
    assert.match(await response.text(), /token/);
  }
  assert.is((await get(watch, 'api/runs')).status, 200);
});

test('the token of a page is random, and long', async () => {
  const folder = folderOf({});
  const tokens = [(await serve(folder)).url, (await serve(folder)).url].map((url) => new URL(url).pathname);
  assert.is.not(tokens[0], tokens[1]);
  assert.match(tokens[0] ?? '', /^\/[\w-]{24}\/$/);
});

test('a name that somebody else can give this address is refused (DNS rebinding)', async () => {
  const { url } = await serve(folderOf({}));
  const { port } = new URL(url);
  for (const host of ['evil.example', `evil.example:${port}`, '127.0.0.1.evil.example']) {
    assert.is(await statusOf(url, { host }), 403, host);
  }
  for (const host of [`127.0.0.1:${port}`, `localhost:${port}`, `[::1]:${port}`])
    assert.is(await statusOf(url, { host }), 200, host);
});

test('a request from another site is refused', async () => {
  const { url } = await serve(folderOf({}));
  const { origin } = new URL(url);
  for (const foreign of ['https://evil.example', 'http://127.0.0.1:1', 'null'])
    assert.is(await statusOf(url, { origin: foreign }), 403, foreign);
  assert.is(await statusOf(url, { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' }), 403);
  assert.is(await statusOf(url, { origin }), 200);
});

test('no path leads out of the runs that were found', async () => {
  const root = folderOf({ a: { grids: [1] }, 'b/c': {} });
  const outside = folderOf({ secret: { grids: [1] } });
  const watch = await serve(root);
  for (const id of [
    '..',
    '../secret',
    `${outside}/secret`,
    'a/../../secret',
    'a/..',
    'b',
    '%2e%2e',
    'a%00',
    '__proto__',
  ])
    for (const route of [
      `api/run?id=${encodeURIComponent(id)}`,
      `api/grid?step=1&id=${encodeURIComponent(id)}`,
      `api/histograms?id=${encodeURIComponent(id)}`,
    ])
      assert.equal(await problemOf(await get(watch, route)), [404, 'run_unknown'], route);
  for (const step of ['../../config', '1.5', '-1', '1e9', ''])
    assert.ok([400, 404].includes((await get(watch, `api/grid?id=a&step=${encodeURIComponent(step)}`)).status), step);
  for (const path of ['package.json', '../package.json', '..%2fpackage.json', 'api', 'page.js/../../x'])
    assert.ok([403, 404].includes((await statusOf(watch.url + path, {})) ?? 0), path);
});

test('only pictures are served as grids, whatever a link in the folder leads to', async () => {
  const root = folderOf({ a: { grids: [1] } });
  const secret = join(temporaryFolder({ secret: 'password' }), 'secret');
  symlinkSync(secret, join(root, 'a', 'samples', 'step-000002.png'));
  const watch = await serve(root);
  const grid = await get(watch, 'api/grid?id=a&step=1');
  assert.is(grid.headers.get('content-type'), 'image/png');
  assert.ok(Buffer.from(await grid.arrayBuffer()).equals(PIXEL));
  assert.is((await get(watch, 'api/grid?id=a&step=2')).status, 404);
});

test('every answer forbids scripts, frames and pictures from elsewhere, use by other sites, and keeping it', async () => {
  const watch = await serve(folderOf({}));
  for (const path of ['', 'page.js', 'api/runs', 'api/run?id=x', 'nothing']) {
    const { headers } = await get(watch, path);
    const policy = headers.get('content-security-policy') ?? '';
    assert.match(policy, /default-src 'none'/, path);
    assert.not.match(policy, /unsafe|\*|http/, path);
    assert.is(headers.get('x-content-type-options'), 'nosniff', path);
    assert.is(headers.get('referrer-policy'), 'no-referrer', path);
    assert.is(headers.get('cross-origin-opener-policy'), 'same-origin', path);
    assert.is(headers.get('cross-origin-resource-policy'), 'same-origin', path);
    assert.is(headers.get('cache-control'), 'no-store', path);
    assert.is(headers.get('access-control-allow-origin'), null, path);
  }
});

test('many streams are refused beyond a number, and one that closes makes room', async () => {
  const watch = await serve(folderOf({ a: {} }));
  const streams = [];
  for (let i = 0; i < 32; i++) {
    const stream = streamOf(await get(watch, 'api/events'));
    await stream.next();
    streams.push(stream);
  }
  assert.is((await get(watch, 'api/events')).status, 503);
  await streams.pop()?.close();
  let status = 503;
  while (status === 503) {
    const response = await get(watch, 'api/events');
    status = response.status;
    await response.body?.cancel();
  }
  assert.is(status, 200);
  for (const stream of streams) await stream.close();
});

test('the page, its script and its style are served, with nothing in them that comes from elsewhere', async () => {
  const watch = await serve(folderOf({}));
  const html = await (await get(watch, '')).text();
  assert.match(html, /<script type="module" src="page\.js">/);
  assert.not.match(html, /https?:|style=|onload/);
  for (const [file, type] of [
    ['page.js', 'text/javascript'],
    ['page.css', 'text/css'],
    ['icon.svg', 'image/svg+xml'],
  ] as const) {
    const response = await get(watch, file);
    assert.ok(response.headers.get('content-type')?.startsWith(type), file);
    const text = await response.text();
    assert.not.match(text, /@import|url\(\s*['"]?(https?:)?\/\//, file);
  }
});

test('the page has less than 300 kB on its way to a browser, compressed as a proxy would', async () => {
  const watch = await serve(folderOf({}));
  let bytes = 0;
  for (const file of ['', 'page.js', 'page.css', 'icon.svg']) {
    const answer = await get(watch, file);
    bytes += gzipSync(Buffer.from(await answer.arrayBuffer())).length;
  }
  assert.ok(bytes > 10_000 && bytes < 300_000, `${bytes} bytes`);
});

test('a port in use and a folder that is none are told', async () => {
  const taken = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => taken.once('listening', resolve));
  const { port } = taken.address() as AddressInfo;
  await rejects(() => openWatch(folderOf({}), { port }), 'port_in_use', new RegExp(`port ${port} .*--port`));
  taken.close();
  await rejects(() => openWatch('/no/such/folder'), 'watch_folder', /\/no\/such\/folder/);
  await rejects(
    () => openWatch(folderOf({}), { port: 0, host: 'no-such-host.invalid' }),
    'host_unusable',
    /no-such-host/,
  );
});

test.run();
