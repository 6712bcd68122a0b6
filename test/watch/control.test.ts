import { readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { lockRun } from '../../src/train/run/lock.ts';
import type { Problem, RunDetail } from '../../src/watch/protocol.ts';
import { openWatch, type Watch } from '../../src/watch/server.ts';
import { folderOf, metricsLine } from './runs.ts';

const test = suite('requests to runs');
const open: Watch[] = [];
test.after.each(async () => {
  for (const watch of open.splice(0)) await watch.close();
});

async function serve(folder: string): Promise<Watch> {
  const watch = await openWatch(folder, { port: 0 });
  open.push(watch);
  return watch;
}

/** The status of an answer to a request, and its code where something cannot be done. */
async function ask(
  watch: Watch,
  request: string,
  body: string | object,
  headers: Readonly<Record<string, string>> = { 'Content-Type': 'application/json' },
): Promise<[number, string?]> {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const answer = await fetch(new URL(`api/${request}`, watch.url), { method: 'POST', headers, body: text });
  const { code } = (await answer.json()) as Partial<Problem>;
  return code === undefined ? [answer.status] : [answer.status, code];
}

test('a note is one line of the log, whatever it holds, at the step that the run is at', async () => {
  const root = folderOf({ a: { metrics: [metricsLine(40, {})] } });
  const watch = await serve(root);
  const lines = ['first', '2026-11-28T10:00:00.000Z finished at step 7', 'warning at step 3: forged', 'end'];
  const text = ` ${lines[0]}\n${lines[1]}\r\n\u2028${lines[2]}\u0000\u0085\u2029${lines[3]} `;
  assert.equal(await ask(watch, 'note', { id: 'a', text }), [200]);
  const log = readFileSync(join(root, 'a', 'log.txt'), 'utf8');
  const [, note, ...others] = log.split('\n');
  assert.ok(note?.endsWith(` note at step 40: ${lines.join(' ')}`), log);
  assert.equal(others, ['']);
  assert.not.match(log, /[\p{Zl}\p{Zp}\u0085\r\0]/u);
  const { marks } = (await (await fetch(new URL('api/run?id=a', watch.url))).json()) as RunDetail;
  assert.equal(
    marks.map(({ kind, step, text }) => [kind, step, text]),
    [['note', 40, lines.join(' ')]],
  );
});

test('what is no note is refused, and leaves the log as it is', async () => {
  const root = folderOf({ a: {} });
  const watch = await serve(root);
  const before = readFileSync(join(root, 'a', 'log.txt'), 'utf8');
  for (const body of [
    { id: 'a', text: ' \n ' },
    { id: 'a', text: 'a'.repeat(1001) },
    { id: 'a', text: 7 },
    { text: 'note' },
    'no JSON',
    'null',
  ])
    assert.equal(await ask(watch, 'note', body), [400, 'bad_request'], JSON.stringify(body).slice(0, 40));
  assert.equal(await ask(watch, 'note', { id: '../a', text: 'note' }), [404, 'run_unknown']);
  assert.equal(await ask(watch, 'note', { id: 'a', text: 'a'.repeat(300_000) }), [413, 'too_large']);
  assert.is(readFileSync(join(root, 'a', 'log.txt'), 'utf8'), before);
});

test('a note goes through no link of the log to another file, a trait through none of its temporary name', async () => {
  const root = folderOf({ a: {}, b: {} });
  const watch = await serve(root);
  const other = join(root, 'b', 'config.json');
  const before = readFileSync(other, 'utf8');
  rmSync(join(root, 'a', 'log.txt'));
  for (const name of ['log.txt', 'traits.json.tmp']) symlinkSync(other, join(root, 'a', name));
  assert.equal(await ask(watch, 'note', { id: 'a', text: 'note' }), [422, 'not_a_file']);
  assert.equal(await ask(watch, 'latents/trait', { id: 'a', name: 'smile', coefficients: { 0: 1 } }), [
    422,
    'not_a_file',
  ]);
  assert.is(readFileSync(other, 'utf8'), before);
});

test('a form of another site can ask nothing of a run, even one that hides where it comes from', async () => {
  const root = folderOf({ a: {} });
  const watch = await serve(root);
  const lock = await lockRun(join(root, 'a'));
  const before = readdirSync(join(root, 'a')).sort();
  for (const request of ['stop', 'sample', 'note'])
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x'])
      assert.equal(
        await ask(watch, request, { id: 'a', text: 'note' }, { 'Content-Type': type }),
        [415, 'not_json'],
        `${request} ${type}`,
      );
  assert.equal(readdirSync(join(root, 'a')).sort(), before);
  assert.equal(await ask(watch, 'stop', { id: 'a' }), [200]);
  assert.ok(readdirSync(join(root, 'a')).includes('request-stop.json'));
  await lock.release();
});

test('nothing is asked of a run that nobody trains, nor left in its folder', async () => {
  const root = folderOf({ a: {} });
  const watch = await serve(root);
  const before = readdirSync(join(root, 'a')).sort();
  for (const request of ['stop', 'sample']) {
    assert.equal(await ask(watch, request, { id: 'a' }), [422, 'run_not_running']);
    assert.equal(await ask(watch, request, { id: 'b' }), [404, 'run_unknown']);
  }
  assert.equal(readdirSync(join(root, 'a')).sort(), before);
});

test.run();
