import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { forEachConcurrently } from '../../src/data/parallel.ts';

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

test('every task runs once, never more at a time than there are workers', async () => {
  const ran: number[] = [];
  let running = 0;
  let most = 0;
  await forEachConcurrently(10, 3, async (index) => {
    most = Math.max(most, ++running);
    await turn();
    ran.push(index);
    running--;
  });
  assert.equal(
    [...ran].sort((a, b) => a - b),
    [...Array(10).keys()],
  );
  assert.is(most, 3);
});

test('a failure starts nothing more, and is told once nothing runs', async () => {
  const started: number[] = [];
  let running = 0;
  const failure = await forEachConcurrently(10, 2, async (index) => {
    started.push(index);
    running++;
    await turn();
    if (index === 1) {
      running--;
      throw new Error('task 1');
    }
    await turn();
    running--;
  }).then(
    () => undefined,
    (error: Error) => error.message,
  );
  assert.is(failure, 'task 1');
  assert.equal(started, [0, 1]);
  assert.is(running, 0);
});

test('no task is no work', () => forEachConcurrently(0, 2, () => Promise.reject(new Error('ran'))));

test.run();
