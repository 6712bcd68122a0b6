import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { atOnce, inTurns, type Pausing } from '../../src/metrics/turns.ts';

/** Counts to `last`, with a pause after each number. */
function* counting(last: number, seen: number[]): Pausing<number> {
  for (let i = 1; i <= last; i++) {
    seen.push(i);
    yield;
  }
  return last;
}

test('a computation runs through at once, or in turns with the event loop', async () => {
  assert.is(atOnce(counting(3, [])), 3);
  const seen: number[] = [];
  const turns: number[] = [];
  const watch = (): void => {
    turns.push(seen.length);
    if (seen.length < 3) setImmediate(watch);
  };
  setImmediate(watch);
  assert.is(await inTurns(counting(3, seen)), 3);
  assert.equal(turns, [1, 2, 3]);
});

test('a signal ends it at the next pause, with its reason', async () => {
  const controller = new AbortController();
  const reason = new Error('enough');
  const seen: number[] = [];
  setImmediate(() => controller.abort(reason));
  await inTurns(counting(100, seen), controller.signal).then(
    () => assert.unreachable(),
    (error) => assert.is(error, reason),
  );
  assert.equal(seen, [1]);
});

test.run();
