import { execFileSync } from 'node:child_process';
import { cpSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Hono } from 'hono';
import sharp from 'sharp';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { between, commandFor, edited, NO_EDITS } from '../../page/latents/space.ts';
import { parseTraits } from '../../src/explore/index.ts';
import { hostLatents } from '../../src/train/index.ts';
import { NewestFirst, SupersededError } from '../../src/watch/latents/newest_first.ts';
import { Projector } from '../../src/watch/latents/projector.ts';
import type { FoundLatent, LatentInfo, Problem, SearchReport } from '../../src/watch/protocol.ts';
import { addProjectionRoute, PROJECTION_PATH } from '../../src/watch/routes/projection.ts';
import { Runs } from '../../src/watch/runs/runs.ts';
import { openWatch, type Watch } from '../../src/watch/server.ts';
import { gannet } from '../cli/command.ts';
import { temporaryFolder } from '../data/temporary.ts';
import { closeTo } from '../explore/close_to.ts';
import { descriptorRun, noiseRun, STATISTICS } from '../explore/runs.ts';
import { contrastyRun } from '../projection/runs.ts';

const test = suite('watch latents');
const open: Watch[] = [];
test.after.each(async () => {
  for (const watch of open.splice(0)) await watch.close();
});

async function serve(folder: string): Promise<Watch> {
  const watch = await openWatch(folder, { port: 0, device: 'cpu', threads: 1 });
  open.push(watch);
  return watch;
}

async function get<T>(watch: Watch, path: string): Promise<T> {
  const response = await fetch(new URL(path, watch.url));
  assert.is(response.status, 200, path);
  return response.json() as Promise<T>;
}

const post = (watch: Watch, path: string, body: object, type = 'application/json'): Promise<Response> =>
  fetch(new URL(path, watch.url), { method: 'POST', headers: { 'Content-Type': type }, body: JSON.stringify(body) });

const codeOf = async (response: Response): Promise<string> => ((await response.json()) as { code: string }).code;

const pixelsOf = (png: Uint8Array | string): Promise<Buffer> => sharp(png).raw().toBuffer();

test('a checkpoint tells its latent space, and draws what `gannet sample` would', async () => {
  const watch = await serve(await noiseRun());
  const info = await get<LatentInfo>(watch, 'api/latents?id=.&step=2');
  assert.equal([info.size, info.arc, info.origin, info.classes], [4, 'spherical', [0, 0, 0, 0], []]);
  assert.equal([info.directions.length, info.traits], [4, {}]);
  const draws = await get<number[][]>(watch, 'api/latents/draw?id=.&step=2&seed=5&count=2');
  const expected = hostLatents({ size: 4, distribution: 'normal' }, 2, 5);
  closeTo(draws.flat(), expected);
});

test('pages that ask for the same at once are all answered', async () => {
  const paths = ['api/latents?id=.&step=2', 'api/latents/draw?id=.&step=2&seed=5&count=2'];
  for (const path of paths) {
    // The first opens the checkpoint meanwhile.
    const watch = await serve(await noiseRun());
    const [first, ...rest] = await Promise.all([1, 2, 3, 4].map(() => get<object>(watch, path)));
    for (const answer of rest) assert.equal(answer, first);
  }
});

test('a BEGAN has the mean and the eigendirections of its descriptors', async () => {
  const watch = await serve(await descriptorRun(STATISTICS));
  const info = await get<LatentInfo>(watch, 'api/latents?id=.&step=3');
  assert.equal([info.arc, info.origin], ['linear', STATISTICS.mean]);
  closeTo(
    info.directions.map(({ deviation }) => deviation),
    [2, 1.5, 1, 0.5],
  );
});

