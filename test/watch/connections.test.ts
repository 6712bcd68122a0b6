import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { RunList } from '../../src/watch/protocol.ts';
import { openWatch } from '../../src/watch/server.ts';
import { folderOf } from './runs.ts';

const test = suite('connections of gannet watch');

/** As many as the system lets this process have open, with room for its own files; on other systems than Linux a usual limit stands for it. */
function mostConnections(wanted: number): number {
  try {
    const [, soft] = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? [];
    return Math.min(wanted, Number(soft) - 512);
  } catch {
    return Math.min(wanted, 1024 - 512);
  }
}

/** A connection that says nothing, once it is open, and whether it is still. */
interface Silent {
  readonly socket: Socket;
  isOpen: boolean;
}

const openSilent = (port: number): Promise<Silent> =>
  new Promise((resolve) => {
    const silent = { socket: connect(port, '127.0.0.1'), isOpen: false };
    silent.socket.on('connect', () => {
      silent.isOpen = true;
      resolve(silent);
    });
    silent.socket.on('error', () => {});
    silent.socket.on('close', () => {
      silent.isOpen = false;
      resolve(silent);
    });
  });

const AT_ONCE = 500;
/** Which the server keeps. */
const KEPT = 256;
/** Turns of the event loop, or requests, after which nothing more is to be waited for. */
const MOST_TURNS = 20_000;

test('ten thousand connections at once: a few hundred are kept, the others closed, and the page is served afterwards', async () => {
  const watch = await openWatch(folderOf({ a: {} }), { port: 0 });
  const { port } = new URL(watch.url);
  const count = mostConnections(10_000);
  const all: Silent[] = [];
  while (all.length < count) {
    const some = Array.from({ length: Math.min(AT_ONCE, count - all.length) }, () => openSilent(Number(port)));
    all.push(...(await Promise.all(some)));
  }
  const stillOpen = (): number => all.filter(({ isOpen }) => isOpen).length;
  // The server closes what is too much as soon as it comes to it; this process hears of it at its next turns.
  for (let turn = 0; turn < MOST_TURNS && stillOpen() > KEPT; turn++) await new Promise(setImmediate);
  assert.is(stillOpen(), Math.min(KEPT, count));
  for (const { socket } of all) socket.destroy();
  let answer: Response | undefined;
  for (let turn = 0; turn < MOST_TURNS && answer?.status !== 200; turn++)
    answer = await fetch(`${watch.url}api/runs`).catch(() => undefined);
  assert.is(((await answer?.json()) as RunList | undefined)?.runs.length, 1);
  await watch.close();
});

test.run();
