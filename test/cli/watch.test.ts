import { EventEmitter } from 'node:events';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { temporaryFolder } from '../data/temporary.ts';
import { folderOf } from '../watch/runs.ts';
import { gannet, jsonLines, type Outcome, tinyTraining } from './command.ts';

/** Runs `gannet watch`, asks for the page at the address that it prints, and interrupts it. */
async function watchOnce(...argv: string[]): Promise<Outcome & { readonly status: number | undefined }> {
  const signals = new EventEmitter();
  let status: number | undefined;
  let isAsked = false;
  const ask = async (text: string): Promise<void> => {
    const [url] = /http:\S+/.exec(text) ?? [];
    if (url === undefined || isAsked) return;
    isAsked = true;
    status = (await fetch(url.replace('0.0.0.0', '127.0.0.1'))).status;
    signals.emit('SIGINT');
  };
  const outcome = await gannet(['watch', ...argv], { signals, onStdout: (text) => void ask(text) });
  return { ...outcome, status };
}

test('watch prints the address of its page, serves it until interrupted, and ends with 0', async () => {
  const folder = folderOf({ a: {}, b: {} });
  const { exitCode, stdout, stderr, status } = await watchOnce(folder, '--port', '0');
  assert.equal([exitCode, status], [0, 200], stderr);
  assert.ok(stdout.startsWith(`2 runs in ${folder}. Open\n\n    http://127.0.0.1:`), stdout);
  assert.not.match(stdout, /Warning/);
  assert.match(stderr, /Closing the page/);
});

test('a folder without runs is told, and watched all the same', async () => {
  const { stdout, status } = await watchOnce(temporaryFolder(), '--port', '0');
  assert.match(stdout, /There is no run in .* yet; one that begins there appears on the page\./);
  assert.is(status, 200);
});

test('a page that other machines reach comes with a warning', async () => {
  const { stdout, status } = await watchOnce(folderOf({ a: {} }), '--host', '0.0.0.0', '--port', '0');
  assert.match(stdout, /Warning: other machines reach this page/);
  assert.is(status, 200);
});

test('a folder that is not there is told with what to do', async () => {
  const { exitCode, stderr } = await gannet(['watch', '/no/such/runs']);
  assert.is(exitCode, 2);
  assert.match(stderr, /\/no\/such\/runs is no folder\. Name one with runs in it/);
});

test('train --watch tells the address of a page that shows the run, open as long as it trains', async () => {
  const out = join(temporaryFolder(), 'run');
  const answers: Promise<string>[] = [];
  let address = '';
  const onStdout = (text: string): void => {
    const { type, url } = JSON.parse(text);
    if (type !== 'watch') return;
    address = url;
    answers.push(fetch(`${url}api/runs`).then((response) => response.text()));
  };
  const { exitCode, stdout } = await gannet(tinyTraining('--watch', '--json', '--steps', '300', '--out', out), {
    onStdout,
  });
  assert.is(exitCode, 0);
  assert.equal(
    jsonLines(stdout)
      .slice(0, 2)
      .map(({ type }) => type),
    ['watch', 'start'],
  );
  assert.match((await Promise.all(answers)).join(), /"id":"run","recipe":"dcgan-digits"/);
  const refused = await fetch(address).catch((error: unknown) => error);
  assert.instance(refused, Error, 'the page has closed with the training');
});

test.run();