test('the command that is copied draws the picture that the page shows', async () => {
  const run = await noiseRun();
  const watch = await serve(run);
  const info = await get<LatentInfo>(watch, 'api/latents?id=.&step=2');
  const latent = Float64Array.of(0.5, -1, 1.25, 0.1);
  const answer = await post(watch, 'api/latents/picture', { id: '.', step: 2, latent: [...latent], place: 'a' });
  assert.is(answer.headers.get('content-type'), 'image/png');
  const shown = await pixelsOf(new Uint8Array(await answer.arrayBuffer()));
  // A folder whose name the shell would take apart.
  const named = join(temporaryFolder(), "it's a run");
  cpSync(run, named, { recursive: true });
  const [write, draw] = commandFor(named, info, latent, undefined).split(' && ') as [string, string];
  const folder = temporaryFolder();
  execFileSync('sh', ['-c', write], { cwd: folder });
  const words = execFileSync('sh', ['-c', `printf '%s\\n' ${draw}`], { encoding: 'utf8' })
    .trimEnd()
    .split('\n');
  const argv = words.slice(1).map((word) => (/^(latent\.json|picture\.png)$/.test(word) ? join(folder, word) : word));
  const { exitCode, stderr } = await gannet(argv);
  assert.is(exitCode, 0, stderr);
  const drawn = await sharp(join(folder, 'picture.png')).raw().toBuffer({ resolveWithObject: true });
  // The command frames its picture; what the page shows is the middle of it.
  const { width, height, channels } = drawn.info;
  assert.equal([width >= 16, height >= 16], [true, true]);
  assert.ok(holds(drawn.data, { width, height, channels }, shown, 16), 'the same pixels, by a grey level at most');
});

/** Whether a picture holds a grey square of this side, to a level. */
function holds(
  picture: Buffer,
  { width, height, channels }: { width: number; height: number; channels: number },
  square: Buffer,
  side: number,
): boolean {
  const depth = square.length / (side * side);
  const fits = (left: number, top: number): boolean => {
    for (let y = 0; y < side; y++)
      for (let x = 0; x < side; x++) {
        const there = picture[((top + y) * width + left + x) * channels] as number;
        if (Math.abs(there - (square[(y * side + x) * depth] as number)) > 1) return false;
      }
    return true;
  };
  for (let top = 0; top + side <= height; top++)
    for (let left = 0; left + side <= width; left++) if (fits(left, top)) return true;
  return false;
}

test('a trait that is named on the page is one that `gannet explore` takes, until it is removed', async () => {
  const run = await descriptorRun(STATISTICS);
  const watch = await serve(run);
  await get(watch, 'api/latents?id=.&step=3');
  const smile = { id: '.', name: ' smile ', coefficients: { 0: 1.5, 3: -2 } };
  assert.equal(await (await post(watch, 'api/latents/trait', smile)).json(), { smile: { 0: 1.5, 3: -2 } });
  await post(watch, 'api/latents/trait', { id: '.', name: 'tan', coefficients: { 1: 2 } });
  const path = join(run, 'traits.json');
  const { directions } = await get<LatentInfo>(watch, 'api/latents?id=.&step=3');
  const read = parseTraits(
    JSON.parse(readFileSync(path, 'utf8')),
    path,
    directions.map(({ vector, deviation }) => ({ vector: Float64Array.from(vector), deviation })),
  );
  assert.equal(
    read.map(({ name, coefficients }) => [name, [...coefficients]]),
    [
      [
        'smile',
        [
          [0, 1.5],
          [3, -2],
        ],
      ],
      ['tan', [[1, 2]]],
    ],
  );
  const out = join(temporaryFolder(), 'montage.png');
  assert.is((await gannet(['explore', run, 'montage', '--traits', path, '--rows', '1', '--out', out])).exitCode, 0);
  const { traits } = await get<LatentInfo>(watch, 'api/latents?id=.&step=3');
  assert.equal(Object.keys(traits), ['smile', 'tan']);
  await post(watch, 'api/latents/trait', { id: '.', name: 'smile', coefficients: {} });
  assert.equal(JSON.parse(readFileSync(path, 'utf8')), { tan: { 1: 2 } });
  rmSync(path);
});

test('traits that are saved at once are all kept', async () => {
  const run = await noiseRun();
  const watch = await serve(run);
  const names = ['a', 'b', 'c', 'd'];
  await Promise.all(names.map((name) => post(watch, 'api/latents/trait', { id: '.', name, coefficients: { 0: 1 } })));
  const path = join(run, 'traits.json');
  assert.equal(Object.keys(JSON.parse(readFileSync(path, 'utf8'))).sort(), names);
  rmSync(path);
});

test('what cannot be drawn is told by its code', async () => {
  const watch = await serve(await noiseRun());
  const picture = { id: '.', step: 2, latent: [1, 2, 3, 4], place: 'a' };
  const ask = async (change: object) => codeOf(await post(watch, 'api/latents/picture', { ...picture, ...change }));
  assert.is(await ask({ latent: [1] }), 'latents_size');
  assert.is(await ask({ class: '7' }), 'run_unconditional');
  assert.is(await ask({ step: 99 }), 'checkpoint_missing');
  assert.is(await ask({ id: '../x' }), 'run_unknown');
  assert.is(await ask({ latent: [1, 'x'] }), 'bad_request');
  assert.is(await codeOf(await post(watch, 'api/latents/picture', picture, 'text/plain')), 'not_json');
  assert.is((await post(watch, 'api/latents/picture', { ...picture, place: 'a'.repeat(300_000) })).status, 413);
  assert.is((await post(watch, 'api/latents/picture', picture)).status, 200, 'and all else goes on');
});

/** What is told of a search, line by line. */
async function search(watch: Watch, body: Uint8Array<ArrayBuffer>, more: object = {}): Promise<SearchReport[]> {
  const answer = await sendImage(watch, body, more);
  assert.is(answer.status, 200);
  return (await answer.text())
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
}

const sendImage = (watch: Watch, body: Uint8Array<ArrayBuffer>, more: object = {}, type = 'application/octet-stream') =>
  fetch(new URL(`api/latents/project?${new URLSearchParams({ id: '.', step: '2', place: 'a', ...more })}`, watch.url), {
    ...{ method: 'POST', headers: { 'Content-Type': type }, body },
  });

async function pictureOf(watch: Watch, latent: readonly number[]): Promise<Uint8Array<ArrayBuffer>> {
  const answer = await post(watch, 'api/latents/picture', { id: '.', step: 2, latent, place: 'b' });
  return new Uint8Array(await answer.arrayBuffer());
}

test('a picture that is sent leads to its latent, with the progress of the search', async () => {
  const watch = await serve(await contrastyRun());
  const latent = [0.5, -1, 1.25, 0.1];
  const reports = await search(watch, await pictureOf(watch, latent));
  const { found } = reports.at(-1) as { found: FoundLatent };
  // The picture was rounded to bytes.
  closeTo(found.latent, latent, 0.1);
  assert.ok(found.distance < 1);
  const progress = reports.slice(0, -1) as { done: number; total: number }[];
  assert.equal(progress[0], { done: 10, total: 300 });
  assert.equal(progress.at(-1), { done: 300, total: 300 });
});

test('a search that cannot be is told of, and all else goes on', async () => {
  const watch = await serve(await contrastyRun());
  const problem = async (body: Uint8Array<ArrayBuffer>, more: object = {}) =>
    ((await search(watch, body, more)).at(-1) as { problem: Problem }).problem.code;
  const picture = await pictureOf(watch, [0, 0, 0, 0]);
  assert.is(await problem(new TextEncoder().encode('no picture')), 'image_unreadable');
  assert.is(await problem(new Uint8Array(2 ** 20)), 'image_unreadable', 'which may be larger than other requests');
  assert.is(await problem(picture, { class: '7' }), 'run_unconditional');
  assert.is(await problem(picture, { step: '9' }), 'checkpoint_missing');
  assert.is(await codeOf(await sendImage(watch, picture, {}, 'image/png')), 'not_bytes');
  assert.is(await codeOf(await sendImage(watch, picture, { id: 'x' })), 'run_unknown');
  assert.is((await sendImage(watch, new Uint8Array(33 * 2 ** 20))).status, 413);
  assert.ok('found' in ((await search(watch, picture)).at(-1) as object));
});

test('a newer picture of the same place ends the search for the one before', async () => {
  const folder = await contrastyRun();
  const projector = new Projector({ device: 'cpu', threads: 1 });
  const image = await sharp(new Uint8Array(256), { raw: { width: 16, height: 16, channels: 1 } })
    .png()
    .toBuffer();
  const { signal } = new AbortController();
  const find = (place: string, onProgress = () => {}) =>
    projector.find(folder, { step: 2, image, place, signal, onProgress });
  let second: Promise<FoundLatent> | undefined;
  const first = find('a', () => {
    second ??= find('a');
  });
  assert.instance(await first.catch((error: unknown) => error), SupersededError);
  assert.is((await second)?.latent.length, 4);
  let other: Promise<FoundLatent> | undefined;
  const undisturbed = find('a', () => {
    other ??= find('b');
  });
  assert.equal(await undisturbed, await other, 'another place waits for its turn');
  const gone = new AbortController();
  const left = projector.find(folder, {
    step: 2,
    image,
    place: 'a',
    signal: gone.signal,
    onProgress: () => gone.abort(),
  });
  assert.instance(await left.catch((error: unknown) => error), SupersededError);
  await projector.close();
});

test('a search that runs or waits when the watch is closed says so', async () => {
  const runs = new Runs(await contrastyRun());
  await runs.list();
  const projector = new Projector({ device: 'cpu', threads: 1 });
  const app = new Hono();
  addProjectionRoute(app, runs, projector);
  const image = await sharp(new Uint8Array(256), { raw: { width: 16, height: 16, channels: 1 } })
    .png()
    .toBuffer();
  const send = async (place: string) =>
    (
      await app.request(`${PROJECTION_PATH}?id=.&step=2&place=${place}`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/octet-stream' },
        body: new Uint8Array(image),
      })
    ).body as ReadableStream<Uint8Array>;
  const [running, waiting] = [await send('a'), await send('b')];
  const reports: string[] = [];
  for await (const line of running) {
    if (reports.length === 0) void projector.close();
    reports.push(Buffer.from(line).toString());
  }
  assert.is(JSON.parse(reports.at(-1) as string).problem?.code, 'watch_closed');
  assert.is(JSON.parse(await new Response(waiting).text()).problem?.code, 'watch_closed');
});

test('a search ends when nobody reads of it any more', async () => {
  const runs = new Runs(await contrastyRun());
  await runs.list();
  const projector = new Projector({ device: 'cpu' });
  let signal: AbortSignal | undefined;
  projector.find = (_, task) => {
    signal = task.signal;
    return new Promise(() => {});
  };
  const app = new Hono();
  addProjectionRoute(app, runs, projector);
  const answer = await app.request(`${PROJECTION_PATH}?id=.&step=2&place=a`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/octet-stream' },
    body: new Uint8Array(1),
  });
  assert.is(signal?.aborted, false);
  await answer.body?.cancel();
  assert.is(signal?.aborted, true);
});

test('of the requests that wait for one place only the newest is answered, and each place in its turn', async () => {
  const queue = new NewestFirst();
  const begun: string[] = [];
  let release = () => {};
  const first = queue.run('a', () => {
    begun.push('a1');
    return new Promise<string>((resolve) => {
      release = () => resolve('a1');
    });
  });
  const work = (name: string) => async () => {
    begun.push(name);
    return name;
  };
  const second = queue.run('a', work('a2'));
  const other = queue.run('b', work('b1'));
  const third = queue.run('a', work('a3'));
  const refused = await second.catch((error: unknown) => error);
  assert.instance(refused, SupersededError);
  release();
  assert.equal(await Promise.all([first, other, third]), ['a1', 'b1', 'a3']);
  assert.equal(begun, ['a1', 'b1', 'a3']);
  const failing = queue.run('a', () => Promise.reject(new Error('no')));
  assert.is(await failing.catch((error: Error) => error.message), 'no');
  assert.is(await queue.run('a', work('a4')), 'a4');
});

const INFO: LatentInfo = {
  ...{ step: 1, recipe: 'dcgan', size: 2, arc: 'linear', origin: [0, 0], classes: [] },
  directions: [
    { vector: [1, 0], deviation: 2 },
    { vector: [0, 1], deviation: 0.5 },
  ],
  traits: { smile: { 0: 1, 1: -2 } },
};

test('sliders move a latent along directions by deviations, along traits, and set single numbers last', () => {
  const from = Float64Array.of(1, 1);
  const change = (edits: Partial<typeof NO_EDITS>) => [...edited(from, { ...NO_EDITS, ...edits }, INFO)];
  assert.equal(change({}), [1, 1]);
  assert.equal(change({ directions: new Map([[0, 1.5]]) }), [4, 1]);
  assert.equal(change({ traits: new Map([['smile', 0.5]]) }), [2, 0.5]);
  assert.equal(change({ directions: new Map([[0, 1.5]]), numbers: new Map([[0, -3]]) }), [-3, 1]);
  assert.equal([...from], [1, 1]);
});

test('between four corners lie all mixtures of them; a spherical path keeps their length', () => {
  const at = (x: number, y: number): Float64Array => Float64Array.of(x, y);
  const corners = [at(0, 0), at(1, 0), at(0, 1), at(1, 1)] as const;
  const place = (x: number, y: number) => [...between(corners, { x, y }, 'linear', at(0, 0))];
  assert.equal(
    [place(0, 0), place(1, 0), place(0, 1), place(1, 1)],
    corners.map((corner) => [...corner]),
  );
  closeTo(place(0.25, 0.75), [0.25, 0.75]);
  const circle = [at(1, 0), at(0, 1), at(1, 0), at(0, 1)] as const;
  closeTo([...between(circle, { x: 0.5, y: 0.3 }, 'spherical', at(0, 0))], [Math.SQRT1_2, Math.SQRT1_2]);
});

test.run();
